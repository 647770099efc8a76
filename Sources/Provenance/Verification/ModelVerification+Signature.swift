import Attestation
import Ledger
import ModelSigning
import Patching
import Safetensors
import Storage

extension ModelVerification {
  /// What `model.sig` in a model's folder comes to; nil where there is none.
  ///
  /// - Parameter digest: The digests of the model's files, as they are.
  static func signatureFinding(
    in folder: String, _ digest: ModelDigest, _ state: LedgerState, _ trust: TrustFile?,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> Finding? {
    let step = Checkpoint.signatureName
    let path = Paths.join(folder, step)
    guard try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }) != nil else {
      return nil
    }
    let signature: ModelSignature
    let differences: FileDifferences
    do throws(ModelSigningError) {
      signature = try ModelSignature(path: path)
      let known = Dictionary(
        digest.files.map { (ByteString($0.name), $0.digest) }, uniquingKeysWith: { $1 })
      differences = try signature.differences(
        from: folder, ignoring: try signature.unsignedNames(in: folder), known: known)
    } catch {
      if case .storage = error.reason { throw ProvenanceError(error) }
      return Finding(step, .failed, error.description)
    }
    guard differences.isEmpty else {
      return Finding(step, .failed, stale(signature, state) + differences.description)
    }
    let files = "\(signature.manifest.files.count) files as signed"
    let left =
      "left out: \(SignatureVerification.list(signature.manifest.ignored))"
    guard let trust else {
      return Finding(step, .missing, "\(files); no trust file, so its signer can't be judged")
    }
    switch trust.verdict(
      on: signature.bundle.envelope, role: .model, at: surroundings.now,
      revoked: Set(state.revokedKeys(at: state.count).keys))
    {
    case .trusted(let names):
      return Finding(step, .passed, "\(files), by \(names.joined(separator: ", ")); \(left)")
    case .unknownSigner:
      return Finding(step, .missing, "\(files), by no one whom the trust file names for models")
    case .invalid(let what): return Finding(step, .failed, what)
    case .outsideWindow(let name):
      return Finding(step, .failed, "signed by \(name), whose key does not count now")
    case .revoked(let name):
      return Finding(
        step, .failed, "signed by \(name) with a key that has been revoked or replaced")
    case .belowThreshold(let have, let need):
      return Finding(step, .failed, "\(need) signers are required, \(have.count) have signed")
    }
  }

  /// Where a signature that does not fit is of another state of a model, which.
  private static func stale(_ signature: ModelSignature, _ state: LedgerState) -> String {
    let root = signature.manifest.root
    for model in state.models {
      guard let step = model.steps.last(where: { $0.root == root }) else { continue }
      return
        "stale: it is over the model as it was at leaf \(step.leaf) (\(step.event)); sign the model again: "
    }
    return ""
  }
}
