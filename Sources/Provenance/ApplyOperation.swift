import Attestation
import Claims
public import Ledger
public import ModelSigning
public import Patching
import Safetensors
import Storage
import StrictJSON

/// What applying a patch would do, with all checks done and nothing written.
public struct ApplyPlan: ~Copyable, Sendable {
  /// The target, checked.
  public let target: PatchTarget
  /// The digests of the base.
  public let base: ModelDigest
  /// The signers that are trusted.
  public let signers: [String]
  /// The model in the ledger; nil where it will be registered.
  let model: LedgerState.Model?
  /// The folder, without symbolic links.
  let folder: String
  /// The patch with its values as they are.
  let values: PatchFile
}

extension Workspace {
  /// Does every check of applying, in the order of `docs/formats/patch.md`, and writes nothing.
  public func planApply(
    _ patch: borrowing SignedPatch, to folder: String, inPlace: Bool,
    verification: PatchTarget.Verification, store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> ApplyPlan {
    let state = try ledger { () throws(LedgerError) in try store.state() }
    let signers = try patch.checkTrust(
      try trust(), revoked: Set(state.revokedKeys(at: state.count).keys), at: surroundings.now)
    try Self.refuseUnfinished(folder)
    try checkRequest(patch.statement, state)
    let checkpoint = try readingModel(folder)
    // Changes make values only of the base's, so what can be told without values comes first.
    var hashed: ModelDigest?
    if patch.statement.encoding.needsBase {
      try patching { () throws(PatchError) in try patch.statement.checkFiles(of: checkpoint) }
      if verification == .full {
        hashed = try orMovedOn(folder, patch.statement, state, store) {
          () throws(ProvenanceError) in
          try checkAllFiles(of: checkpoint, patch.statement, state, surroundings)
        }
      }
    }
    let values = try orMovedOn(folder, patch.statement, state, store) {
      () throws(ProvenanceError) in try self.values(of: patch, against: checkpoint, state)
    }
    let target = try patching { () throws(PatchError) in
      try PatchTarget(
        patch: values, signedAs: patch.file.digest, statement: patch.statement,
        checkpoint: checkpoint)
    }
    let known = hashed
    let base = try orMovedOn(folder, patch.statement, state, store) {
      () throws(ProvenanceError) in
      try checkBase(target, values, verification, known, state, surroundings)
    }
    let identity = try ModelIdentity(
      folder: folder, root: base.root, store: store, state: state)
    if let model = identity.known {
      if let open = model.openIntent {
        throw ProvenanceError(
          .state, "leaf \(open.leaf) has begun an operation on this model that has not ended",
          hint: "`unlearn-patch recover \(folder)`")
      }
      guard model.head == base.root else {
        if verification == .touched,
          let moved = try movedOn(folder, patch.statement, state, store)
        {
          throw moved
        }
        throw ProvenanceError(
          .state,
          "the ledger has this model at \(model.head), the folder is at \(base.root)",
          hint: "`unlearn-patch verify \(folder)` tells what it is")
      }
    }
    if inPlace {
      try patching { () throws(PatchError) in try target.checkWritableInPlace() }
      let needed = Self.spaceInPlace(patch)
      let free = try storing { () throws(StorageError) in try Folder.freeByteCount(at: path) }
      guard free > needed else {
        throw ProvenanceError(
          StorageError(.noSpace(needed: needed, free: free), path: path))
      }
    }
    return ApplyPlan(
      target: target, base: base, signers: signers, model: identity.known, folder: identity.path,
      values: values)
  }

  /// The patch with its values as they are.
  private func values(
    of patch: borrowing SignedPatch, against checkpoint: Safetensors.Checkpoint,
    _ state: LedgerState
  ) throws(ProvenanceError) -> PatchFile {
    do throws(PatchError) {
      return try patch.file.values(against: checkpoint, patch.statement, scratch: path)
    } catch {
      if case .alreadyApplied = error.reason {
        throw Self.alreadyApplied(checkpoint, patch.statement, state)
      }
      throw ProvenanceError(error)
    }
  }

  /// Runs a check; where it fails because the model has moved on from the patch's base, says that.
  private func orMovedOn<Value: ~Copyable>(
    _ folder: String, _ statement: PatchStatement, _ state: LedgerState, _ store: LedgerStore,
    _ check: () throws(ProvenanceError) -> Value
  ) throws(ProvenanceError) -> Value {
    do throws(ProvenanceError) { return try check() } catch {
      throw try movedOn(folder, statement, state, store) ?? error
    }
  }

  private func checkRequest(_ statement: PatchStatement, _ state: LedgerState)
    throws(ProvenanceError)
  {
    guard let request = statement.request else { return }
    guard statement.ledgerOrigin == nil || statement.ledgerOrigin == verifierKey.name else {
      throw ProvenanceError(
        .state,
        "the patch answers a request of the ledger \(statement.ledgerOrigin ?? ""), this one is \(verifierKey.name)"
      )
    }
    guard state.request(request) != nil else {
      throw ProvenanceError(.state, "the request \(request) is not in this ledger")
    }
  }

  /// The refusal of a patch whose base is a former state of this very model: what has happened since.
  private func movedOn(
    _ folder: String, _ statement: PatchStatement, _ state: LedgerState, _ store: LedgerStore
  ) throws(ProvenanceError) -> ProvenanceError? {
    let place = try storing { () throws(StorageError) in try Paths.resolved(folder) }
    guard let id = try ledger({ () throws(LedgerError) in try store.model(at: place) }),
      let model = state.model(id), model.head != statement.resultRoot
    else { return nil }
    if let applied = model.applied.first(where: { $0.patch == statement.patchDigest }) {
      return ProvenanceError(
        .state, "\(folder): the patch is applied already (leaf \(applied.leaf))")
    }
    guard let index = model.steps.lastIndex(where: { $0.root == statement.base.root }),
      index < model.steps.count - 1
    else { return nil }
    let since = model.steps[(index + 1)...].map { step in
      "\(step.patch?.hex.prefix(12) ?? "")… \(step.takesBack ? "taken back" : "applied") (leaf \(step.leaf))"
    }
    return ProvenanceError(
      .state,
      "the model is not the base of this patch any more: the patch was made for it as it was at leaf \(model.steps[index].leaf) (root \(statement.base.root)); since then \(since.joined(separator: ", "))",
      hint:
        "take those back with `unlearn-patch rollback \(folder) PATCH`, or make the patch anew for the model as it is (`create` or `diff`)"
    )
  }

  /// The model is the base, or the refusal says what it is instead.
  private func checkBase(
    _ target: PatchTarget, _ patch: borrowing PatchFile,
    _ verification: PatchTarget.Verification, _ hashed: ModelDigest?, _ state: LedgerState,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> ModelDigest {
    if verification == .touched {
      do throws(PatchError) { try target.checkTouched(patch, are: .base) } catch {
        var isResult = true
        do throws(PatchError) { try target.checkTouched(patch, are: .result) } catch {
          isResult = false
        }
        if isResult {
          throw Self.alreadyApplied(target.checkpoint, target.statement, state)
        }
        throw ProvenanceError(error)
      }
      return target.statement.base
    }
    let total = target.checkpoint.byteCount + target.shardByteCount
    let statement = target.statement
    let effect: PatchEffect
    do throws(PatchError) {
      effect = try target.effect(of: patch, base: hashed) {
        surroundings.progress("checking", $0, total)
      }
    } catch { throw ProvenanceError(error) }
    try Self.check(effect.base, of: target.checkpoint, statement, state)
    guard effect.result == statement.result else {
      let wrong = statement.resultFiles.first { effect.result[$0.name] != $0.digest }
      throw ProvenanceError(
        PatchError(
          .wrongResult(
            expected: wrong?.digest ?? statement.resultRoot,
            found: wrong.flatMap { effect.result[$0.name] } ?? effect.result.root),
          path: target.checkpoint.fullPath(wrong?.name ?? "")))
    }
    return effect.base
  }

  private func checkAllFiles(
    of checkpoint: Safetensors.Checkpoint, _ statement: PatchStatement, _ state: LedgerState,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> ModelDigest {
    let total = checkpoint.byteCount
    let found: ModelDigest
    do throws(PatchError) {
      found = try ModelDigest(checkpoint) {
        surroundings.progress("checking the base", $0, total)
      }
    } catch { throw ProvenanceError(error) }
    try Self.check(found, of: checkpoint, statement, state)
    return found
  }

  /// The model is the base.
  private static func check(
    _ found: ModelDigest, of checkpoint: Safetensors.Checkpoint, _ statement: PatchStatement,
    _ state: LedgerState
  ) throws(ProvenanceError) {
    switch statement.standing(found) {
    case .base: return
    case .result: throw alreadyApplied(checkpoint, statement, state)
    case .other(let file, let expected, let found):
      throw ProvenanceError(
        PatchError(
          .wrongBase(expected: expected, found: found), path: checkpoint.fullPath(file)))
    }
  }

  private static func alreadyApplied(
    _ checkpoint: Safetensors.Checkpoint, _ statement: PatchStatement, _ state: LedgerState
  ) -> ProvenanceError {
    let digest = statement.patchDigest
    let leaf = state.models.lazy.compactMap { model in
      model.steps.last { $0.patch == digest && $0.root == statement.resultRoot }?.leaf
    }.first
    return ProvenanceError(
      .state,
      "\(checkpoint.path): the patch is applied already\(leaf.map { " (leaf \($0))" } ?? "")"
    )
  }

  /// For how many days a patch may be taken back where nothing else is said.
  public static let undoDays = 30

  /// Applies a patch to the model's own files.
  ///
  /// - Parameters:
  ///   - undoDays: After how many days the undo key is to be destroyed; recorded, and told when overdue.
  ///   - signer: Who signs the model as it is then, and claims how it came to be; `model.sig` and `claims.jsonl`
  ///     become stale where it is nil.
  ///   - thresholds: What the patch's measurements are held against for a claim.
  public func apply(
    _ patch: borrowing SignedPatch, inPlaceTo folder: String,
    verification: PatchTarget.Verification, undoDays: Int = Self.undoDays,
    signer: ModelSigner? = nil, thresholds: ThresholdFile? = nil, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> OperationResult {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    let store = try openLedger(.append)
    let plan = try planApply(
      patch, to: folder, inPlace: true, verification: verification, store: store, surroundings)
    let target = plan.target
    let (renewal, claims) = try renewals(
      patch, plan, in: folder, verification, by: signer, thresholds, surroundings)
    if verification == .touched {
      try renewal?.hashChanged(target, plan.values, base: plan.base, surroundings)
    }
    warnOfReaders(target, surroundings)
    let model = try identity(plan, store, surroundings)
    let capsule = "undo-" + Hex.encode(SecureRandom.bytes(16)).grouped
    let key = SecureRandom.bytes(32)
    try keepArtifactAndCapsule(patch, plan, capsule: capsule, key: key)
    let after = target.statement.result
    var attachments = LedgerStore.Attachments()
    attachments.undoKey = (capsule, key)
    attachments.blobs = [(SigstoreBundle.mediaType, patch.bundleBytes)]
    let (leaf, signature, written) = try writeUnderJournal(
      target, plan.values,
      journal: journal(
        .apply, target, model: model, capsule: capsule, before: patch.statement.base, after: after),
      intent: Self.intent(
        "apply", patch.statement, bundle: patch.bundleDigest, model: model, before: plan.base.root,
        after: after.root, capsule: capsule,
        undoUntil: Timestamp(seconds: surroundings.now.seconds + Int64(undoDays) * 86_400)),
      attachments: attachments, after: after,
      closing: .patchApplied, discarding: nil, renewal: renewal, claims: claims, store: store,
      surroundings)
    return OperationResult(
      model: model, before: plan.base.root, after: after.root, leaf: leaf.sequence,
      files: target.shardNames, patch: patch.statement.patchDigest, signers: plan.signers,
      signature: signature, claims: written)
  }

  /// What will be signed and claimed of the result; nil where no key is given.
  ///
  /// - Parameter folder: Where claims are that will be replaced; nil for a new folder.
  private func renewals(
    _ patch: borrowing SignedPatch, _ plan: borrowing ApplyPlan, in folder: String?,
    _ verification: PatchTarget.Verification, by signer: ModelSigner?,
    _ thresholds: ThresholdFile?, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> (SignatureRenewal?, ClaimsRenewal?) {
    let renewal = try SignatureRenewal(
      of: plan.target.checkpoint, base: plan.base, isHashed: verification == .full, by: signer,
      surroundings)
    guard let signer else { return (renewal, nil) }
    return (
      renewal,
      try ClaimsRenewal(
        in: folder, .apply, patch.statement, bundle: patch.bundleDigest,
        parentRoot: plan.base.root, by: signer, policy: thresholds, surroundings)
    )
  }

  /// Makes a patched copy of a model in a new folder.
  ///
  /// - Parameters:
  ///   - signer: Who signs the copy, and claims how it came to be.
  ///   - thresholds: What the patch's measurements are held against for a claim.
  public func apply(
    _ patch: borrowing SignedPatch, to folder: String, output: String,
    verification: PatchTarget.Verification, signer: ModelSigner? = nil,
    thresholds: ThresholdFile? = nil, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> OperationResult {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    let store = try openLedger(.append)
    let plan = try planApply(
      patch, to: folder, inPlace: false, verification: verification, store: store, surroundings)
    let target = plan.target
    let (renewal, claims) = try renewals(
      patch, plan, in: nil, verification, by: signer, thresholds, surroundings)
    try keepArtifact(patch)
    let parent = try identity(plan, store, surroundings)
    let total = target.checkpoint.byteCount
    do throws(PatchError) {
      try PatchedCopy.make(target, patch: plan.values, at: output) {
        surroundings.progress("copying", $0, total)
      }
    } catch { throw ProvenanceError(error) }
    let after = target.statement.result
    let place = try storing { () throws(StorageError) in try Paths.resolved(output) }
    let model = "urn:uuid:" + SecureRandom.uuid()
    var attachments = LedgerStore.Attachments()
    attachments.place = (place, model)
    attachments.blobs = [(SigstoreBundle.mediaType, patch.bundleBytes)]
    let statement = patch.statement
    let leaves = try record(
      [
        ModelIdentity.registration(
          id: model, digest: plan.base, checkpoint: target.checkpoint, parent: parent),
        Event(
          .patchApplied,
          [
            "model": .text(model), "patch": .text(statement.patchDigest.hex),
            "bundle": .text(patch.bundleDigest.hex), "base": .text(plan.base.root.hex),
            "root": .text(after.root.hex), "mode": "output",
            "request": statement.request.map { .text($0) },
          ]),
      ], attachments, in: store, at: surroundings.now)
    let leaf = leaves[leaves.count - 1]
    return OperationResult(
      model: model, before: plan.base.root, after: after.root, leaf: leaf.sequence,
      files: target.shardNames,
      patch: statement.patchDigest, signers: plan.signers,
      signature: try renewal?.write(in: output, after),
      claims: try claims?.write(
        in: output, mode: "output", parent: parent, after, origin: verifierKey.name,
        leaf: (leaf.sequence, leaf.time)))
  }

  /// The model's identity in the ledger; it is registered where it has none.
  private func identity(
    _ plan: borrowing ApplyPlan, _ store: LedgerStore, _ surroundings: Surroundings
  )
    throws(ProvenanceError) -> String
  {
    if let model = plan.model { return model.id }
    let id = "urn:uuid:" + SecureRandom.uuid()
    var attachments = LedgerStore.Attachments()
    attachments.place = (plan.folder, id)
    try record(
      [
        ModelIdentity.registration(
          id: id, digest: plan.base, checkpoint: plan.target.checkpoint, parent: nil)
      ], attachments, in: store, at: surroundings.now)
    return id
  }

  /// What undoing and recovery will need, both made at once; where one fails, no capsule is left.
  private func keepArtifactAndCapsule(
    _ patch: borrowing SignedPatch, _ plan: borrowing ApplyPlan, capsule: String, key: [UInt8]
  ) throws(ProvenanceError) {
    let capsulePath = capsulePath(capsule)
    try storing { () throws(StorageError) in
      // Copies of a workspace lose folders that are empty.
      try Folder.create(Paths.parent(of: capsulePath), mode: 0o700)
    }
    do throws(ProvenanceError) {
      _ = try Parallel.map(2) { task throws(ProvenanceError) in
        if task == 1 { return try keepArtifact(patch) }
        try patching { () throws(PatchError) in
          try UndoCapsule.seal(plan.target, patch: plan.values, to: capsulePath, key: key)
        }
      }
    } catch {
      try storing { () throws(StorageError) in
        if try FileStatus.ifExists(capsulePath) != nil { try Folder.remove(capsulePath) }
      }
      throw error
    }
  }

  /// Keeps the patch in the workspace, where recovery and verification find it.
  private func keepArtifact(_ patch: borrowing SignedPatch) throws(ProvenanceError) {
    let path = artifactPath(patch.statement.patchDigest)
    try storing { () throws(StorageError) in
      try Folder.create(Paths.parent(of: path), mode: 0o700)
    }
    let known = try storing { () throws(StorageError) in try FileStatus.ifExists(path) }
    if known != nil,
      try storing({ () throws(StorageError) in try SHA256.digest(ofFile: path) })
        == patch.statement.patchDigest
    {
      return
    }
    do throws(StorageError) { try patch.file.copy(to: path, mode: 0o600) } catch {
      throw ProvenanceError(error)
    }
  }

  func journal(
    _ operation: Journal.Operation, _ target: PatchTarget, model: String, capsule: String,
    before: ModelDigest, after: ModelDigest
  ) -> Journal {
    Journal(
      operation: operation, model: model, workspace: path, patch: target.statement.patchDigest,
      capsule: capsule,
      files: target.shardNames.compactMap { name in
        guard let old = before[name], let new = after[name] else { return nil }
        return Journal.Change(name: name, before: old, after: new)
      })
  }

  static func intent(
    _ operation: String, _ statement: PatchStatement, bundle: Digest?, model: String,
    before: Digest, after: Digest, capsule: String, undoUntil: Timestamp? = nil,
    changed: [LedgerState.ChangedFile] = []
  ) -> Event {
    Event(
      .patchIntent,
      [
        "operation": .text(operation), "patch": .text(statement.patchDigest.hex),
        "bundle": bundle.map { .text($0.hex) }, "model": .text(model), "base": .text(before.hex),
        "result": .text(after.hex), "undo": .text(capsule),
        "undo_until": undoUntil.map { .text($0.description) },
        "changed": LedgerState.ChangedFile.json(changed),
        "request": statement.request.map { .text($0) },
        "parameters": .integer(Int64(statement.units.parameters)),
        "heads": .integer(Int64(statement.units.touchedHeads)),
        "filters": .integer(Int64(statement.units.touchedFilters)),
      ])
  }
}

extension String {
  /// Hexadecimal digits in groups of four, so that no run of digits looks like a person's number.
  var grouped: String {
    let digits = Array(utf8)
    return stride(from: 0, to: digits.count, by: 4)
      .map { String(decoding: digits[$0..<Swift.min($0 + 4, digits.count)], as: UTF8.self) }
      .joined(separator: "-")
  }
}
