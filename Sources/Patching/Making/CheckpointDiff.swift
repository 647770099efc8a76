import Attestation
public import Safetensors
import Storage

/// Finds what differs between two checkpoints, tensor by tensor, as bits.
public struct CheckpointDiff {
  /// What changes the base into the edited checkpoint.
  public let draft: PatchDraft
  /// Shards whose tensors lie elsewhere in the edited checkpoint, or whose metadata differs: the result
  /// keeps the base's layout there.
  public let relaidShards: [String]

  /// How much of one side is compared before the forms are chosen; a tensor is never cut.
  private static let batchByteCount = 256 << 20

  /// Compares two checkpoints in one pass over both, spread over the cores.
  ///
  /// Memory is a few windows and one bit for each element of the tensors in work that differ.
  ///
  /// - Parameters:
  ///   - encoding: What the patch will be written in: decides which exact form is the smallest.
  ///   - advance: Told of the bytes compared since the last call, from any thread.
  /// - Throws: Where tensors are missing, added or of another type or shape, or other files differ.
  public init(
    base: Checkpoint, edited: Checkpoint, encoding: PatchEncoding = .replace,
    advance: @Sendable (Int) -> Void = { _ in }
  ) throws(PatchError) {
    try Self.checkSameTensors(base, edited)
    try Self.checkSameOtherFiles(base, edited)
    var draft = PatchDraft()
    var batch: [TensorComparison] = []
    var byteCount = 0
    for shard in base.shards {
      for info in shard.header.tensors {
        guard let new = edited[info.name] else { continue }
        let target = edited.shards[new.shard]
        batch.append(
          TensorComparison(
            info: info,
            old: TensorComparison.Side(
              path: base.fullPath(shard.name),
              start: shard.header.fileRange(of: info).lowerBound),
            new: TensorComparison.Side(
              path: edited.fullPath(target.name),
              start: target.header.fileRange(of: new.info).lowerBound)))
        byteCount += info.byteCount
        if byteCount >= Self.batchByteCount {
          try Self.add(batch, to: &draft, encoding, advance)
          (batch, byteCount) = ([], 0)
        }
      }
    }
    try Self.add(batch, to: &draft, encoding, advance)
    try Self.checkUnchanged(base)
    try Self.checkUnchanged(edited)
    self.draft = draft
    let editedHeaders = Dictionary(
      edited.shards.map { ($0.name, $0.header) }, uniquingKeysWith: { first, _ in first })
    relaidShards = base.shards.filter { editedHeaders[$0.name] != $0.header }.map(\.name)
  }

  /// Compares tensors and adds an edit for each that differs.
  private static func add(
    _ batch: [TensorComparison], to draft: inout PatchDraft, _ encoding: PatchEncoding,
    _ advance: @Sendable (Int) -> Void
  ) throws(PatchError) {
    let pieces = batch.indices.flatMap { index in batch[index].pieces.map { (index, $0) } }
    let stretches = try storing { () throws(StorageError) in
      try Parallel.map(pieces.count) { number throws(StorageError) in
        try TensorComparison.stretch(pieces[number].1, advance: advance)
      }
    }
    var changed: [Int: ElementSet] = [:]
    for ((tensor, _), stretch) in zip(pieces, stretches) {
      if let stretch { changed[tensor, default: ElementSet()].append(stretch) }
    }
    let edited = changed.sorted { $0.key < $1.key }
    let edits = Parallel.map(edited.count) { number in
      TensorDiff(batch[edited[number].key].info, edited[number].value, for: encoding).draft
    }
    for edit in edits { draft.add(edit) }
  }

  /// The shards are what they were when their headers were read.
  private static func checkUnchanged(_ checkpoint: Checkpoint) throws(PatchError) {
    for shard in checkpoint.shards {
      let path = checkpoint.fullPath(shard.name)
      try storing { () throws(StorageError) in
        // Models in caches are symbolic links: what counts is the file that they lead to.
        guard try Descriptor(path, .read).status() == shard.status else {
          throw StorageError(.changedUnderneath, path: path)
        }
      }
    }
  }

  private static func checkSameTensors(_ base: Checkpoint, _ edited: Checkpoint)
    throws(PatchError)
  {
    for name in base.tensorNames {
      guard let old = base[name], let new = edited[name] else {
        throw PatchError(
          .unsuitable("missing in the edited checkpoint"), path: edited.path, tensor: name)
      }
      guard old.info.dtype == new.info.dtype, old.info.shape == new.info.shape else {
        throw PatchError(
          .unsuitable(
            "\(new.info.dtype.rawValue) \(new.info.shapeText), in the base \(old.info.dtype.rawValue) \(old.info.shapeText): a patch can't change types or shapes"
          ), path: edited.path, tensor: name)
      }
    }
    if let added = edited.tensorNames.first(where: { base[$0] == nil }) {
      throw PatchError(
        .unsuitable("not in the base: a patch can't add tensors"), path: edited.path, tensor: added)
    }
  }

  /// Files that are no shards must be the same: a patch carries tensors only.
  private static func checkSameOtherFiles(_ base: Checkpoint, _ edited: Checkpoint)
    throws(PatchError)
  {
    func others(_ checkpoint: Checkpoint) -> [String: Folder.Entry] {
      let shards = Set(checkpoint.shards.map(\.name))
      return Dictionary(
        checkpoint.files.filter { !shards.contains($0.name) && !Checkpoint.isShardIndex($0.name) }
          .map { ($0.name, $0) },
        uniquingKeysWith: { first, _ in first })
    }
    let (old, new) = (others(base), others(edited))
    var differing: [String] = []
    for name in Set(old.keys).union(new.keys).sorted() {
      guard old[name] != nil, new[name] != nil else {
        differing.append("\(name) (only in \(old[name] == nil ? "the edited" : "the base"))")
        continue
      }
      let same = try storing { () throws(StorageError) in
        let (left, right) = (
          try SHA256.digest(ofFile: base.fullPath(name)),
          try SHA256.digest(ofFile: edited.fullPath(name))
        )
        return left == right
      }
      if !same { differing.append(name) }
    }
    if !differing.isEmpty {
      throw PatchError(
        .unsuitable(
          "files other than tensors differ, which a patch can't carry: \(differing.joined(separator: ", ")); make them the same first"
        ), path: edited.path)
    }
  }
}
