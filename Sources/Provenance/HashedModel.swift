import Ledger
import Patching
import Safetensors

/// A model of the ledger as it is on disk, all of its files hashed.
struct HashedModel {
  /// What is in the folder.
  let checkpoint: Safetensors.Checkpoint
  /// The digests of its files.
  let digest: ModelDigest
  /// The model in the ledger.
  let model: LedgerState.Model
  private let folder: String

  /// Reads and hashes a folder, which must be a model of the ledger.
  init(
    folder: String, store: LedgerStore, state: LedgerState, _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    let checkpoint = try readingModel(folder)
    let total = checkpoint.byteCount
    let digest = try patching { () throws(PatchError) in
      try ModelDigest(checkpoint) { surroundings.progress("checking the model", $0, total) }
    }
    let identity = try ModelIdentity(folder: folder, root: digest.root, store: store, state: state)
    guard let model = identity.known else {
      throw ProvenanceError(.state, "\(folder): not a model of this ledger")
    }
    (self.checkpoint, self.digest, self.model, self.folder) = (checkpoint, digest, model, folder)
  }

  /// Demands that the files are what the ledger has.
  func checkHead() throws(ProvenanceError) {
    guard model.head == digest.root else {
      throw ProvenanceError(
        .state,
        "\(folder): the model is not what the ledger has: expected root \(model.head), found \(digest.root)",
        hint: "`unlearn-patch verify \(folder)` tells what it is")
    }
  }
}
