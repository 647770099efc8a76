import Safetensors
import Storage

/// One block of a patch, as a task of its own.
struct BlockJob: Sendable {
  let edit: BoundEdit
  let part: BoundPart
  /// Which block of the part.
  let block: Int
  /// The bytes of the part's values that the block has.
  let values: Range<Int>
  /// The bytes of an element.
  let width: Int

  /// The tasks of a part, in the order of its values.
  ///
  /// - Parameter length: How many elements a block has.
  static func jobs(_ edit: BoundEdit, _ part: BoundPart, length: Int) -> [BlockJob] {
    let width = part.wordByteCount
    let byteCount = part.runs.byteCount
    return stride(from: 0, to: byteCount, by: length * width).enumerated().map { block, start in
      BlockJob(
        edit: edit, part: part, block: block,
        values: start..<min(byteCount, start + length * width), width: width)
    }
  }

  /// Cuts a count of tasks into batches: enough for every core, and few enough for memory to stay flat.
  static func batches(_ count: Int) -> [Range<Int>] {
    let size = 2 * Parallel.coreCount
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }
}

extension BoundPart {
  /// The bytes of a number that is coded: an element, or a byte where elements share bytes.
  var wordByteCount: Int { max(1, runs.geometry.elementByteCount) }
}
