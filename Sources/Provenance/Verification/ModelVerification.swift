import Attestation
public import Ledger
import PatchRecords
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
  /// - Parameters:
  ///   - trustPath: The trust file; the workspace's own where it is nil.
  ///   - rebuilding: What the model is to be made anew from and compared with; nil where it is not.
  /// - Throws: Where an interrupted operation has left the model in between, with what state it is in.
  public init(
    model folder: String, workspace: Workspace, trustPath: String?,
    rebuilding: RebuildingSource? = nil, _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    try Self.describeUnfinished(folder)
    let walk = try WorkspaceVerification(workspace, trustPath: trustPath, surroundings)
    findings = walk.findings
    guard let state = walk.state, let store = walk.store else { return }
    if let digest = try checkModel(folder, walk.chains, state, store, surroundings) {
      let signature = try Self.signatureFinding(
        in: folder, digest, state, walk.trust, surroundings)
      if let signature { findings.append(signature) }
      findings += try ClaimsVerification.findings(
        in: folder, digest, state, store, walk.trust, surroundings)
    }
    if let rebuilding {
      findings.append(
        Rebuilding(workspace, store, state, rebuilding, surroundings)
          .finding(state.models.first { $0.id == model }, folder: folder))
    }
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

  /// The model on disk is the head of its chain, or the finding says what it is instead; nil where it can't be
  /// read.
  private mutating func checkModel(
    _ folder: String, _ chains: [String: VerifiedChain], _ state: LedgerState,
    _ store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> ModelDigest? {
    let digest: ModelDigest
    do throws(ProvenanceError) {
      let checkpoint = try readingModel(folder)
      let total = checkpoint.byteCount
      digest = try patching { () throws(PatchError) in
        try ModelDigest(checkpoint) { surroundings.progress("hashing the model", $0, total) }
      }
    } catch {
      guard error.category == .invalid else { throw error }
      try tellUnreadable(folder, error, chains, state, store)
      return nil
    }
    root = digest.root
    try checkChain(folder, digest, chains, state, store)
    return digest
  }

  private mutating func checkChain(
    _ folder: String, _ digest: ModelDigest, _ chains: [String: VerifiedChain],
    _ state: LedgerState, _ store: LedgerStore
  ) throws(ProvenanceError) {
    let identity = try ModelIdentity(
      folder: folder, root: digest.root, store: store, state: state)
    if let model = identity.known {
      self.model = model.id
      judge(model, digest, chains)
      return
    }
    if let model = state.models.first(where: { $0.head == digest.root }) {
      self.model = model.id
      if let problem = chains[model.id]?.comparison(model).problem(digest) {
        add("model", .failed, "its files are not what the ledger has: \(problem)")
      } else {
        add("model", .passed, "equals the head of \(model.id), a copy of which lies elsewhere")
      }
    } else if let model = state.models.first(where: { model in
      model.steps.contains { $0.root == digest.root }
    }) {
      self.model = model.id
      judge(model, digest, chains)
    } else {
      add("model", .failed, "not from this ledger: no leaf names the root \(digest.root)")
    }
  }

  /// What can be told of a folder that is no model any more: which of its files are others.
  private mutating func tellUnreadable(
    _ folder: String, _ error: ProvenanceError, _ chains: [String: VerifiedChain],
    _ state: LedgerState, _ store: LedgerStore
  ) throws(ProvenanceError) {
    let place = try storing { () throws(StorageError) in try Paths.resolved(folder) }
    let id = try ledger { () throws(LedgerError) in try store.model(at: place) }
    var problem = error.description
    if let model = id.flatMap({ state.model($0) }), let chain = chains[model.id] {
      self.model = model.id
      let names = try storing { () throws(StorageError) in
        try Folder.files(
          below: folder, skipping: { Checkpoint.excludedNames.contains($0) || $0.hasPrefix(".") })
      }.map(\.name)
      let files = try storing { () throws(StorageError) in
        try Parallel.map(names.count) { index throws(StorageError) in
          ModelDigest.File(
            name: names[index], digest: try SHA256.digest(ofFile: Paths.join(folder, names[index])))
        }
      }
      if let words = chain.comparison(model).problem(ModelDigest(files: files)) {
        problem = "\(words) (\(problem))"
      }
    }
    add("model", .failed, "its files are not what the ledger has: \(problem)")
  }

  private mutating func judge(
    _ model: LedgerState.Model, _ found: ModelDigest, _ chains: [String: VerifiedChain]
  ) {
    if let open = model.openIntent {
      judge(open, found.root)
    } else if model.head == found.root {
      // The root has the files' digests in order, and not their names.
      if let problem = chains[model.id]?.comparison(model).problem(found) {
        add("model", .failed, "its files are not what the ledger has: \(problem)")
        return
      }
      let last = model.steps[model.steps.count - 1]
      add(
        "model", .passed,
        "equals the head of its chain (leaf \(last.leaf), \(last.event)); it is \(model.id)")
    } else if let index = model.steps.lastIndex(where: { $0.root == found.root }) {
      let end = model.steps[index + 1]
      add(
        "model", .failed,
        "an older state: it was the head until leaf \(end.leaf) (\(end.event)); the model was set back outside this tool"
      )
    } else {
      let problem =
        chains[model.id]?.comparison(model).problem(found)
        ?? "expected root \(model.head), found \(found.root)"
      add("model", .failed, "its files are not what the ledger has: \(problem)")
    }
  }

  /// An operation has begun and not ended, and no journal is there to finish it by.
  private mutating func judge(_ open: LedgerState.Intent, _ root: Digest) {
    let begun = "leaf \(open.leaf) has begun an operation that has not ended"
    if root == open.before {
      add("model", .missing, "\(begun); the files are as before it: run recover")
    } else if root == open.after {
      add("model", .missing, "\(begun); the files are as after it: run recover")
    } else {
      add(
        "model", .failed,
        "\(begun), no journal is left, and the files are neither as before it nor as after: found root \(root)"
      )
    }
  }
}
