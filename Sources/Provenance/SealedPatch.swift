public import Attestation
public import Patching
import Storage

/// A patch that is sealed for recipients: `NAME.patch.safetensors.sealed`, with the bundle of the plain patch beside it.
///
/// Values are hidden. The bundle is not: it tells which tensors, rows and units are touched, and digests.
public enum SealedPatch {
  /// What is added to the name of a patch.
  static let ending = ".sealed"

  /// The name of the sealed form of a patch.
  public static func path(of patch: String) -> String { patch + ending }

  /// The name of the patch that a sealed file holds.
  static func patchPath(of sealed: String) -> String {
    sealed.hasSuffix(ending) ? String(sealed.dropLast(ending.utf8.count)) : sealed
  }

  /// Whether a file is sealed for recipients.
  public static func isSealed(_ path: String) throws(ProvenanceError) -> Bool {
    guard
      let status = try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }),
      status.kind != .directory
    else { return false }
    return try attesting { () throws(AttestationError) in try SealedFile.isForRecipients(path) }
  }

  /// Seals a signed patch for recipients; gives the path of the sealed file, which must not exist.
  public static func seal(_ patch: String, for recipients: [PublicKey]) throws(ProvenanceError)
    -> String
  {
    let path = path(of: patch)
    let signed = try SignedPatch(path: patch)
    do throws(AttestationError) {
      var writer = try SealedFileWriter(
        path: path, recipients: recipients, plaintextByteCount: signed.file.bytes.byteCount)
      try writer.append(signed.file.bytes)
      try writer.commit()
    } catch { throw ProvenanceError(error) }
    return path
  }

  /// Unseals a patch into a new file.
  public static func unseal(_ path: String, with key: borrowing PrivateKey, to output: String)
    throws(ProvenanceError)
  {
    do throws(AttestationError) {
      try SealedFile(path: path, recipient: key).unseal(to: output)
    } catch { throw ProvenanceError(error) }
  }

  /// Opens a sealed patch with the bundle beside it; the plain bytes are in a file that has no name any more.
  public static func open(_ path: String, with key: borrowing PrivateKey) throws(ProvenanceError)
    -> SignedPatch
  {
    let bundlePath = SignedPatch.bundlePath(patchPath(of: path))
    let bytes = try bundle(of: path)
    let plain = Paths.hiddenSibling(of: path)
    try unseal(path, with: key, to: plain)
    do throws(ProvenanceError) {
      let signed = try SignedPatch(path: plain, bundleBytes: bytes, bundlePath: bundlePath)
      try storing { () throws(StorageError) in try Folder.remove(plain) }
      return signed
    } catch {
      try storing { () throws(StorageError) in try Folder.remove(plain) }
      throw error
    }
  }

  /// What is said of a sealed patch; that the sealed bytes are those of which it is said is known once they are open.
  public static func statement(of path: String) throws(ProvenanceError) -> PatchStatement {
    let bytes = try bundle(of: path)
    let document = try attesting { () throws(AttestationError) in
      try Statement(parsing: try SigstoreBundle(parsing: bytes).envelope.payload)
    }
    return try patching { () throws(PatchError) in try PatchStatement(document) }
  }

  private static func bundle(of path: String) throws(ProvenanceError) -> [UInt8] {
    let bundlePath = SignedPatch.bundlePath(patchPath(of: path))
    if try storing({ () throws(StorageError) in try FileStatus.ifExists(bundlePath) }) == nil {
      throw ProvenanceError(
        .incomplete, "\(path): the bundle of the patch is missing: \(bundlePath)",
        hint: "get it from where the sealed patch came from")
    }
    return try storing { () throws(StorageError) in
      try Folder.read(bundlePath, limit: SigstoreBundle.byteLimit)
    }
  }
}
