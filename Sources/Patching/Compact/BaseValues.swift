import Safetensors
import Storage

/// Reads what a shard holds where a part of an edit has its values, in the order of the values.
///
/// Reads windows of a descriptor, not a mapping: memory stays at one window whatever the tensor.
struct BaseValues: ~Copyable {
  private static let windowByteCount = 1 << 20

  private let file: Descriptor
  /// Where the tensor begins in the file.
  private let start: Int
  private let tensorByteCount: Int
  private var buffer = [UInt8](repeating: 0, count: windowByteCount)
  private var window = 0..<0

  init(of edit: BoundEdit, in checkpoint: Checkpoint) throws(StorageError) {
    let shard = checkpoint.shards[edit.shard]
    start = shard.header.fileRange(of: edit.info).lowerBound
    tensorByteCount = edit.info.byteCount
    file = try Descriptor(checkpoint.fullPath(shard.name), .read)
  }

  /// The bytes behind a range of a part's values.
  mutating func read(_ part: BoundPart, of patch: borrowing PatchFile, values: Range<Int>)
    throws(StorageError) -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: values.count)
    try patch.forEachRun(of: part, values: values) { (run, valueOffset) throws(StorageError) in
      var done = 0
      while done < run.count {
        let place = run.lowerBound + done
        if !window.contains(place) {
          window = place..<min(tensorByteCount, place + Self.windowByteCount)
          try file.readExactly(into: &buffer, count: window.count, at: start + window.lowerBound)
        }
        let count = min(run.upperBound, window.upperBound) - place
        bytes.overwrite(
          at: valueOffset - values.lowerBound + done,
          with: buffer.rawSpan.extracting(
            place - window.lowerBound..<place - window.lowerBound + count))
        done += count
      }
    }
    return bytes
  }
}
