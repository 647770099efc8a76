import Attestation
import Claims
import Ledger
public import ModelSigning
import Patching
import Safetensors
import Storage

extension ModelVerification {
  /// Adds what was verified to the claims beside the model.
  ///
  /// The format holds properties that were verified, so only a verdict of `valid` is claimed.
  ///
  /// - Parameter trustPath: The trust file that the verdict rests on.
  public func claim(
    in folder: String, trustPath: String, by signer: ModelSigner, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> WrittenClaims {
    guard verdict == .valid, let root else {
      throw ProvenanceError(
        .state, "\(folder): the verdict is \(verdict.rawValue), so nothing is claimed of it")
    }
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    try Workspace.refuseUnfinished(folder)
    try patching { () throws(PatchError) in try Journal.removeUnfinished(in: folder) }
    let trust = try storing { () throws(StorageError) in try SHA256.digest(ofFile: trustPath) }
    let result = VerificationResult(
      policies: [ResourceDescriptor(name: "trust", sha256: trust, mediaType: "text/plain")],
      time: surroundings.now,
      properties: [VerificationResult.isValid] + properties)
    let bundle = try signer.sign(
      Statement(of: try ClaimsPlace.subject(folder, root), result))
    var file = try ClaimsPlace.read(in: folder) ?? ClaimsFile()
    guard file.claims.allSatisfy({ $0.root == root }) else {
      throw ProvenanceError(
        .state, "\(folder): the model has changed while it was verified; verify it again")
    }
    do throws(ClaimsError) { try file.append(bundle) } catch {
      throw ProvenanceError(.state, "\(ClaimsPlace.path(in: folder)): \(error)")
    }
    try ClaimsPlace.write(file, in: folder)
    return WrittenClaims(
      path: ClaimsPlace.path(in: folder), count: file.claims.count, result: nil,
      lacksThresholds: false)
  }

  /// What was verified, by the steps whose names are the same for every model.
  private var properties: [String] {
    let words = [
      "model": "UNLEARN_PATCH_MODEL_IS_LEDGER_HEAD",
      Checkpoint.signatureName: "UNLEARN_PATCH_MODEL_SIGNATURE",
      "claims": "UNLEARN_PATCH_CLAIMS",
    ]
    return findings.compactMap { $0.outcome == .passed ? words[$0.step] : nil }
  }
}
