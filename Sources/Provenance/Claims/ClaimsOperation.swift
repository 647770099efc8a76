import Claims
import Ledger
public import ModelSigning
import Patching
import Storage

extension Workspace {
  /// Writes the claims about a model of the ledger anew, as it is: after an operation without a key, or a recovery.
  ///
  /// - Parameter thresholds: What the measurements of the patch that was applied last are held against.
  public func renewClaims(
    _ folder: String, by signer: ModelSigner, thresholds: ThresholdFile?,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> WrittenClaims {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    try Self.refuseUnfinished(folder)
    try patching { () throws(PatchError) in try Journal.removeUnfinished(in: folder) }
    let store = try openLedger(.read)
    let state = try ledger { () throws(LedgerError) in try store.state() }
    let found = try HashedModel(folder: folder, store: store, state: state, surroundings)
    try found.checkHead()
    let steps = found.model.steps
    let place = steps.count - 1
    guard place > 0, let patch = steps[place].patch else {
      throw ProvenanceError(
        .state, "\(folder): no patch was applied to this model, so there is nothing to claim of it")
    }
    guard thresholds == nil || !steps[place].takesBack else {
      throw ProvenanceError(
        .usage,
        "the model is what it was before a patch, and the patch's measurements are of what it was after"
      )
    }
    let signed = try keptPatch(patch, state, store)
    let original = place == 1 ? found.model.parent : nil
    let renewal = try ClaimsRenewal(
      in: folder, steps[place].takesBack ? .rollback : .apply, signed.statement,
      bundle: signed.bundleDigest, parentRoot: steps[place - 1].root, by: signer,
      policy: thresholds, surroundings)
    return try renewal.write(
      in: folder, mode: original == nil ? "in-place" : "output",
      parent: original ?? found.model.id, found.digest, origin: state.origin,
      leaf: (steps[place].leaf, steps[place].time))
  }
}
