/// Steps for text that is as writers write it: each reads what it expects at this very byte, without white space,
/// or reads nothing. Put in place in the caller, where the text is known and so are its words.
extension JSONReader {
  /// Reads over exactly this text.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func skip(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard cursor + count <= end else { return false }
    let wanted = unsafe text.utf8Start
    var index = 0
    while index + 8 <= count {
      // Eight bytes of the literal from `index` on, as `count` allows.
      let word = unsafe UnsafeRawPointer(wanted).loadUnaligned(
        fromByteOffset: index, as: UInt64.self)
      if bytes.word(at: cursor + index) != UInt64(littleEndian: word) { return false }
      index += 8
    }
    if index < count, count >= 8 {
      // The last eight bytes of the literal, some of which have been looked at.
      let word = unsafe UnsafeRawPointer(wanted).loadUnaligned(
        fromByteOffset: count - 8, as: UInt64.self)
      if bytes.word(at: cursor + count - 8) != UInt64(littleEndian: word) { return false }
      index = count
    }
    while index < count {
      // `index` is below the literal's count.
      if unsafe byte(cursor + index) != wanted[index] { return false }
      index += 1
    }
    cursor += count
    return true
  }

  /// Reads an integer of up to 19 digits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func plainUnsigned() -> UInt64? {
    var value: UInt64 = 0
    var offset = cursor
    while offset < end {
      let digit = byte(offset) &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      // Does not overflow: the number is dropped where there are over 19 digits, and wraps before.
      value = value &* 10 &+ UInt64(digit)
      offset += 1
    }
    let count = offset - cursor
    guard count == 1 || (2...19).contains(count) && byte(cursor) != UInt8(ascii: "0") else {
      return nil
    }
    cursor = offset
    return value
  }

  /// Reads a text of up to 15 bytes and the quote behind it.
  @_lifetime(self: copy self)
  public mutating func plainText() -> PackedText? {
    let stop = Swift.min(end, position + 16)
    let last = bytes.endOfPlainText(from: position, to: stop)
    guard last < stop, byte(last) == UInt8(ascii: "\"") else { return nil }
    let text = PackedText(bytes, position..<last)
    position = last + 1
    return text
  }
}
