import Attestation
import Ledger
import Patching
import Safetensors
public import Storage
import StrictJSON

/// What an operation needs from outside.
public struct Surroundings: Sendable {
  /// The present moment.
  public var now: Timestamp
  /// Told of progress: what is being done, bytes done since the last call, bytes in all.
  public var progress: @Sendable (_ what: String, _ advance: Int, _ total: Int) -> Void
  /// Told what a person should know before something is written.
  public var warn: @Sendable (String) -> Void

  /// Names the present moment.
  public init(
    now: Timestamp,
    progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in },
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.now = now
    self.progress = progress
    self.warn = warn
  }
}

/// What applying or taking back has come to.
public struct OperationResult: Sendable {
  /// The model's identity in the ledger.
  public let model: String
  /// The root before.
  public let before: Digest
  /// The root after.
  public let after: Digest
  /// The leaf that records it.
  public let leaf: Int
  /// The files that changed.
  public let files: [String]
  /// The patch.
  public let patch: Digest
  /// The signers that were trusted; empty when a patch is taken back.
  public let signers: [String]
  /// The signature over the model that was written.
  public let signature: SignedModel?
  /// The claims about the model that were written.
  public let claims: WrittenClaims?
}

/// The lock on a model's folder, held while its files are looked at and written.
struct ModelLock: ~Copyable {
  private let folder: Descriptor

  init(_ path: String) throws(ProvenanceError) {
    let folder = try storing { () throws(StorageError) in try Descriptor(path, .directory) }
    try storing { () throws(StorageError) in try folder.lock() }
    self.folder = folder
  }
}

extension Workspace {
  /// Refuses a model in whose folder an operation was interrupted.
  static func refuseUnfinished(_ folder: String) throws(ProvenanceError) {
    let journal = try patching { () throws(PatchError) in try Journal(in: folder) }
    if let journal {
      throw ProvenanceError(
        .state,
        "\(folder): an interrupted \(journal.operation.rawValue) has left the model in between",
        hint: "`unlearn-patch recover \(folder)` finishes or undoes it")
    }
  }

  /// The part of apply and rollback that writes: capsule or key are in place, the checks are done.
  ///
  /// Journal, intent leaf, files, read-back, closing leaf, `model.sig`, `claims.jsonl`, journal gone: in this order,
  /// each durable before the next, so that an interruption at any point leaves a journal that says what to do.
  func writeUnderJournal(
    _ target: PatchTarget, _ patch: borrowing PatchFile, journal: Journal,
    intent: Event, attachments: LedgerStore.Attachments, after: ModelDigest,
    closing: LeafType, discarding capsule: String?, renewal: SignatureRenewal?,
    claims: ClaimsRenewal?, store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> (leaf: Leaf, signature: SignedModel?, claims: WrittenClaims?) {
    let folder = target.checkpoint.path
    try patching { () throws(PatchError) in try journal.write(in: folder) }
    let leaves: [Leaf]
    do throws(ProvenanceError) {
      leaves = try record([intent], attachments, in: store, at: surroundings.now)
    } catch {
      // Nothing has been written to the model yet.
      try patching { () throws(PatchError) in try Journal.remove(in: folder) }
      throw error
    }
    do throws(ProvenanceError) {
      let total = target.shardByteCount
      try patching { () throws(PatchError) in
        try target.writeInPlace(patch) { surroundings.progress("writing", $0, total) }
      }
      let side: PatchTarget.Side = journal.operation == .apply ? .result : .base
      // All else of the files was read and hashed before, or was not asked for.
      try patching { () throws(PatchError) in try target.checkTouched(patch, are: side) }
      let closed = try close(
        intent: leaves[leaves.count - 1].sequence, intent, closing, root: after.root, outcome: nil,
        store: store, surroundings)
      if let capsule { try discardCapsule(capsule, store) }
      let signature = try renewal?.write(in: folder, after)
      if signature == nil { SignatureRenewal.warnIfStale(in: folder, after.files, surroundings) }
      let written = try claims?.write(
        in: folder, mode: "in-place", parent: journal.model, after, origin: verifierKey.name,
        leaf: (closed.sequence, closed.time))
      if written == nil { ClaimsPlace.warnIfStale(in: folder, after.root, surroundings) }
      try patching { () throws(PatchError) in try Journal.remove(in: folder) }
      return (closed, signature, written)
    } catch {
      throw ProvenanceError(
        error.category, error.description,
        hint:
          "the operation was interrupted: `unlearn-patch recover \(folder)` finishes it, with --undo it is taken back"
      )
    }
  }

  /// Holds the digests of files that were written against those of the model that they belong to.
  static func check(_ written: [ModelDigest.File], are after: ModelDigest) throws(ProvenanceError) {
    for file in written {
      guard let expected = after[file.name], expected == file.digest else {
        throw ProvenanceError(
          .invalid,
          "\(file.name): what was written is not what the patch promises: expected sha256 \(after[file.name]?.hex ?? "none"), found \(file.digest)"
        )
      }
    }
  }

  /// The leaf that ends an operation.
  func close(
    intent sequence: Int, _ intent: Event, _ type: LeafType, root: Digest, outcome: String?,
    store: LedgerStore, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> Leaf {
    let event = Event(
      type,
      [
        "intent": .integer(Int64(sequence)), "model": intent.fields["model"],
        "patch": intent.fields["patch"], "request": intent.fields["request"],
        "bundle": intent.fields["bundle"], "undo": intent.fields["undo"],
        "root": .text(root.hex), "outcome": outcome.map { .text($0) },
        "mode": type == .patchApplied ? "in-place" : nil,
      ])
    let leaves = try record([event], in: store, at: surroundings.now)
    return leaves[leaves.count - 1]
  }
}
