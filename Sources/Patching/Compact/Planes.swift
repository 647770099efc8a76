import Storage

/// Numbers taken apart into planes: all their lowest bytes, then all second bytes; or likewise their bits.
///
/// Byte planes lie one after the other, each padded to a multiple of 8, so that 8 bytes can be transposed at once.
enum Planes {
  /// How many bytes a byte plane takes, padded.
  static func stride(_ count: Int) -> Int { (count + 7) / 8 * 8 }

  /// The byte planes of numbers.
  static func bytes<W: Word>(of words: [W]) -> [UInt8] {
    let width = MemoryLayout<W>.size
    let stride = stride(words.count)
    var planes = [UInt8](repeating: 0, count: width * stride)
    var target = planes.mutableSpan
    let source = words.span
    for plane in 0..<width {
      let (start, shift) = (plane * stride, W(plane * 8))
      for index in source.indices {
        target[start + index] = UInt8(truncatingIfNeeded: source[index] >> shift)
      }
    }
    return planes
  }

  /// The numbers of byte planes.
  static func words<W: Word>(of planes: [UInt8], count: Int, as type: W.Type) -> [W] {
    let width = MemoryLayout<W>.size
    let stride = stride(count)
    var words = [W](repeating: 0, count: count)
    var target = words.mutableSpan
    let source = planes.span
    for plane in 0..<width {
      let (start, shift) = (plane * stride, W(plane * 8))
      for index in target.indices {
        target[index] |= W(truncatingIfNeeded: source[start + index]) << shift
      }
    }
    return words
  }

  /// The bit planes of byte planes, lowest bit first; the first number is in the lowest bit of a plane's first byte.
  static func bits(ofBytes planes: [UInt8], count: Int, width: Int) -> [UInt8] {
    let groups = stride(count) / 8
    return transposing(planes, groups, width, from: (group: 8, row: 1), to: (group: 1, row: groups))
  }

  /// The byte planes of bit planes.
  static func bytes(ofBits planes: [UInt8], count: Int, width: Int) -> [UInt8] {
    let groups = stride(count) / 8
    return transposing(planes, groups, width, from: (group: 1, row: groups), to: (group: 8, row: 1))
  }

  /// Transposes each 8 × 8 bits of planes, with what lies between groups and between rows on either side.
  @inline(__always)
  private static func transposing(
    _ planes: [UInt8], _ groups: Int, _ width: Int, from: (group: Int, row: Int),
    to: (group: Int, row: Int)
  ) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: planes.count)
    var target = result.mutableSpan
    let source = planes.span
    for plane in 0..<width {
      let start = plane * groups * 8
      for group in 0..<groups {
        var square: UInt64 = 0
        let (first, last) = (start + group * from.group, start + group * to.group)
        for row in 0..<8 { square |= UInt64(source[first + row * from.row]) << UInt64(row * 8) }
        if square == 0 { continue }
        square = transposed(square)
        for row in 0..<8 {
          target[last + row * to.row] = UInt8(truncatingIfNeeded: square >> UInt64(row * 8))
        }
      }
    }
    return result
  }

  /// Transposes 8 × 8 bits: bit j of byte i becomes bit i of byte j (Warren, Hacker's Delight, 7-3).
  private static func transposed(_ square: UInt64) -> UInt64 {
    var x = square
    var t = (x ^ x >> 7) & 0x00AA_00AA_00AA_00AA
    x ^= t ^ t << 7
    t = (x ^ x >> 14) & 0x0000_CCCC_0000_CCCC
    x ^= t ^ t << 14
    t = (x ^ x >> 28) & 0x0000_0000_F0F0_F0F0
    return x ^ t ^ t << 28
  }
}
