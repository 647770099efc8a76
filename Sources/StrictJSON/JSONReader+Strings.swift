public import Storage

extension JSONReader {
  /// A string as it stands in the text.
  public struct StringToken: Hashable, Sendable {
    /// The bytes between the quotes.
    public let range: Range<Int>
    /// Whether some of them are escapes, all of which are known to be good.
    public let hasEscapes: Bool
  }

  /// Reads a string and undoes its escapes.
  @_lifetime(self: copy self)
  public mutating func readString() throws(JSONError) -> ByteString {
    try text(of: try readToken())
  }

  /// Reads over a string, checking it and building nothing.
  @_lifetime(self: copy self)
  public mutating func readToken() throws(JSONError) -> StringToken {
    try take(UInt8(ascii: "\""), "a string")
    stringStart = position - 1
    let start = position
    var hasEscapes = false
    while true {
      position = bytes.endOfPlainText(from: position, to: end)
      guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
      switch byte(position) {
      case UInt8(ascii: "\""):
        position += 1
        return StringToken(range: start..<position - 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        position = try escape(at: position, to: end).next
      case let control: throw JSONError(.controlCharacter(control), at: position)
      }
    }
  }

  /// The text of a string that was read.
  public func text(of token: StringToken) throws(JSONError) -> ByteString {
    var text: [UInt8] = []
    text.reserveCapacity(token.range.count)
    try append(token, to: &text)
    return ByteString(bytes: text)
  }

  /// Appends the text of a string that was read; it is never longer than ``StringToken/range``.
  public func append(_ token: StringToken, to text: inout [UInt8]) throws(JSONError) {
    var offset = token.range.lowerBound
    let end = token.range.upperBound
    guard token.hasEscapes else {
      bytes.append(offset..<end, to: &text)
      return
    }
    while offset < end {
      let next = bytes.endOfPlainText(from: offset, to: end)
      bytes.append(offset..<next, to: &text)
      guard next < end else { return }
      let (scalar, after) = try escape(at: next, to: end)
      for unit in String(scalar).utf8 { text.append(unit) }
      offset = after
    }
  }

  /// Whether a string that was read has this text.
  public func matches(_ token: StringToken, _ text: StaticString) throws(JSONError) -> Bool {
    guard token.hasEscapes else { return bytes.holds(text, in: token.range) }
    return try self.text(of: token) == ByteString(text.description)
  }

  /// The text of a string that was read, packed for comparing; nil where it is longer than 15 bytes.
  public func packed(_ token: StringToken) throws(JSONError) -> PackedText? {
    guard token.hasEscapes else { return PackedText(bytes, token.range) }
    let text = try text(of: token).bytes
    return PackedText(text.rawSpan, text.indices)
  }

  /// The character of an escape, and where the text goes on.
  private func escape(at start: Int, to end: Int) throws(JSONError) -> (
    scalar: UnicodeScalar, next: Int
  ) {
    guard start + 1 < end else { throw JSONError(.unexpectedEnd, at: end) }
    let code: UInt32
    switch byte(start + 1) {
    case UInt8(ascii: "\""): code = 0x22
    case UInt8(ascii: "\\"): code = 0x5C
    case UInt8(ascii: "/"): code = 0x2F
    case UInt8(ascii: "b"): code = 0x08
    case UInt8(ascii: "f"): code = 0x0C
    case UInt8(ascii: "n"): code = 0x0A
    case UInt8(ascii: "r"): code = 0x0D
    case UInt8(ascii: "t"): code = 0x09
    case UInt8(ascii: "u"): return try unicodeEscape(at: start, to: end)
    default: throw JSONError(.badEscape, at: start)
    }
    guard let scalar = UnicodeScalar(code) else { throw JSONError(.badEscape, at: start) }
    return (scalar, start + 2)
  }

  private func unicodeEscape(at start: Int, to end: Int) throws(JSONError) -> (UnicodeScalar, Int) {
    var code = try fourDigits(at: start + 2, to: end, of: start)
    var next = start + 6
    if (0xD800..<0xDC00).contains(code) {
      guard next + 1 < end, byte(next) == UInt8(ascii: "\\"), byte(next + 1) == UInt8(ascii: "u")
      else { throw JSONError(.badEscape, at: start) }
      let low = try fourDigits(at: next + 2, to: end, of: start)
      guard (0xDC00..<0xE000).contains(low) else { throw JSONError(.badEscape, at: start) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      next += 6
    }
    guard let scalar = UnicodeScalar(code) else { throw JSONError(.badEscape, at: start) }
    return (scalar, next)
  }

  private func fourDigits(at offset: Int, to end: Int, of start: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for index in offset..<offset + 4 {
      guard index < end else { throw JSONError(.unexpectedEnd, at: end) }
      let digit = byte(index)
      let nibble: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
      default: throw JSONError(.badEscape, at: start)
      }
      value = value << 4 | UInt32(nibble)
    }
    return value
  }
}
