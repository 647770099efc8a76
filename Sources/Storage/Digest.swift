/// A SHA-256 digest: 32 bytes.
///
/// The value only; who computes it is passed in, so that this module needs no cryptography.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  // Words with the first byte highest: nothing to allocate, and their order is that of the bytes.
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// Takes 32 bytes; nil for any other count.
  public init?(bytes: [UInt8]) { self.init(bytes: bytes.rawSpan) }

  /// Takes 32 bytes; nil for any other count.
  public init?(bytes: RawSpan) {
    guard bytes.byteCount == 32 else { return nil }
    first = Self.word(bytes, at: 0)
    second = Self.word(bytes, at: 8)
    third = Self.word(bytes, at: 16)
    fourth = Self.word(bytes, at: 24)
  }

  private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    // Every bit pattern is a UInt64, and the span checks the bounds.
    UInt64(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Reads 64 lowercase hexadecimal digits; nil for anything else.
  public init?(hex: String) { self.init(hex: Array(hex.utf8).rawSpan) }

  /// Reads 64 lowercase hexadecimal digits; nil for anything else.
  public init?(hex: RawSpan) {
    guard hex.byteCount == 64, let first = Self.word(hex: hex, at: 0),
      let second = Self.word(hex: hex, at: 16), let third = Self.word(hex: hex, at: 32),
      let fourth = Self.word(hex: hex, at: 48)
    else { return nil }
    (self.first, self.second, self.third, self.fourth) = (first, second, third, fourth)
  }

  private static func word(hex: RawSpan, at offset: Int) -> UInt64? {
    guard let high = Hex.word(hex, at: offset), let low = Hex.word(hex, at: offset + 8) else {
      return nil
    }
    return UInt64(high) << 32 | UInt64(low)
  }

  /// Lends the bytes, always 32.
  public func withBytes<Value>(_ body: (RawSpan) throws -> Value) rethrows -> Value {
    let words = (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian)
    // The span does not leave the call.
    return try unsafe withUnsafeBytes(of: words) {
      try unsafe body(RawSpan(_unsafeBytes: $0))
    }
  }

  /// The bytes, always 32.
  public var bytes: [UInt8] {
    withBytes { $0.copied() }
  }

  /// Appends 64 lowercase hexadecimal digits.
  public func appendHex(to text: inout [UInt8]) {
    Self.appendHex(first, to: &text)
    Self.appendHex(second, to: &text)
    Self.appendHex(third, to: &text)
    Self.appendHex(fourth, to: &text)
  }

  private static func appendHex(_ word: UInt64, to text: inout [UInt8]) {
    Hex.append(UInt32(truncatingIfNeeded: word >> 32), to: &text)
    Hex.append(UInt32(truncatingIfNeeded: word), to: &text)
  }

  /// The digest as 64 lowercase hexadecimal digits.
  public var hex: String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    appendHex(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The digest as 64 lowercase hexadecimal digits.
  public var description: String { hex }

  /// Compares byte by byte.
  public static func < (left: Self, right: Self) -> Bool {
    (left.first, left.second, left.third, left.fourth)
      < (right.first, right.second, right.third, right.fourth)
  }
}

/// Lowercase hexadecimal text.
public enum Hex {
  /// Writes two digits a byte.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads lowercase digits, two a byte; nil for anything else.
  public static func decode(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// Appends the eight digits of a word, all at once, the highest first.
  static func append(_ word: UInt32, to text: inout [UInt8]) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // Each step halves what stands in one place, until each byte holds one digit's value.
    var values = UInt64(word)
    values = (values | values << 16) & 0x0000_FFFF_0000_FFFF
    values = (values | values << 8) & 0x00FF_00FF_00FF_00FF
    values = (values | values << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let areLetters = ((values &+ ones &* 6) >> 4) & ones
    let digits = values &+ ones &* 0x30 &+ areLetters &* 0x27
    // Eight bytes of one word; the buffer does not leave the closure.
    unsafe withUnsafeBytes(of: digits.bigEndian) { unsafe text.append(contentsOf: $0) }
  }

  /// The digit of a value below 16.
  static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }

  /// The value of eight digits, all at once; nil where something else is among them.
  static func word(_ text: RawSpan, at offset: Int) -> UInt32? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // Every bit pattern is a UInt64, and the span checks the bounds.
    let digits = UInt64(
      littleEndian: unsafe text.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    // The low half of a byte, and 9 more for a letter: at most 42, so that no byte carries into the next.
    let values = (digits & (ones * 0x0F)) &+ ((digits >> 6) & (ones * 3)) &* 9
    // Only digits are what their values are written as.
    let areLetters = ((values &+ ones &* 6) >> 4) & ones
    guard values &+ ones &* 0x30 &+ areLetters &* 0x27 == digits else { return nil }
    let pairs = values << 4 | values >> 8
    return UInt32(pairs & 0xFF) << 24 | UInt32(pairs >> 16 & 0xFF) << 16
      | UInt32(pairs >> 32 & 0xFF) << 8 | UInt32(pairs >> 48 & 0xFF)
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
