import Architecture
import Attestation
import Claims
public import Ledger
public import ModelSigning
public import Patching
import Safetensors
public import Storage

/// What taking a patch back would do, with all checks done and nothing written.
public struct RollbackPlan: ~Copyable {
  /// The patch, as it was applied.
  public let patch: SignedPatch
  /// The patch held against the model.
  public let target: PatchTarget
  /// The digests of the model as it is.
  public let before: ModelDigest
  /// The model in the ledger.
  let model: LedgerState.Model
  /// The application that is taken back.
  let applied: LedgerState.Applied
  /// The former values.
  let inverse: PatchFile

  /// Whether the model becomes the patch's base; else the patch is taken out from among others.
  public var leadsToBase: Bool { before == patch.statement.result }
}

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

  /// Does every check of taking a patch back, and writes nothing.
  ///
  /// - Parameter patch: The patch that is meant; nil for the last one.
  public func planRollback(
    _ folder: String, patch wanted: Digest?, store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> RollbackPlan {
    try Self.refuseUnfinished(folder)
    let state = try ledger { () throws(LedgerError) in try store.state() }
    let found = try HashedModel(folder: folder, store: store, state: state, surroundings)
    let (checkpoint, model) = (found.checkpoint, found.model)
    let index = try Self.application(of: wanted, model, folder)
    let applied = model.applied[index]
    if let destroyed = applied.destroyed {
      throw ProvenanceError(
        .state,
        "the patch \(applied.patch) can't be taken back: its undo key and capsule were destroyed by `finalize` (leaf \(destroyed)); what it replaced can't be restored"
      )
    }
    try found.checkHead()
    let signed = try keptPatch(applied.patch, state, store)
    let map = Self.unitMap(checkpoint)
    for later in model.applied[(index + 1)...] {
      let other = try keptPatch(later.patch, state, store)
      let overlap = try Self.overlap(signed, other, map)
      if !overlap.isEmpty { throw Self.notAlone(applied.patch, later, overlap, folder) }
    }
    guard let key = try ledger({ () throws(LedgerError) in try store.undoKey(applied.capsule) })
    else {
      throw ProvenanceError(
        .incomplete,
        "the key of the undo capsule is gone, and no leaf says that it was destroyed: the patch can't be taken back"
      )
    }
    let inverse = try patching { () throws(PatchError) in
      try UndoCapsule.open(capsulePath(applied.capsule), key: key)
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
      try target.checkTouched(values, are: .result)
      try target.checkInverse(inverse)
    } catch { throw ProvenanceError(error) }
    return RollbackPlan(
      patch: signed, target: target, before: found.digest, model: model, applied: applied,
      inverse: inverse)
  }

  /// Which application is meant: that of a patch, or the last.
  private static func application(
    of wanted: Digest?, _ model: LedgerState.Model, _ folder: String
  ) throws(ProvenanceError) -> Int {
    guard !model.applied.isEmpty else {
      throw ProvenanceError(
        .state, "\(folder): no patch is applied to this model",
        hint: model.steps.contains { $0.patch != nil }
          ? "a patched copy has no undo: its original is the model that it was copied from" : nil)
    }
    guard let wanted else { return model.applied.count - 1 }
    guard let index = model.applied.firstIndex(where: { $0.patch == wanted }) else {
      throw ProvenanceError(
        .state, "\(folder): the patch \(wanted) is not applied to this model",
        hint: "applied are \(model.applied.map(\.patch.hex).joined(separator: ", "))")
    }
    return index
  }

  private static func notAlone(
    _ patch: Digest, _ later: LedgerState.Applied, _ overlap: EditOverlap, _ folder: String
  ) -> ProvenanceError {
    func some(_ words: [String]) -> String {
      words.prefix(8).joined(separator: ", ")
        + (words.count > 8 ? " and \(words.count - 8) more" : "")
    }
    let tensors = "in \(some(overlap.tensors.map { "\"\($0)\"" }))"
    let units =
      overlap.units.isEmpty ? "" : "units \(some(overlap.units.map(\.description))), "
    return ProvenanceError(
      .state,
      "the patch \(patch) can't be taken back alone: the patch \(later.patch), applied later (leaf \(later.leaf)), touches the same bytes: \(units)\(tensors)",
      hint: later.destroyed == nil
        ? "take the later one back first: `unlearn-patch rollback \(folder) PATCH`"
        : "the later one is final, so this one stays")
  }

  /// What two patches both touch.
  static func overlap(
    _ first: borrowing SignedPatch, _ second: borrowing SignedPatch, _ map: UnitMap? = nil
  ) throws(ProvenanceError) -> EditOverlap {
    try patching { () throws(PatchError) in
      EditOverlap(
        try first.file.indices(first.statement), try second.file.indices(second.statement),
        statement: first.statement, map: map)
    }
  }

  /// The units of a model; nil where its family is not known.
  static func unitMap(_ checkpoint: Safetensors.Checkpoint) -> UnitMap? {
    do throws(ArchitectureError) { return try UnitMap(checkpoint) } catch { return nil }
  }

  /// Takes a patch of a model back: the exact former bytes, from the undo capsule.
  ///
  /// The last patch goes at once. An earlier one goes alone where no later patch touches the same bytes; the
  /// model is then what the others make of the base, which no statement names, so the digests are computed and
  /// recorded.
  ///
  /// - Parameters:
  ///   - patch: The patch that is meant; nil for the last one.
  ///   - signer: Who signs the model as it is then, and claims how it came to be; `model.sig` and `claims.jsonl`
  ///     become stale where it is nil.
  public func rollback(
    _ folder: String, patch wanted: Digest?, signer: ModelSigner? = nil,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> OperationResult {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    let store = try openLedger(.append)
    let plan = try planRollback(folder, patch: wanted, store: store, surroundings)
    let (target, statement, capsule) = (plan.target, plan.patch.statement, plan.applied.capsule)
    let total = target.shardByteCount
    let effect: PatchEffect
    do throws(PatchError) {
      effect = try target.effect(of: plan.inverse, base: plan.before) {
        surroundings.progress("hashing the result", $0, total)
      }
    } catch { throw ProvenanceError(error) }
    let after = effect.result
    guard !plan.leadsToBase || after == statement.base else {
      throw ProvenanceError(
        .invalid,
        "\(folder): the former values do not lead back to the patch's base: expected root \(statement.base.root), found \(after.root)"
      )
    }
    let changed = plan.leadsToBase ? [] : Self.changes(effect.changed, of: plan.before)
    let renewal = try SignatureRenewal(
      of: target.checkpoint, base: plan.before, isHashed: true, by: signer, surroundings)
    let claims: ClaimsRenewal? =
      if let signer {
        try ClaimsRenewal(
          in: folder, .rollback, statement, bundle: plan.patch.bundleDigest,
          parentRoot: plan.before.root, by: signer, policy: nil, surroundings)
      } else { nil }
    warnOfReaders(target, surroundings)
    let (leaf, signature, written) = try writeUnderJournal(
      target, plan.inverse,
      journal: journal(
        .rollback, target, model: plan.model.id, capsule: capsule, before: plan.before,
        after: after),
      intent: Self.intent(
        "rollback", statement, bundle: nil, model: plan.model.id, before: plan.before.root,
        after: after.root, capsule: capsule, changed: changed),
      attachments: LedgerStore.Attachments(), after: after,
      closing: .patchRolledBack, discarding: capsule, renewal: renewal, claims: claims,
      store: store,
      surroundings)
    return OperationResult(
      model: plan.model.id, before: plan.before.root, after: after.root,
      leaf: leaf.sequence, files: target.shardNames, patch: plan.applied.patch, signers: [],
      signature: signature, claims: written)
  }

  /// Files by their place among all files of the model, as leaves name them.
  private static func changes(_ files: [ModelDigest.File], of model: ModelDigest)
    -> [LedgerState.ChangedFile]
  {
    var changes: [LedgerState.ChangedFile] = []
    for (place, file) in model.files.enumerated() {
      if let new = files.first(where: { ByteString($0.name) == ByteString(file.name) }) {
        changes.append(LedgerState.ChangedFile(file: place, digest: new.digest))
      }
    }
    return changes
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
