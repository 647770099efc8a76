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
          file: checkpoint.shards[index].name, byteCount: edited.status.byteCount, windows: windows,
          windowByteCount: bytes))
    }
    return costs
  }
}
