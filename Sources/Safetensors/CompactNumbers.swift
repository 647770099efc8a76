/// Unsigned LEB128: seven bits a byte, the lowest first; never longer than the decimal digits.
extension [UInt8] {
  /// Appends a number.
  mutating func appendCompact(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Reads a number that ``appendCompact(_:)`` wrote, and moves past it.
  func compact(at offset: inout Int) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = self[offset]
      offset += 1
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }
}
