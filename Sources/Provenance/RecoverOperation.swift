import Attestation
import Ledger
public import Patching
import Safetensors
public import Storage
import StrictJSON

/// How an interrupted operation is brought to an end.
public enum Recovery: String, Sendable, CaseIterable {
  /// Finish it.
  case finish
  /// Restore what was before it.
  case undo
}

/// What recovery has come to.
public struct RecoveryResult: Sendable {
  /// The operation that was interrupted.
  public let operation: Journal.Operation
  /// Whether the model is what the operation leads to; else what it was before.
  public let isFinished: Bool
  /// The root of the model.
  public let root: Digest
}

extension Workspace {
  /// Brings an interrupted operation to an end; nil where there is none.
  ///
  /// Values are absolute, so writing them again over a mixture of old and new leads to the same bytes.
  public func recover(
    _ folder: String, _ wanted: Recovery, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> RecoveryResult? {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    let store = try openLedger(.append)
    try patching { () throws(PatchError) in try Journal.removeUnfinished(in: folder) }
    try storing { () throws(StorageError) in try ScratchFile.removeLeftovers(in: path) }
    let journal = try patching { () throws(PatchError) in try Journal(in: folder) }
    let state = try ledger { () throws(LedgerError) in try store.state() }
    guard let journal else {
      return try closeIntentWithoutJournal(folder, store, state, surroundings)
    }
    guard journal.workspace == path else {
      throw ProvenanceError(
        .state, "the operation was begun from the workspace \(journal.workspace)",
        hint: "run recover with --workspace \(journal.workspace)")
    }
    guard let model = state.model(journal.model), let intent = model.openIntent,
      intent.patch == journal.patch, intent.capsule == journal.capsule
    else {
      // Either the intent was never recorded, and no file was touched, or the operation was closed and only
      // the journal is left. The files' digests say which, and the ledger must agree.
      return try finishJournalOnly(folder, journal, state, store, surroundings)
    }
    return try rewrite(folder, journal, intent, wanted, state, store, surroundings)
  }

  private func rewrite(
    _ folder: String, _ journal: Journal, _ intent: LedgerState.Intent, _ wanted: Recovery,
    _ state: LedgerState, _ store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> RecoveryResult {
    let signed = try keptPatch(journal.patch, state, store)
    let checkpoint = try readingModel(folder)
    let isFinished = wanted == .finish
    let wantsNewValues = intent.isApply == isFinished
    let goal = isFinished ? intent.after : intent.before
    var after = wantsNewValues ? signed.statement.result : signed.statement.base
    if after.root != goal {
      // A patch among others: what the files lead to is in no statement, the journal has it.
      after = ModelDigest(
        files: journal.files.map {
          ModelDigest.File(name: $0.name, digest: isFinished ? $0.after : $0.before)
        })
    }
    let target = try writeValues(
      new: wantsNewValues, of: signed, to: checkpoint, capsule: journal.capsule, store)
    let written = try patching { () throws(PatchError) in try target.digestAfterWriting() }
    try Self.check(written, are: after)
    if after.root != goal {
      let found = try patching { () throws(PatchError) in try ModelDigest(checkpoint) }
      guard found.root == goal else {
        throw ProvenanceError(
          .invalid,
          "\(folder): the model should be at \(goal) now, it is at \(found.root): a file that the patch does not touch has changed",
          hint: "restore the model's other files from a backup, then recover again")
      }
    }
    let closing = Event(
      .patchIntent,
      [
        "model": .text(journal.model), "patch": .text(journal.patch.hex),
        "request": intent.request.map { .text($0) }, "undo": .text(journal.capsule),
      ])
    _ = try close(
      intent: intent.leaf, closing, .patchRecovered, root: goal,
      outcome: isFinished ? "result" : "base", store: store, surroundings)
    if !wantsNewValues { try discardCapsule(journal.capsule, store) }
    SignatureRenewal.warnIfStale(
      in: folder,
      journal.files.map {
        ModelDigest.File(name: $0.name, digest: isFinished ? $0.after : $0.before)
      }, surroundings)
    ClaimsPlace.warnIfStale(in: folder, goal, surroundings)
    try patching { () throws(PatchError) in try Journal.remove(in: folder) }
    return RecoveryResult(
      operation: journal.operation, isFinished: isFinished, root: goal)
  }

  /// Writes the new or the former values; gives the target that was written.
  ///
  /// New values are in the patch, former ones in the undo capsule. Changes are changes of the former values, which
  /// the model does not have any more, so they need both.
  private func writeValues(
    new wantsNewValues: Bool, of signed: borrowing SignedPatch,
    to checkpoint: Safetensors.Checkpoint, capsule: String, _ store: LedgerStore
  ) throws(ProvenanceError) -> PatchTarget {
    let needsCapsule = !wantsNewValues || signed.statement.encoding.needsBase
    let key = try ledger { () throws(LedgerError) in
      needsCapsule ? try store.undoKey(capsule) : nil
    }
    do throws(PatchError) {
      if !needsCapsule {
        let values = try signed.file.values(
          against: checkpoint, signed.statement, scratch: path)
        let target = try PatchTarget(
          patch: values, signedAs: signed.file.digest, statement: signed.statement,
          checkpoint: checkpoint)
        try target.writeInPlace(values)
        return target
      }
      if let key {
        let inverse = try UndoCapsule.open(capsulePath(capsule), key: key)
        let values = try signed.file.values(against: checkpoint, over: inverse, scratch: path)
        let target = try PatchTarget(
          patch: values, signedAs: signed.file.digest, statement: signed.statement,
          checkpoint: checkpoint)
        try target.checkInverse(inverse)
        if wantsNewValues {
          try target.writeInPlace(values)
        } else {
          try target.writeInPlace(inverse)
        }
        return target
      }
    } catch { throw ProvenanceError(error) }
    throw ProvenanceError(
      .incomplete, "the key of the undo capsule is gone",
      hint: "restore the model's files from a backup, or recover to the other end of the operation"
    )
  }

  /// A journal whose intent is not open: nothing was written, or everything is done.
  private func finishJournalOnly(
    _ folder: String, _ journal: Journal, _ state: LedgerState, _ store: LedgerStore,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> RecoveryResult {
    let checkpoint = try readingModel(folder)
    let found = try patching { () throws(PatchError) in try ModelDigest(checkpoint) }
    let isAfter = journal.files.allSatisfy { found[$0.name] == $0.after }
    let isBefore = journal.files.allSatisfy { found[$0.name] == $0.before }
    guard isAfter || isBefore, state.model(journal.model)?.head == found.root else {
      throw ProvenanceError(
        .invalid,
        "\(folder): the files are neither what they were before the \(journal.operation.rawValue) nor after it, and the ledger has no open intent",
        hint: "restore the model's files from a backup")
    }
    if journal.operation == .apply ? isBefore : isAfter {
      // Sealed for an operation that never began, or has served its purpose.
      try discardCapsule(journal.capsule, store)
    }
    SignatureRenewal.warnIfStale(in: folder, found.files, surroundings)
    ClaimsPlace.warnIfStale(in: folder, found.root, surroundings)
    try patching { () throws(PatchError) in try Journal.remove(in: folder) }
    return RecoveryResult(
      operation: journal.operation, isFinished: isAfter, root: found.root)
  }

  /// An intent without a journal: the process ended before the journal, or after it was removed.
  private func closeIntentWithoutJournal(
    _ folder: String, _ store: LedgerStore, _ state: LedgerState, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> RecoveryResult? {
    let place = try storing { () throws(StorageError) in try Paths.resolved(folder) }
    guard let id = try ledger({ () throws(LedgerError) in try store.model(at: place) }),
      let intent = state.model(id)?.openIntent
    else { return nil }
    let checkpoint = try readingModel(folder)
    let found = try patching { () throws(PatchError) in try ModelDigest(checkpoint) }
    guard found.root == intent.before || found.root == intent.after else {
      throw ProvenanceError(
        .invalid,
        "\(folder): the model is neither before nor after the operation of leaf \(intent.leaf)")
    }
    let isFinished = found.root == intent.after
    SignatureRenewal.warnIfStale(in: folder, found.files, surroundings)
    ClaimsPlace.warnIfStale(in: folder, found.root, surroundings)
    let closing = Event(
      .patchIntent,
      [
        "model": .text(id), "patch": .text(intent.patch.hex),
        "request": intent.request.map { .text($0) }, "undo": .text(intent.capsule),
      ])
    _ = try close(
      intent: intent.leaf, closing, .patchRecovered, root: found.root,
      outcome: isFinished ? "result" : "base", store: store, surroundings)
    return RecoveryResult(
      operation: intent.isApply ? .apply : .rollback, isFinished: isFinished, root: found.root)
  }
}
