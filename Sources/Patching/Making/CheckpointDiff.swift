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

  /// Compares two checkpoints.
  ///
  /// - Parameters:
  ///   - encoding: What the patch will be written in: decides which exact form is the smallest.
  ///   - advance: Told of the bytes compared since the last call.
  /// - Throws: Where tensors are missing, added or of another type or shape, or other files differ.
  public init(
    base: Checkpoint, edited: Checkpoint, encoding: PatchEncoding = .replace,
    advance: (Int) -> Void = { _ in }
  ) throws(PatchError) {
    try Self.checkSameTensors(base, edited)
    try Self.checkSameOtherFiles(base, edited)
    let before = try CheckpointValues(base)
    let after = try CheckpointValues(edited)
    var draft = PatchDraft()
    for shard in base.shards {
      for info in shard.header.tensors {
        let edit = before.withBytes(of: info) { old in
          after.withBytes(of: info) { new in TensorDiff(info, old, new, for: encoding).draft }
        }
        if let edit, let edit, let edit { draft.add(edit) }
        advance(info.byteCount)
      }
    }
    self.draft = draft
    let editedHeaders = Dictionary(
      edited.shards.map { ($0.name, $0.header) }, uniquingKeysWith: { first, _ in first })
    relaidShards = base.shards.filter { editedHeaders[$0.name] != $0.header }.map(\.name)
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
