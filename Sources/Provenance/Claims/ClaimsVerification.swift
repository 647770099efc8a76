import Attestation
import Claims
import Ledger
import Patching
import Safetensors
import Storage
import StrictJSON

/// What the claims beside a model come to.
struct ClaimsVerification {
  private let root: Digest
  private let files: [ByteString: Digest]
  private let state: LedgerState
  private let store: LedgerStore
  private let trust: TrustFile?
  private let now: Timestamp

  /// The step of the walk; none where there are no claims.
  ///
  /// - Parameter digest: The digests of the model's files, as they are.
  static func findings(
    in folder: String, _ digest: ModelDigest, _ state: LedgerState, _ store: LedgerStore,
    _ trust: TrustFile?,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> [Finding] {
    guard let bytes = try ClaimsPlace.bytes(in: folder) else { return [] }
    let walk = ClaimsVerification(
      root: digest.root,
      files: Dictionary(
        digest.files.map { (ByteString($0.name), $0.digest) }, uniquingKeysWith: { $1 }),
      state: state, store: store, trust: trust, now: surroundings.now)
    let file: ClaimsFile
    do throws(ClaimsError) { file = try ClaimsFile(parsing: bytes) } catch {
      return [Finding("claims", .failed, error.description)]
    }
    return [try walk.judge(file)]
  }

  /// A line's fault, or who has signed it.
  private enum Standing {
    case signed([String])
    case unknown(String)
    case failed(String)
  }

  private func judge(_ file: ClaimsFile) throws(ProvenanceError) -> Finding {
    var signers: [String] = []
    var unknown: String?
    for (index, claim) in file.claims.enumerated() {
      switch try standing(of: claim) {
      case .signed(let names): signers += names.filter { !signers.contains($0) }
      case .unknown(let what): unknown = unknown ?? "line \(index + 1): \(what)"
      case .failed(let what): return Finding("claims", .failed, "line \(index + 1): \(what)")
      }
    }
    let words = file.claims.map { claim in
      if case .testResult(let result) = claim.predicate { return "test-result \(result.summary)" }
      return claim.predicate.word
    }
    let shown = words.prefix(8).joined(separator: ", ")
    let more = words.count > 8 ? " and \(words.count - 8) more" : ""
    let lines = "\(words.count) line(s): \(shown)\(more)"
    if let unknown { return Finding("claims", .missing, "\(unknown); \(lines)") }
    return Finding(
      "claims", .passed,
      "\(lines); signed by \(signers.joined(separator: ", ")); a line that was taken away can't be noticed, the ledger's leaves are what counts"
    )
  }

  private func standing(of claim: Claim) throws(ProvenanceError) -> Standing {
    if let fault = try fault(of: claim) { return .failed(fault) }
    guard let trust else { return .unknown("no trust file, so its signer can't be judged") }
    switch trust.verdict(
      on: claim.bundle.envelope, role: .model, at: now,
      revoked: Set(state.revokedKeys(at: state.count).keys))
    {
    case .trusted(let names): return .signed(names)
    case .unknownSigner: return .unknown("by no one whom the trust file names for models")
    case .invalid(let what): return .failed(what)
    case .outsideWindow(let name): return .failed("signed by \(name), whose key does not count now")
    case .revoked(let name):
      return .failed("signed by \(name) with a key that has been revoked or replaced")
    case .belowThreshold(let have, let need):
      return .failed("\(need) signers are required, \(have.count) have signed")
    }
  }

  /// Why a claim is not about this model as the ledger has it; nil where it is.
  private func fault(of claim: Claim) throws(ProvenanceError) -> String? {
    guard claim.root == root else { return foreign(claim.root) }
    for subject in claim.subjects.dropFirst()
    where files[ByteString(subject.name)] != subject.sha256 {
      return "the file \"\(ByteString(subject.name))\" is not as it is claimed"
    }
    switch claim.predicate {
    case .provenance(let provenance): return try fault(of: provenance)
    case .testResult(let result): return try fault(of: result)
    case .verification, .other: return nil
    }
  }

  private func foreign(_ root: Digest) -> String {
    for model in state.models {
      guard let step = model.steps.last(where: { $0.root == root }) else { continue }
      return
        "stale: over another state, the model as it was at leaf \(step.leaf) (\(step.event)); renew it with `sign MODEL --key KEY --claims`"
    }
    return "is about another model: no leaf names the root \(root)"
  }

  private func fault(of provenance: BuildProvenance) throws(ProvenanceError) -> String? {
    guard ByteString(provenance.origin) == ByteString(state.origin) else {
      return "the provenance is of the ledger \(ByteString(provenance.origin)), not of this one"
    }
    for model in state.models {
      guard let place = model.steps.firstIndex(where: { $0.leaf == provenance.leaf }), place > 0
      else { continue }
      let (step, former) = (model.steps[place], model.steps[place - 1])
      // Of a copy, what it was made from is another model.
      let original = place == 1 ? model.parent : nil
      let leaf = try ledger { () throws(LedgerError) in try store.leaf(step.leaf) }
      // Taking a patch back names no bundle; then it must be one that is kept for the patch.
      let bundle = Self.digest(leaf, "bundle") ?? provenance.bundle
      let expected: [(what: String, claimed: String, found: String)] = [
        ("the root", root.hex, step.root.hex),
        ("the patch", provenance.patch.hex, step.patch?.hex ?? "none"),
        ("the patch's bundle", provenance.bundle.hex, bundle.hex),
        ("the parent's root", provenance.parentRoot.hex, former.root.hex),
        ("the parent", provenance.parent, original ?? model.id),
        ("the mode", provenance.mode, original == nil ? "in-place" : "output"),
        ("the operation", provenance.operation.rawValue, step.takesBack ? "rollback" : "apply"),
        ("the time", provenance.finishedOn.description, step.time.description),
      ]
      for entry in expected where ByteString(entry.claimed) != ByteString(entry.found) {
        return
          "\(entry.what) is claimed to be \(ByteString(entry.claimed)), leaf \(step.leaf) has \(entry.found)"
      }
      return try isKept(bundle, of: provenance.patch)
        ? nil : "the patch's bundle \(bundle) is not kept as a statement of that patch"
    }
    return "leaf \(provenance.leaf), which the provenance names, changes no model"
  }

  private func fault(of result: TestResult) throws(ProvenanceError) -> String? {
    let patches = Set(
      state.models.flatMap(\.steps).filter { $0.root == root && !$0.takesBack }.compactMap(\.patch))
    for bundle in result.configuration.compactMap(\.sha256).prefix(Self.configurationLimit) {
      for patch in patches {
        if try isKept(bundle, of: patch) { return nil }
      }
    }
    return "the test result rests on no statement of a patch that has led to this model"
  }

  private static let configurationLimit = 16

  private static func digest(_ leaf: Leaf, _ field: String) -> Digest? {
    guard case .string(let text) = leaf.body[field].value else { return nil }
    return Digest(hex: text.text)
  }

  /// Whether the ledger keeps a bundle, and it states the patch.
  private func isKept(_ bundle: Digest, of patch: Digest) throws(ProvenanceError) -> Bool {
    guard let bytes = try ledger({ () throws(LedgerError) in try store.blob(bundle) }) else {
      return false
    }
    do throws(AttestationError) {
      let statement = try Statement(
        parsing: try SigstoreBundle(parsing: bytes).envelope.payload)
      return statement.predicateType == PatchStatement.predicateType
        && statement.subjects.map(\.sha256) == [patch]
    } catch { return false }
  }
}
