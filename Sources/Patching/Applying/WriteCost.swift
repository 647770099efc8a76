import Safetensors
import Storage

/// What changing one file of a model in place costs.
public struct WriteCost: Hashable, Sendable {
  /// The file.
  public let file: String
  /// How many bytes it has.
  public let byteCount: Int
  /// How many windows are read, edited and written.
  public let windows: Int
  /// How many bytes those windows have: read once and written once.
  public let windowByteCount: Int
}

extension PatchTarget {
  /// What writing a patch in place costs, file by file; nothing is read of the model.
  public func writeCosts(_ patch: borrowing PatchFile) -> [WriteCost] {
    var costs: [WriteCost] = []
    for index in shards {
      let edited = editedShard(index)
      var (windows, bytes) = (0, 0)
      for edit in edited.edits {
        let size = edit.info.byteCount
        for lower in stride(from: 0, to: size, by: TouchedBytes.windowByteCount) {
          let window = lower..<min(size, lower + TouchedBytes.windowByteCount)
          guard let dirty = patch.dirtyRange(of: edit.parts, in: window) else { continue }
          windows += 1
          bytes += dirty.count
        }
      }
      costs.append(
        WriteCost(
          file: checkpoint.shards[index].name, byteCount: edited.fileByteCount, windows: windows,
          windowByteCount: bytes))
    }
    return costs
  }

  /// The digests that the files that change will have once a patch's values are in them.
  ///
  /// - Parameter advance: Told of the bytes hashed since the last call.
  public func digestsWith(_ patch: borrowing PatchFile, advance: (Int) -> Void = { _ in })
    throws(PatchError) -> [ModelDigest.File]
  {
    var files: [ModelDigest.File] = []
    for index in shards {
      let name = checkpoint.shards[index].name
      let edited = editedShard(index)
      let path = checkpoint.fullPath(name)
      let digest = try storing { () throws(StorageError) in
        let file = try Descriptor(path, .read)
        return try edited.digest(of: file, patch: patch, advance: advance)
      }
      files.append(ModelDigest.File(name: name, digest: digest))
    }
    return files
  }
}
