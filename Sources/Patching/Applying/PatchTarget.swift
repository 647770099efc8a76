import Attestation
public import Safetensors
public import Storage

/// A patch that has been held against a model: what will be read and written, as a value.
///
/// Making one checks patch, statement and model against each other; nothing is written.
public struct PatchTarget: Sendable {
  /// How much of the model is hashed before it is changed.
  public enum Verification: String, Sendable, CaseIterable {
    /// Every file.
    case full
    /// Headers, and the bytes that the patch touches.
    case touched
  }

  /// The model.
  public let checkpoint: Checkpoint
  /// What was signed.
  public let statement: PatchStatement
  /// The edits, bound to the model.
  let edits: [BoundEdit]
  /// The shards that change, by index, in order.
  let shards: [Int]

  /// Checks that patch, statement and model speak of the same tensors.
  ///
  /// - Parameters:
  ///   - patch: The file that brings the values.
  ///   - digest: The digest of the file that was signed, which brings them in whatever encoding.
  public init(
    patch: borrowing PatchFile, signedAs digest: Digest, statement: PatchStatement,
    checkpoint: Checkpoint
  ) throws(PatchError) {
    guard digest == statement.patchDigest else {
      throw PatchError(
        .mismatch(
          "the file is not the one that was signed: expected sha256 \(statement.patchDigest), found \(digest)"
        ), path: patch.path)
    }
    let edits = try patch.bind(to: checkpoint)
    self.checkpoint = checkpoint
    self.statement = statement
    self.edits = edits
    shards = Set(edits.map(\.shard)).sorted()
    try checkRecords(patch)
    try statement.checkFiles(of: checkpoint)
  }

  /// How many bytes of values the patch brings.
  public var touchedByteCount: Int {
    edits.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.runs.byteCount } }
  }

  /// The shards that change, by name.
  public var shardNames: [String] { shards.map { checkpoint.shards[$0].name } }

  /// How many bytes the shards that change have.
  public var shardByteCount: Int {
    shards.reduce(0) { $0 + checkpoint.shards[$1].status.byteCount }
  }

  func editedShard(_ index: Int) -> EditedShard {
    EditedShard(checkpoint.shards[index], index: index, edits: edits)
  }

  /// The statement's record of each part equals what the patch holds.
  private func checkRecords(_ patch: borrowing PatchFile) throws(PatchError) {
    let parts = edits.flatMap { edit in edit.parts.map { (edit, $0) } }
    _ = try Parallel.map(parts.count) { number throws(PatchError) in
      let (edit, part) = parts[number]
      // What the base holds is checked where the model is read; here it is taken as stated.
      guard let stated = statement.edit(of: edit.info.name, part.kind) else {
        throw PatchError(
          .mismatch("the statement has no record of its \(part.kind.rawValue)"),
          path: patch.path, tensor: edit.info.name)
      }
      let shard = checkpoint.shards[edit.shard].name
      guard patch.record(part, of: edit, shard: shard, before: stated.before) == stated else {
        throw PatchError(
          .mismatch(
            "the statement's record of its \(part.kind.rawValue) is not what the patch and the model hold"
          ), path: patch.path, tensor: edit.info.name)
      }
    }
    guard parts.count == statement.edits.count else {
      throw PatchError(
        .mismatch("the statement has \(statement.edits.count) records, the patch \(parts.count)"),
        path: patch.path)
    }
    let touched = Set(shardNames)
    if let stray = statement.resultFiles.first(where: { !touched.contains($0.name) }) {
      throw PatchError(
        .mismatch("the statement changes \(stray.name), which the patch does not touch"),
        path: patch.path)
    }
  }

  /// Checks the bytes that the patch touches against the base, or the result.
  public func checkTouched(_ patch: borrowing PatchFile, are side: Side) throws(PatchError) {
    let parts = shards.flatMap { index in
      editedShard(index).edits.flatMap { edit in edit.parts.map { (index, edit, $0) } }
    }
    _ = try Parallel.map(parts.count) { number throws(PatchError) in
      let (index, edit, part) = parts[number]
      let path = checkpoint.fullPath(checkpoint.shards[index].name)
      guard let stated = statement.edit(of: edit.info.name, part.kind) else { return }
      let found = try storing { () throws(StorageError) in
        let file = try Descriptor(path, .read)
        var touched = TouchedBytes()
        return try touched.digest(
          part, of: patch, in: file,
          tensorStart: checkpoint.shards[index].header.fileRange(of: edit.info).lowerBound)
      }
      let expected = side == .base ? stated.before : stated.after
      guard found != expected else { return }
      throw PatchError(
        side == .base
          ? .wrongBase(expected: expected, found: found)
          : .wrongResult(expected: expected, found: found), path: path, tensor: edit.info.name)
    }
  }

  /// Which end of a patch is meant.
  public enum Side: Hashable, Sendable {
    /// The model before.
    case base
    /// The model after.
    case result
  }

  /// Refuses files whose change in place would reach further than this model, or can't be made.
  public func checkWritableInPlace() throws(PatchError) {
    guard Folder.isWritable(checkpoint.path) else {
      throw PatchError(
        .unsafeTarget("the folder may not be written by this user; use --output"),
        path: checkpoint.path)
    }
    for index in shards {
      let path = checkpoint.fullPath(checkpoint.shards[index].name)
      let status = try storing { () throws(StorageError) in try FileStatus(ofLink: path) }
      guard status == checkpoint.shards[index].status else {
        throw PatchError(.storage(StorageError(.changedUnderneath, path: path)))
      }
      if status.linkCount > 1 {
        throw PatchError(.storage(StorageError(.hardLinked(count: status.linkCount), path: path)))
      }
      if !Folder.isWritable(path) || status.mode & 0o200 == 0 {
        throw PatchError(
          .unsafeTarget("is read-only; make it writable, or use --output"), path: path)
      }
    }
  }

  /// Writes the new values into the model's own files.
  ///
  /// The undo capsule and the journal must be on disk before.
  public func writeInPlace(
    _ patch: borrowing PatchFile, advance: @Sendable (Int) -> Void = { _ in }
  ) throws(PatchError) {
    for index in shards {
      let edited = editedShard(index)
      try storing { () throws(StorageError) in
        let file = try Descriptor(checkpoint.fullPath(checkpoint.shards[index].name), .update)
        try edited.write(into: file, patch: patch, advance: advance)
      }
    }
  }

  /// The digests of the shards that change, read from disk, several at once.
  public func digestAfterWriting(advance: @Sendable (Int) -> Void = { _ in }) throws(PatchError)
    -> [ModelDigest.File]
  {
    let names = shardNames
    return try storing { () throws(StorageError) in
      try Parallel.map(names.count) { index throws(StorageError) in
        ModelDigest.File(
          name: names[index],
          digest: try SHA256.digest(ofFile: checkpoint.fullPath(names[index]), progress: advance))
      }
    }
  }
}
