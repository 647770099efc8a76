import Architecture
import Attestation
import Ledger
import Patching
import Safetensors
import Storage
import StrictJSON

/// Which model of the ledger a folder is.
struct ModelIdentity {
  /// The model in the ledger; nil where the folder is none of its models.
  let known: LedgerState.Model?
  /// The folder, without symbolic links.
  let path: String

  /// Looks a folder up: by its place, else by a model whose head it is and whose own place is gone.
  init(folder: String, root: Digest, store: LedgerStore, state: LedgerState)
    throws(ProvenanceError)
  {
    path = try storing { () throws(StorageError) in try Paths.resolved(folder) }
    let place = path
    if let id = try ledger({ () throws(LedgerError) in try store.model(at: place) }),
      let model = state.model(id)
    {
      known = model
      return
    }
    var moved: LedgerState.Model?
    for model in state.models where model.head == root {
      let places = try ledger { () throws(LedgerError) in try store.places(of: model.id) }
      var isThere = false
      for place in places {
        let status = try storing { () throws(StorageError) in try FileStatus.ifExists(place) }
        isThere = isThere || status != nil
      }
      if !isThere { moved = model }
    }
    known = moved
  }

  /// The event that makes a model known.
  static func registration(
    id: String, digest: ModelDigest, checkpoint: Safetensors.Checkpoint, parent: String?
  ) -> Event {
    var family = "unknown"
    do throws(ArchitectureError) { family = try UnitMap(checkpoint).family } catch {
      // A model of no known family is patched at tensor level.
      family = "unknown"
    }
    return Event(
      .modelRegistered,
      [
        "model": .text(id), "root": .text(digest.root.hex),
        "files": .integer(Int64(digest.files.count)),
        "tensors": .integer(Int64(checkpoint.tensorNames.count)),
        "parameters": .integer(Int64(checkpoint.parameterCount)), "family": .text(family),
        "parent": parent.map { .text($0) },
      ])
  }
}
