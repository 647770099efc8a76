import Storage

/// A text of up to 15 bytes, compared at once.
public struct PackedText: Hashable, Sendable {
  /// The bytes, the first in the lowest bits; the highest eight bits hold how many there are.
  private let low: UInt64
  private let high: UInt64

  /// Packs a text; nil where it is longer than 15 bytes.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    self.init(bytes.rawSpan, bytes.indices)
  }

  init?(_ bytes: RawSpan, _ range: Range<Int>) {
    let count = range.count
    guard count <= 15 else { return nil }
    if range.lowerBound + 16 <= bytes.byteCount {
      let (first, second) = (bytes.word(at: range.lowerBound), bytes.word(at: range.lowerBound + 8))
      low = first & Self.mask(count)
      high = second & Self.mask(count - 8) | UInt64(count) << 56
    } else {
      var (first, second): (UInt64, UInt64) = (0, UInt64(count) << 56)
      for (index, offset) in range.enumerated() {
        let byte = UInt64(bytes.octet(at: offset))
        if index < 8 {
          first |= byte << UInt64(index * 8)
        } else {
          second |= byte << UInt64(index * 8 - 64)
        }
      }
      (low, high) = (first, second)
    }
  }

  /// Keeps the lowest bytes.
  private static func mask(_ count: Int) -> UInt64 {
    count <= 0 ? 0 : count >= 8 ? .max : 1 << UInt64(count * 8) - 1
  }
}
