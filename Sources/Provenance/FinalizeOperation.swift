import Attestation
public import Ledger
import Patching
import Safetensors
public import Storage
import StrictJSON

/// What making patches final would do, with all checks done and nothing written.
public struct FinalizePlan: Sendable {
  /// The model's identity in the ledger.
  public let model: String
  /// The applications that become final, in order.
  public let applications: [LedgerState.Applied]
  /// What could still restore what they replaced, in words.
  public let remains: [String]
  /// The digests of the model.
  let root: Digest
  /// How many bytes the model has, all of which were hashed.
  let modelByteCount: Int
}

/// What making patches final has come to.
public struct FinalizeResult: Sendable {
  /// The model's identity in the ledger.
  public let model: String
  /// The patches with the leaves that say that they are final.
  public let patches: [(patch: Digest, leaf: Int)]
  /// How many files were searched for what is left of the keys.
  public let searchedFiles: Int
  /// How many bytes those had.
  public let searchedByteCount: Int
  /// What could still restore what the patches replaced, in words.
  public let remains: [String]
}

extension Workspace {
  /// Does every check of making patches final, and writes nothing.
  ///
  /// - Parameter patch: The patch that is meant; nil for all that are applied.
  public func planFinalize(
    _ folder: String, patch wanted: Digest?, store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> FinalizePlan {
    try Self.refuseUnfinished(folder)
    let state = try ledger { () throws(LedgerError) in try store.state() }
    let found = try HashedModel(folder: folder, store: store, state: state, surroundings)
    let model = found.model
    if let open = model.openIntent {
      throw ProvenanceError(
        .state, "leaf \(open.leaf) has begun an operation on this model that has not ended",
        hint: "`unlearn-patch recover \(folder)`")
    }
    let applications = try Self.toFinalize(wanted, model, folder)
    // What can't be undone is not begun on a model that is not what the ledger has.
    try found.checkHead()
    return FinalizePlan(
      model: model.id, applications: applications,
      remains: try remains(of: applications, model, state, store), root: found.digest.root,
      modelByteCount: found.checkpoint.byteCount)
  }

  private static func toFinalize(
    _ wanted: Digest?, _ model: LedgerState.Model, _ folder: String
  ) throws(ProvenanceError) -> [LedgerState.Applied] {
    if let wanted {
      guard let applied = model.applied.first(where: { $0.patch == wanted }) else {
        throw ProvenanceError(
          .state, "\(folder): the patch \(wanted) is not applied to this model",
          hint: model.steps.contains { $0.patch == wanted && !$0.takesBack }
            ? "a patched copy, and a patch that was taken back, have no undo material of their own"
            : nil)
      }
      if let leaf = applied.final {
        throw ProvenanceError(.state, "the patch \(wanted) is final already (leaf \(leaf))")
      }
      return [applied]
    }
    let left = model.applied.filter { $0.final == nil }
    if left.isEmpty {
      throw ProvenanceError(
        .state,
        model.applied.isEmpty
          ? "\(folder): no patch is applied in place to this model, so there is no undo material"
          : "\(folder): all patches of this model are final already")
    }
    return left
  }

  /// Makes patches final: destroys their undo keys and capsules, and looks for what is left of the keys.
  ///
  /// The key goes in the same transaction as the leaf that says so. Only when the search of all files of the workspace
  /// has found no trace of it is the patch said to be final. Interrupted anywhere, it is repeated and finishes.
  public func finalize(
    _ folder: String, patch wanted: Digest?, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> FinalizeResult {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    let store = try openLedger(.append)
    let plan = try planFinalize(folder, patch: wanted, store: store, surroundings)
    try patching { () throws(PatchError) in try Journal.removeUnfinished(in: folder) }
    var traces: [KeyTraces] = []
    for applied in plan.applications {
      traces.append(try destroyKey(of: applied, plan.model, store, surroundings))
      try removeCapsule(applied.capsule)
    }
    try ledger { () throws(LedgerError) in try store.purge() }
    let searched = try search(for: zip(plan.applications, traces).map { ($0, $1) }, surroundings)
    let events = plan.applications.map { applied in
      Event(
        .patchFinalized,
        [
          "model": .text(plan.model), "patch": .text(applied.patch.hex),
          "undo": .text(applied.capsule), "request": applied.request.map { .text($0) },
          "searched_files": .integer(Int64(searched.files)),
          "searched_bytes": .integer(Int64(searched.byteCount)),
          "remains": .integer(Int64(plan.remains.count)),
        ])
    }
    let leaves = try record(events, in: store, at: surroundings.now)
    return FinalizeResult(
      model: plan.model,
      patches: zip(plan.applications, leaves).map { ($0.patch, $1.sequence) },
      searchedFiles: searched.files, searchedByteCount: searched.byteCount, remains: plan.remains)
  }

  /// Destroys a key, with the leaf that says so; gives what knows it again.
  private func destroyKey(
    of applied: LedgerState.Applied, _ model: String, _ store: LedgerStore,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> KeyTraces {
    let key = try ledger { () throws(LedgerError) in try store.undoKey(applied.capsule) }
    if applied.destroyed != nil, let digest = applied.keyDigest {
      if key != nil {
        // Only a database that was tampered with has both.
        try ledger { () throws(LedgerError) in try store.forgetUndoKey(applied.capsule) }
      }
      return KeyTraces(digest: digest)
    }
    guard let key else {
      throw ProvenanceError(
        .incomplete,
        "the undo key of the patch \(applied.patch) is gone, and no leaf says that it was destroyed: what is left of it can't be searched for"
      )
    }
    var attachments = LedgerStore.Attachments()
    attachments.destroyedUndoKey = applied.capsule
    try record(
      [
        Event(
          .undoDestroyed,
          [
            "model": .text(model), "patch": .text(applied.patch.hex),
            "undo": .text(applied.capsule), "key": .text(SHA256.digest(of: key).hex),
            "request": applied.request.map { .text($0) },
          ])
      ], attachments, in: store, at: surroundings.now)
    return KeyTraces(key: key)
  }

  /// Removes a capsule, and what an interrupted sealing or unsealing has left of it.
  private func removeCapsule(_ capsule: String) throws(ProvenanceError) {
    let path = capsulePath(capsule)
    let folder = Paths.parent(of: path)
    try storing { () throws(StorageError) in
      guard try FileStatus.ifExists(folder) != nil else { return }
      for name in try Folder.names(in: folder)
      where Self.isUnfinished(name, of: Paths.name(of: path)) {
        try Folder.remove(Paths.join(folder, name))
      }
      try Folder.remove(path)
    }
  }

  /// Whether a name is that of an unfinished form of a file.
  private static func isUnfinished(_ name: String, of file: String) -> Bool {
    name.hasPrefix(".\(file).") && name.hasSuffix(".partial")
  }

  /// Searches all files of the workspace for traces of keys.
  private func search(
    for keys: [(applied: LedgerState.Applied, traces: KeyTraces)], _ surroundings: Surroundings
  ) throws(ProvenanceError) -> (files: Int, byteCount: Int) {
    try searchFiles(for: keys.map(\.traces), surroundings) { number, file, place in
      ProvenanceError(
        .invalid,
        "not final: the destroyed undo key of the patch \(keys[number].applied.patch) is still in \(file) at byte \(place)",
        hint: "remove that file, or what keeps it from being cleared, and run finalize again")
    }
  }

  /// What an operation of this kind reads and writes.
  public func summary(_ plan: FinalizePlan) throws(ProvenanceError) -> OperationPlan {
    var summary = OperationPlan(before: plan.root, after: plan.root)
    let size = try storing { () throws(StorageError) in
      try FileStatus(ofLink: ledgerPath).byteCount
    }
    // The database is written anew, by way of its log.
    summary.newByteCount = 2 * size
    summary.hashedByteCount = plan.modelByteCount
    summary.neededByteCount = 2 * size + OperationPlan.margin
    summary.freeByteCount = try storing { () throws(StorageError) in
      try Folder.freeByteCount(at: path)
    }
    summary.leaves =
      plan.applications.filter { $0.destroyed == nil }.map { _ in LeafType.undoDestroyed.rawValue }
      + plan.applications.map { _ in LeafType.patchFinalized.rawValue }
    return summary
  }
}
