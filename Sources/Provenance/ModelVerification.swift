import Attestation
public import Ledger
import Patching
import Safetensors
public import Storage

/// The walk that answers where a model comes from, each step named.
public struct ModelVerification: Sendable {
  /// The steps, in order.
  public private(set) var findings: [Finding] = []
  /// The root of the model on disk.
  public private(set) var root: Digest?
  /// The model's identity in the ledger.
  public private(set) var model: String?

  /// What it comes to.
  public var verdict: Verdict { Verdict(findings) }

  private mutating func add(_ step: String, _ outcome: Finding.Outcome, _ detail: String) {
    findings.append(Finding(step, outcome, detail))
  }

  /// Verifies a model's folder against a workspace's ledger.
  ///
  /// - Parameter trustPath: The trust file; the workspace's own where it is nil.
  /// - Throws: Where an interrupted operation has left the model in between, with what state it is in.
  public init(
    model folder: String, workspace: Workspace, trustPath: String?, _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    try Self.describeUnfinished(folder)
    var trust: TrustFile?
    do throws(AttestationError) {
      let file = try TrustFile(path: trustPath ?? workspace.trustPath)
      trust = file
      add("trust file", .passed, "\(file.logs.count) log(s), \(file.signers.count) signer(s)")
    } catch { add("trust file", .missing, error.description) }
    let store = try workspace.openLedger(.read)
    let log = LedgerVerification(
      store, pins: workspace.pins,
      isKeyTrusted: trust?.logs.contains(workspace.verifierKey) ?? false)
    findings += log.findings + workspace.headFindings(store, trust)
    guard let state = log.state else { return }
    checkPatches(state, workspace, store, trust)
    checkChains(state, workspace, store, surroundings)
    try checkModel(folder, state, store, trust, surroundings)
  }

  /// Says which files are before and which after, where a journal is there.
  private static func describeUnfinished(_ folder: String) throws(ProvenanceError) {
    let journal = try patching { () throws(PatchError) in try Journal(in: folder) }
    guard let journal else { return }
    var before: [String] = []
    var after: [String] = []
    var mixed: [String] = []
    for file in journal.files {
      let path = Paths.join(folder, file.name)
      let found = try storing { () throws(StorageError) in try SHA256.digest(ofFile: path) }
      if found == file.before {
        before.append(file.name)
      } else if found == file.after {
        after.append(file.name)
      } else {
        mixed.append(file.name)
      }
    }
    func list(_ names: [String]) -> String {
      names.isEmpty ? "none" : names.joined(separator: ", ")
    }
    throw ProvenanceError(
      .state,
      "\(folder): recovery needed: an interrupted \(journal.operation.rawValue) of the patch \(journal.patch) left the model in between; files as before: \(list(before)); as after: \(list(after)); half written: \(list(mixed))",
      hint: "`unlearn-patch recover \(folder)` finishes it, with --undo it is taken back")
  }

  /// Every patch that was used: its bundle is kept, signed by a trusted signer, and says what the leaves say.
  private mutating func checkPatches(
    _ state: LedgerState, _ workspace: Workspace, _ store: LedgerStore, _ trust: TrustFile?
  ) {
    let steps = state.models.flatMap(\.steps)
    for patch in state.patches {
      let uses = steps.filter { $0.patch == patch.digest && !$0.takesBack }
      if uses.isEmpty { continue }
      let step = "patch \(patch.digest.hex.prefix(12))"
      do throws(ProvenanceError) {
        let signed = try workspace.keptPatch(patch.digest, state, store)
        guard let trust else {
          add(step, .missing, "no trust file, so its signer can't be judged")
          continue
        }
        // Whether a key counted is a matter of when the patch was used, which the leaf records.
        var signers: [String] = []
        var problem: String?
        for use in uses where problem == nil {
          let revoked = Set(state.revokedKeys(at: use.leaf).keys)
          switch trust.verdict(
            on: signed.envelope, role: .artifact, at: use.time, revoked: revoked)
          {
          case .trusted(let names): signers = names
          case .outsideWindow(let name):
            problem = "signed by \(name), whose key did not count when the patch was used"
          case .revoked(let name):
            problem =
              "used at leaf \(use.leaf), signed by \(name) with a key that did not count any more"
          case .unknownSigner: problem = "signed by no one whom the trust file names"
          case .invalid(let what): problem = what
          case .belowThreshold(let have, let need):
            problem = "\(need) signers are required, \(have.count) have signed"
          }
        }
        if let problem {
          add(step, .failed, problem)
        } else {
          add(step, .passed, "signed by \(signers.joined(separator: ", "))")
        }
      } catch {
        add(step, error.category == .incomplete ? .missing : .failed, error.description)
      }
    }
  }

