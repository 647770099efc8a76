/// Reading and writing of code points in bytes that are known to be UTF-8.
enum UTF8Reading {
  /// How many bytes the code point has that begins with a byte.
  @inline(__always)
  static func length(leadBy byte: UInt8) -> Int {
    byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }

  /// The code point that begins at an offset, and its length.
  @inline(__always)
  static func scalar(in bytes: [UInt8], at offset: Int) -> (value: UInt32, length: Int) {
    let lead = bytes[offset]
    if lead < 0x80 { return (UInt32(lead), 1) }
    if lead < 0xE0 {
      return (UInt32(lead & 0x1F) << 6 | UInt32(bytes[offset + 1] & 0x3F), 2)
    }
    let middle = UInt32(bytes[offset + 1] & 0x3F) << 6 | UInt32(bytes[offset + 2] & 0x3F)
    if lead < 0xF0 { return (UInt32(lead & 0x0F) << 12 | middle, 3) }
    return (UInt32(lead & 0x07) << 18 | middle << 6 | UInt32(bytes[offset + 3] & 0x3F), 4)
  }

  /// The code point that ends before an offset, and its length.
  static func scalar(in bytes: [UInt8], before offset: Int) -> (value: UInt32, length: Int) {
    var start = offset - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(in: bytes, at: start)
  }

  /// Appends a code point, which must be one, and gives its length.
  @inline(__always)
  @discardableResult
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) -> Int {
    if scalar < 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: scalar))
      return 1
    }
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: scalar >> shift & 0x3F) | 0x80 }
    if scalar < 0x800 {
      bytes.append(UInt8(truncatingIfNeeded: scalar >> 6) | 0xC0)
      bytes.append(tail(0))
      return 2
    }
    if scalar < 0x10000 {
      bytes.append(UInt8(truncatingIfNeeded: scalar >> 12) | 0xE0)
      bytes.append(tail(6))
      bytes.append(tail(0))
      return 3
    }
    bytes.append(UInt8(truncatingIfNeeded: scalar >> 18) | 0xF0)
    bytes.append(tail(12))
    bytes.append(tail(6))
    bytes.append(tail(0))
    return 4
  }
}
