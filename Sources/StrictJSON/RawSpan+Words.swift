// What a reader does to each byte, kept in this module so that the compiler can put it in place.
extension RawSpan {
  /// The byte at an offset, which the span checks.
  @inlinable @inline(__always)
  func octet(at offset: Int) -> UInt8 {
    // Every bit pattern is a UInt8.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The eight bytes from an offset on, the first in the lowest bits; the span checks the bounds.
  @inlinable @inline(__always)
  func word(at offset: Int) -> UInt64 {
    // Every bit pattern is a UInt64.
    UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The first quote, backslash or control character from an offset on; `end` where there is none.
  ///
  /// Eight bytes at once: subtracting from each byte borrows into its top bit where it is below the limit.
  /// A borrow can spoil bytes above a find, never below, so the lowest find is right.
  func endOfPlainText(from start: Int, to end: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var offset = start
    while offset + 8 <= end {
      let word = word(at: offset)
      let quote = word ^ (ones * 0x22)
      let slash = word ^ (ones * 0x5C)
      let found =
        ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- ones * 0x20) & ~word)
        & (ones * 0x80)
      if found != 0 { return offset + found.trailingZeroBitCount / 8 }
      offset += 8
    }
    while offset < end {
      switch octet(at: offset) {
      case 0x22, 0x5C, 0..<0x20: return offset
      default: offset += 1
      }
    }
    return end
  }

  /// Appends a range of bytes to an array.
  func append(_ range: Range<Int>, to bytes: inout [UInt8]) {
    // The buffer does not leave the closure.
    unsafe extracting(range).withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  /// Whether a range holds this text.
  func holds(_ text: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
      // `index` is below the text's count.
      let wanted = unsafe text.utf8Start[index]
      if octet(at: range.lowerBound + index) != wanted { return false }
    }
    return true
  }
}