  /// The states of each model follow from the signed statements; and whether its patches can be taken back.
  private mutating func checkChains(
    _ state: LedgerState, _ workspace: Workspace, _ store: LedgerStore, _ surroundings: Surroundings
  ) {
    for model in state.models where model.steps.contains(where: { $0.patch != nil }) {
      let step = "chain \(model.id.dropFirst(9).prefix(8))"
      do throws(ProvenanceError) {
        var chain = ChainVerification(workspace, store, state)
        let computed = try chain.check(model)
        let note = computed == 0 ? "" : ", \(computed) of them by the files that their leaves name"
        add(step, .passed, "\(model.steps.count - 1) states follow from signed statements\(note)")
      } catch {
        add(step, error.category == .incomplete ? .missing : .failed, error.description)
      }
      for applied in model.applied {
        add(
          "undo \(applied.patch.hex.prefix(12))", .passed, applied.standing(at: surroundings.now))
      }
    }
  }

  /// The model on disk is the head of its chain, or the finding says what it is instead.
  private mutating func checkModel(
    _ folder: String, _ state: LedgerState, _ store: LedgerStore, _ trust: TrustFile?,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    let checkpoint = try readingModel(folder)
    let total = checkpoint.byteCount
    let digest: ModelDigest
    do throws(PatchError) {
      digest = try ModelDigest(checkpoint) { surroundings.progress("hashing the model", $0, total) }
    } catch { throw ProvenanceError(error) }
    root = digest.root
    try checkChain(folder, digest, state, store)
    if let finding = try Self.signatureFinding(in: folder, digest, state, trust, surroundings) {
      findings.append(finding)
    }
    findings += try ClaimsVerification.findings(
      in: folder, digest, state, store, trust, surroundings)
  }

  private mutating func checkChain(
    _ folder: String, _ digest: ModelDigest, _ state: LedgerState, _ store: LedgerStore
  ) throws(ProvenanceError) {
    let identity = try ModelIdentity(
      folder: folder, root: digest.root, store: store, state: state)
    if let model = identity.known {
      self.model = model.id
      judge(model, digest.root)
      return
    }
    if let model = state.models.first(where: { $0.head == digest.root }) {
      self.model = model.id
      add("model", .passed, "equals the head of \(model.id), a copy of which lies elsewhere")
    } else if let model = state.models.first(where: { model in
      model.steps.contains { $0.root == digest.root }
    }) {
      self.model = model.id
      judge(model, digest.root)
    } else {
      add("model", .failed, "not from this ledger: no leaf names the root \(digest.root)")
    }
  }

  private mutating func judge(_ model: LedgerState.Model, _ root: Digest) {
    if let open = model.openIntent {
      add("model", .missing, "leaf \(open.leaf) has begun an operation that has not ended")
    } else if model.head == root {
      let last = model.steps[model.steps.count - 1]
      add("model", .passed, "equals the head of its chain (leaf \(last.leaf), \(last.event))")
    } else if let index = model.steps.lastIndex(where: { $0.root == root }) {
      let end = model.steps[index + 1]
      add(
        "model", .failed,
        "an older state: it was the head until leaf \(end.leaf) (\(end.event)); the model was set back outside this tool"
      )
    } else {
      add(
        "model", .failed,
        "its files are not what the ledger has: expected root \(model.head), found \(root)")
    }
  }
}
