extension JSONReader {
  /// The offset of the first byte that is not UTF-8; nil where all are.
  ///
  /// - Complexity: O(n), a byte at a time only where the text is not ASCII.
  public static func firstNonUTF8(in bytes: RawSpan, range: Range<Int>) -> Int? {
    var offset = range.lowerBound
    while offset < range.upperBound {
      if offset + 32 <= range.upperBound {
        let words =
          bytes.word(at: offset) | bytes.word(at: offset + 8) | bytes.word(at: offset + 16)
          | bytes.word(at: offset + 24)
        if words & 0x8080_8080_8080_8080 == 0 {
          offset += 32
          continue
        }
      }
      if offset + 8 <= range.upperBound, bytes.word(at: offset) & 0x8080_8080_8080_8080 == 0 {
        offset += 8
        continue
      }
      let lead = bytes.octet(at: offset)
      if lead < 0x80 {
        offset += 1
        continue
      }
      let (count, low, high): (Int, UInt8, UInt8)
      switch lead {
      case 0xC2...0xDF: (count, low, high) = (2, 0x80, 0xBF)
      case 0xE0: (count, low, high) = (3, 0xA0, 0xBF)
      case 0xE1...0xEC, 0xEE...0xEF: (count, low, high) = (3, 0x80, 0xBF)
      case 0xED: (count, low, high) = (3, 0x80, 0x9F)
      case 0xF0: (count, low, high) = (4, 0x90, 0xBF)
      case 0xF1...0xF3: (count, low, high) = (4, 0x80, 0xBF)
      case 0xF4: (count, low, high) = (4, 0x80, 0x8F)
      default: return offset
      }
      guard offset + count <= range.upperBound else { return offset }
      let second = bytes.octet(at: offset + 1)
      guard (low...high).contains(second) else { return offset }
      for index in 2..<max(2, count) {
        guard bytes.octet(at: offset + index) & 0xC0 == 0x80 else { return offset }
      }
      offset += count
    }
    return nil
  }
}
