import Attestation
import Ledger
import Patching
import Storage

/// The signed bundle of a patch as the ledger keeps it, without the patch file.
struct KeptBundle {
  /// Its digest, by which leaves name it.
  let digest: Digest
  /// The signed envelope.
  let envelope: DSSEEnvelope
  /// What was signed.
  let statement: PatchStatement
  /// The digest of the statement's own bytes, by which leaves name it.
  let statementDigest: Digest

  /// Reads the bundle that leaves name for a patch.
  ///
  /// - Throws: `incomplete` where it is not kept, `invalid` where it is not what leaves name.
  init(of patch: Digest, _ state: LedgerState, _ store: LedgerStore) throws(ProvenanceError) {
    guard let digest = state.bundle(of: patch),
      let bytes = try ledger({ () throws(LedgerError) in try store.blob(digest) })
    else {
      throw ProvenanceError(
        .incomplete, "the signed bundle of the patch \(patch) is not in the ledger")
    }
    let name = "bundle \(digest)"
    let envelope: DSSEEnvelope
    let document: Statement
    do throws(AttestationError) {
      envelope = try SigstoreBundle(parsing: bytes).envelope
      guard envelope.payloadType == DSSEEnvelope.inTotoType else {
        throw AttestationError(.malformed("its payload is of type \(envelope.payloadType)"))
      }
      document = try Statement(parsing: envelope.payload)
    } catch { throw ProvenanceError(AttestationError(error.reason, path: name)) }
    let statement = try patching { () throws(PatchError) in try PatchStatement(document) }
    guard statement.patchDigest == patch else {
      throw ProvenanceError(
        .invalid,
        "\(name): is of the patch \(statement.patchDigest), leaves name it for \(patch)")
    }
    self.digest = digest
    self.envelope = envelope
    self.statement = statement
    statementDigest = SHA256.digest(of: envelope.payload)
  }
}
