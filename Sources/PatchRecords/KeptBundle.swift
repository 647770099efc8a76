public import Attestation
public import Patching
public import Storage

/// The signed bundle of a patch as the ledger keeps it, without the patch file.
public struct KeptBundle: Sendable {
  /// Its digest, by which leaves name it.
  public let digest: Digest
  /// The signed envelope.
  public let envelope: DSSEEnvelope
  /// What was signed.
  public let statement: PatchStatement
  /// The digest of the statement's own bytes, by which leaves name it.
  let statementDigest: Digest

  /// Reads the bundle that leaves name for a patch by a digest, which its bytes have.
  public init(_ bytes: [UInt8], digest: Digest, of patch: Digest) throws(PatchError) {
    let name = "bundle \(digest)"
    let envelope: DSSEEnvelope
    let document: Statement
    do throws(AttestationError) {
      envelope = try SigstoreBundle(parsing: bytes).envelope
      guard envelope.payloadType == DSSEEnvelope.inTotoType else {
        throw AttestationError(.malformed("its payload is of type \(envelope.payloadType)"))
      }
      document = try Statement(parsing: envelope.payload)
    } catch { throw PatchError(.attestation(AttestationError(error.reason, path: name))) }
    let statement = try PatchStatement(document)
    guard statement.patchDigest == patch else {
      throw PatchError(
        .mismatch("is of the patch \(statement.patchDigest), leaves name it for \(patch)"),
        path: name)
    }
    self.digest = digest
    self.envelope = envelope
    self.statement = statement
    statementDigest = SHA256.digest(of: envelope.payload)
  }
}
