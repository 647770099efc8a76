import Storage

/// Reads a piece of a compact patch from its first byte to its last.
struct ByteCursor: ~Escapable {
  private let bytes: RawSpan
  private(set) var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// How many bytes are left.
  var left: Int { bytes.byteCount - offset }

  /// The next byte.
  @_lifetime(self: copy self)
  mutating func byte() throws(CompactFault) -> UInt8 {
    guard left > 0 else { throw CompactFault("ends early") }
    offset += 1
    return bytes.byte(at: offset - 1)
  }

  /// The next bytes.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  mutating func take(_ count: Int) throws(CompactFault) -> RawSpan {
    guard count >= 0, count <= left else {
      throw CompactFault("ends early: \(count) bytes are declared, \(left) are left")
    }
    offset += count
    return bytes.extracting(offset - count..<offset)
  }

  /// The next little-endian integer of 1 to 8 bytes.
  @_lifetime(self: copy self)
  mutating func integer(byteCount: Int) throws(CompactFault) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<byteCount { value |= UInt64(try byte()) << UInt64(index * 8) }
    return value
  }

  /// The next LEB128 integer, in its shortest form and at most `limit`.
  @_lifetime(self: copy self)
  mutating func leb128(atMost limit: Int) throws(CompactFault) -> Int {
    var value = 0
    for index in 0..<9 {
      let next = try byte()
      value |= Int(next & 0x7F) << (index * 7)
      if next & 0x80 != 0 { continue }
      guard index == 0 || next != 0 else {
        throw CompactFault("a number is not in its shortest form")
      }
      guard value <= limit else {
        throw CompactFault("declares \(value) where \(limit) is the most")
      }
      return value
    }
    throw CompactFault("a number has more than 9 bytes")
  }

  /// Refuses bytes behind the last that was read.
  func finish() throws(CompactFault) {
    guard left == 0 else { throw CompactFault("\(left) bytes follow its end") }
  }
}

extension Array where Element == UInt8 {
  /// Appends an integer of at least 0 as LEB128.
  mutating func appendLEB128(_ value: Int) {
    var rest = UInt64(value)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Appends a little-endian integer.
  mutating func appendInteger(_ value: UInt64, byteCount: Int) {
    for index in 0..<byteCount { append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
  }
}
