import Attestation
import ModelSigning
import Patching
import Safetensors
import Storage

/// How `model.sig` is renewed when a patch is applied or taken back.
///
/// It is written last, after the closing leaf and before the journal goes. So the signature is never over files that
/// are not there yet; an interruption leaves the old one, which does not fit the new files and is told to be stale; and
/// recovery needs no private key.
struct SignatureRenewal: Sendable {
  private let signer: ModelSigner
  private let ignored: IgnoredPaths

  /// Decides how a model's signature will be renewed, before anything is written; nil where no key is given.
  ///
  /// - Parameters:
  ///   - base: The digests of the model as it is.
  ///   - isHashed: Whether those were computed of its files; else they are only what a patch says, and a valid
  ///     signature by the same key must say the same.
  init?(
    of checkpoint: Safetensors.Checkpoint, base: ModelDigest, isHashed: Bool,
    by signer: ModelSigner?, _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    guard let signer else { return nil }
    let path = Paths.join(checkpoint.path, Checkpoint.signatureName)
    let isThere =
      try storing { () throws(StorageError) in try FileStatus.ifExists(path) } != nil
    self.signer = signer
    var ignored = IgnoredPaths(Checkpoint.excludedNames)
    var fault = "\(path): there is no signature"
    if isThere {
      // What is no signature can't be replaced by one; told before anything is written.
      let old = try signing { () throws(ModelSigningError) in try ModelSignature(path: path) }
      do throws(ModelSigningError) {
        _ = try old.check(by: signer.publicKey)
        ignored = ignored.union(IgnoredPaths(old.manifest.ignored))
        fault = Self.fault(old, base, ignored).map { "\(path): is stale: \($0)" } ?? ""
      } catch {
        fault = "\(path): \(error)"
        surroundings.warn("the signature is replaced by one of another key; \(fault)")
      }
    }
    guard isHashed || fault.isEmpty else {
      throw ProvenanceError(
        .state,
        "what is not hashed is signed only where a valid signature of the same key has it: \(fault)",
        hint: "leave out --verify touched")
    }
    self.ignored = ignored
  }

  /// The first file that a signature has otherwise than a model.
  private static func fault(
    _ signature: ModelSignature, _ base: ModelDigest, _ ignored: IgnoredPaths
  ) -> String? {
    let files = base.files.filter { !ignored.contains($0.name) }
    let signed = Dictionary(
      signature.manifest.files.map { (ByteString($0.name), $0.digest) }, uniquingKeysWith: { $1 })
    if let other = files.first(where: { signed[ByteString($0.name)] != $0.digest }) {
      return "\(ByteString(other.name)) is not as it was signed"
    }
    return signed.count == files.count ? nil : "it is over other files"
  }

  /// Hashes the files that a patch changes, which were not hashed before, as they will be.
  ///
  /// Before anything is written: a file that differs where the patch does not touch it leads to another digest than the
  /// one that would be signed.
  func hashChanged(
    _ target: PatchTarget, _ patch: borrowing PatchFile, base: ModelDigest,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    let total = target.shardByteCount
    let effect: PatchEffect
    do throws(PatchError) {
      effect = try target.effect(of: patch, base: base) {
        surroundings.progress("hashing what changes", $0, total)
      }
    } catch { throw ProvenanceError(error) }
    let result = target.statement.result
    guard let other = effect.result.files.first(where: { result[$0.name] != $0.digest }) else {
      return
    }
    throw ProvenanceError(
      .state,
      "\(target.checkpoint.fullPath(other.name)): differs from the patch's base where the patch does not touch it, so the result would not be what is signed",
      hint: "leave out --verify touched to see what differs")
  }

  /// Signs the model as it is now.
  ///
  /// - Parameters:
  ///   - folder: The model, or a patched copy of it.
  ///   - after: The digests that it has now.
  func write(in folder: String, _ after: ModelDigest) throws(ProvenanceError) -> SignedModel {
    let files = after.files.filter { !ignored.contains($0.name) }.map {
      ModelManifest.File(name: $0.name, digest: $0.digest)
    }
    return try signing { () throws(ModelSigningError) in
      try signer.write(
        try ModelManifest(
          name: try ModelSigner.name(of: folder), files: files, ignoring: ignored),
        to: Paths.join(folder, Checkpoint.signatureName))
    }
  }

  /// Warns where `model.sig` does not fit the files that a model has now.
  static func warnIfStale(
    in folder: String, _ files: [ModelDigest.File], _ surroundings: Surroundings
  ) {
    let path = Paths.join(folder, Checkpoint.signatureName)
    do throws(ModelSigningError) {
      do throws(StorageError) {
        if try FileStatus.ifExists(path) == nil { return }
      } catch { throw ModelSigningError(.storage(error)) }
      let manifest = try ModelSignature(path: path).manifest
      // What lists shards tells nothing of whole files; `verify` compares it.
      guard manifest.shardByteCount == nil else { return }
      let ignored = IgnoredPaths(manifest.ignored)
      let signed = Dictionary(
        manifest.files.map { (ByteString($0.name), $0.digest) }, uniquingKeysWith: { $1 })
      let other = files.first {
        !ignored.contains($0.name) && signed[ByteString($0.name)] != $0.digest
      }
      guard let other else { return }
      surroundings.warn(
        "\(path) is stale: \(ByteString(other.name)) is not as it was signed; renew it with `unlearn-patch sign \(folder) --key KEY`, and at once with --sign-key"
      )
    } catch { surroundings.warn("\(error)") }
  }
}
