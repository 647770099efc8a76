import Safetensors
import Storage

/// One tensor as two checkpoints have it, read in windows from both files.
///
/// Nothing is mapped: a file that is cut short meanwhile is an error.
struct TensorComparison: Sendable {
  /// Where one side lies.
  struct Side: Sendable {
    var path: String
    /// Where the tensor begins in the file.
    var start: Int
  }

  /// A range of a tensor's elements that is compared as one task.
  struct Piece: Sendable {
    var comparison: TensorComparison
    var elements: Range<Int>
  }

  /// How many elements a piece has; a multiple of 64.
  private static let pieceElementCount = 1 << 24
  private static let windowByteCount = 1 << 20

  let info: TensorInfo
  let old: Side
  let new: Side

  /// The bytes of what is compared: an element, or one byte where elements share bytes.
  var width: Int { info.dtype.byteWidth ?? 1 }

  /// The tensor cut into tasks.
  var pieces: [Piece] {
    let count = info.byteCount / width
    return stride(from: 0, to: count, by: Self.pieceElementCount).map { start in
      Piece(comparison: self, elements: start..<min(count, start + Self.pieceElementCount))
    }
  }

  /// Reads both sides of a piece; nil where they are the same.
  static func stretch(_ piece: Piece, advance: @Sendable (Int) -> Void) throws(StorageError)
    -> ElementSet.Stretch?
  {
    let (comparison, width) = (piece.comparison, piece.comparison.width)
    let left = try Descriptor(comparison.old.path, .read)
    let right = try Descriptor(comparison.new.path, .read)
    let byteCount = piece.elements.count * width
    let first = piece.elements.lowerBound * width
    var old = [UInt8](repeating: 0, count: min(byteCount, windowByteCount))
    var new = old
    var stretch: ElementSet.Stretch?
    for lower in stride(from: 0, to: byteCount, by: windowByteCount) {
      let count = min(byteCount - lower, windowByteCount)
      try left.readExactly(into: &old, count: count, at: comparison.old.start + first + lower)
      try right.readExactly(into: &new, count: count, at: comparison.new.start + first + lower)
      let (before, after) = (
        old.rawSpan.extracting(first: count), new.rawSpan.extracting(first: count)
      )
      if !before.hasSameBytes(as: after) {
        var marked =
          stretch
          ?? ElementSet.Stretch(
            start: piece.elements.lowerBound,
            words: Array(repeating: 0, count: (piece.elements.count + 63) / 64))
        stretch = nil
        marked.mark(before, after, at: lower / width, width: width)
        stretch = marked
      }
      advance(count)
    }
    return stretch
  }
}
