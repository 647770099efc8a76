import Attestation
import Ledger
import PatchRecords
import Patching
import Storage

extension KeptBundle {
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
    self = try patching { () throws(PatchError) in
      try KeptBundle(bytes, digest: digest, of: patch)
    }
  }
}
