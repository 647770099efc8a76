import Attestation
import Ledger
public import Patching
import Safetensors
public import Storage

extension Workspace {
  /// A kept patch with the bundle that the ledger names for it.
  func keptPatch(_ digest: Digest, _ state: LedgerState, _ store: LedgerStore)
    throws(ProvenanceError) -> SignedPatch
  {
    let path = artifactPath(digest)
    guard let bundle = state.bundle(of: digest),
      let bytes = try ledger({ () throws(LedgerError) in try store.blob(bundle) })
    else {
      throw ProvenanceError(
        .incomplete, "the signed bundle of the patch \(digest) is not in the ledger")
    }
    return try SignedPatch(path: path, bundleBytes: bytes, bundlePath: "bundle \(bundle)")
  }

  /// Takes the last patch of a model back: the exact former bytes, from the undo capsule.
  ///
  /// - Parameter patch: The patch that is meant; nil for the last one.
  public func rollback(
    _ folder: String, patch wanted: Digest?, verification: PatchTarget.Verification = .full,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> OperationResult {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    let store = try openLedger(.append)
    try Self.refuseUnfinished(folder)
    let state = try ledger { () throws(LedgerError) in try store.state() }
    let checkpoint = try readingModel(folder)
    let total = checkpoint.byteCount
    let found: ModelDigest
    do throws(PatchError) {
      found = try ModelDigest(checkpoint) { surroundings.progress("checking the model", $0, total) }
    } catch { throw ProvenanceError(error) }
    let identity = try ModelIdentity(
      folder: folder, root: found.root, store: store, state: state)
    guard let model = identity.known else {
      throw ProvenanceError(.state, "\(folder): not a model of this ledger")
    }
    guard let last = model.applied.last else {
      throw ProvenanceError(
        .state, "\(folder): no patch is applied to this model",
        hint: model.steps.contains { $0.patch != nil }
          ? "a patched copy has no undo: its original is the model that it was copied from" : nil)
    }
    if let wanted, wanted != last.patch {
      throw ProvenanceError(
        .state,
        "the patch \(wanted) is not the last one; the last is \(last.patch), take that one back first"
      )
    }
    let signed = try keptPatch(last.patch, state, store)
    guard found == signed.statement.result else {
      throw ProvenanceError(
        .state,
        "\(folder): the model is not what the last patch made of it: expected root \(signed.statement.resultRoot), found \(found.root)",
        hint: "`unlearn-patch verify \(folder)` names the files that differ")
    }
    guard let key = try ledger({ () throws(LedgerError) in try store.undoKey(last.capsule) })
    else {
      throw ProvenanceError(
        .state, "the key of the undo capsule has been destroyed: the patch is final")
    }
    let inverse = try patching { () throws(PatchError) in
      try UndoCapsule.open(capsulePath(last.capsule), key: key)
    }
    let values = try patching { () throws(PatchError) in
      try signed.file.values(against: checkpoint, over: inverse, scratch: path)
    }
    let target: PatchTarget
    do throws(PatchError) {
      target = try PatchTarget(
        patch: values, signedAs: signed.file.digest, statement: signed.statement,
        checkpoint: checkpoint)
      try target.checkWritableInPlace()
      try target.checkInverse(inverse)
    } catch { throw ProvenanceError(error) }
    let leaf = try writeUnderJournal(
      target, inverse,
      journal: journal(.rollback, target, model: model.id, capsule: last.capsule),
      intent: Self.intent(
        "rollback", signed.statement, bundle: nil, model: model.id, before: found.root,
        after: signed.statement.base.root, capsule: last.capsule),
      attachments: LedgerStore.Attachments(), after: signed.statement.base,
      closing: .patchRolledBack, discarding: last.capsule, verification: .full, store: store,
      surroundings)
    return OperationResult(
      model: model.id, before: found.root, after: signed.statement.base.root,
      leaf: leaf.sequence, files: target.shardNames, patch: last.patch, signers: [])
  }

  /// Removes an undo capsule that is not needed any more, and its key.
  func discardCapsule(_ capsule: String, _ store: LedgerStore) throws(ProvenanceError) {
    try ledger { () throws(LedgerError) in try store.forgetUndoKey(capsule) }
    try storing { () throws(StorageError) in try Folder.remove(capsulePath(capsule)) }
  }
}

extension LedgerState {
  /// The bundle under which a patch was applied or signed.
  func bundle(of patch: Digest) -> Digest? { self.patch(patch)?.bundle }
}
