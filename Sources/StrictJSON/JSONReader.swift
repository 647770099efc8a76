public import Storage

/// Reads JSON (RFC 8259) from bytes, one token at a time, building nothing that is not asked for.
///
/// Nesting is bounded, numbers are those of the grammar, strings are UTF-8 without lone surrogates, and
/// each refusal names its byte. Duplicate members are for the caller to judge: the reader keeps none.
public struct JSONReader: ~Escapable {
  /// What the next value is.
  public enum Kind: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool
    /// A number.
    case number
    /// A string.
    case string
    /// An array.
    case array
    /// An object.
    case object
  }

  private let bytes: RawSpan
  /// Where the next byte is read.
  public private(set) var position: Int
  /// Where the string that was read last begins.
  public private(set) var stringStart = 0
  private let end: Int
  private var depth = 0
  private let depthLimit: Int

  /// Starts at the first byte of a range of a span.
  ///
  /// The bytes must be UTF-8; ``isUTF8(_:)`` tells.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, range: Range<Int>? = nil, depthLimit: Int = 128) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.byteCount
    precondition(end <= bytes.byteCount, "a range to \(end) in \(bytes.byteCount) bytes")
    self.depthLimit = depthLimit
  }

  private func byte(_ offset: Int) -> UInt8 {
    bytes.byte(at: offset)
  }

  @_lifetime(self: copy self)
  private mutating func skipWhitespace() {
    while position < end {
      switch byte(position) {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// The kind of the next value, without reading it.
  @_lifetime(self: copy self)
  public mutating func peek() throws(JSONError) -> Kind {
    skipWhitespace()
    guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
    switch byte(position) {
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case let other: throw JSONError(.unexpected(byte: other, expected: "a value"), at: position)
    }
  }

  @_lifetime(self: copy self)
  private mutating func take(_ wanted: UInt8, _ name: String) throws(JSONError) {
    skipWhitespace()
    guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
    guard byte(position) == wanted else {
      throw JSONError(.unexpected(byte: byte(position), expected: name), at: position)
    }
    position += 1
  }

  @_lifetime(self: copy self)
  private mutating func enter() throws(JSONError) {
    depth += 1
    if depth > depthLimit { throw JSONError(.tooDeep(limit: depthLimit), at: position) }
  }

  /// Reads the `{` of an object.
  @_lifetime(self: copy self)
  public mutating func beginObject() throws(JSONError) {
    try take(UInt8(ascii: "{"), "'{'")
    try enter()
  }

  /// Reads the next member's key and colon, or the `}`: nil then.
  ///
  /// - Parameter isFirst: Whether no member has been read yet.
  @_lifetime(self: copy self)
  public mutating func nextKey(isFirst: Bool) throws(JSONError) -> ByteString? {
    guard try nextItem(isFirst: isFirst, closing: UInt8(ascii: "}")) else { return nil }
    skipWhitespace()
    guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
    guard byte(position) == UInt8(ascii: "\"") else {
      throw JSONError(.unexpected(byte: byte(position), expected: "a key"), at: position)
    }
    let key = try readString()
    try take(UInt8(ascii: ":"), "':'")
    return key
  }

  /// Reads the `[` of an array.
  @_lifetime(self: copy self)
  public mutating func beginArray() throws(JSONError) {
    try take(UInt8(ascii: "["), "'['")
    try enter()
  }

  /// Reads the comma before the next element, or the `]`: false then.
  @_lifetime(self: copy self)
  public mutating func nextElement(isFirst: Bool) throws(JSONError) -> Bool {
    try nextItem(isFirst: isFirst, closing: UInt8(ascii: "]"))
  }

  @_lifetime(self: copy self)
  private mutating func nextItem(isFirst: Bool, closing: UInt8) throws(JSONError) -> Bool {
    skipWhitespace()
    guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
    if byte(position) == closing {
      position += 1
      depth -= 1
      return false
    }
    if !isFirst {
      try take(UInt8(ascii: ","), closing == UInt8(ascii: "}") ? "',' or '}'" : "',' or ']'")
      skipWhitespace()
      if position < end, byte(position) == closing {
        throw JSONError(.unexpected(byte: closing, expected: "an item after ','"), at: position)
      }
    }
    return true
  }

  /// Reads a string and undoes its escapes.
  @_lifetime(self: copy self)
  public mutating func readString() throws(JSONError) -> ByteString {
    try take(UInt8(ascii: "\""), "a string")
    stringStart = position - 1
    var text: [UInt8] = []
    while true {
      guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
      let next = byte(position)
      switch next {
      case UInt8(ascii: "\""):
        position += 1
        return ByteString(bytes: text)
      case UInt8(ascii: "\\"): try readEscape(into: &text)
      case 0..<0x20: throw JSONError(.controlCharacter(next), at: position)
      default:
        text.append(next)
        position += 1
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
    let start = position
    position += 1
    guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
    let letter = byte(position)
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try readFourDigits(start))
      if (0xD800..<0xDC00).contains(code) {
        guard position + 1 < end, byte(position) == UInt8(ascii: "\\"),
          byte(position + 1) == UInt8(ascii: "u")
        else { throw JSONError(.badEscape, at: start) }
        position += 2
        let low = UInt32(try readFourDigits(start))
        guard (0xDC00..<0xE000).contains(low) else { throw JSONError(.badEscape, at: start) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = UnicodeScalar(code) else { throw JSONError(.badEscape, at: start) }
      text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default: throw JSONError(.badEscape, at: start)
    }
  }

  @_lifetime(self: copy self)
  private mutating func readFourDigits(_ start: Int) throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
      let digit = byte(position)
      let nibble: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
      default: throw JSONError(.badEscape, at: start)
      }
      value = value << 4 | UInt16(nibble)
      position += 1
    }
    return value
  }

  /// Reads a number and gives its text; a value that no double can hold is refused.
  @_lifetime(self: copy self)
  public mutating func readNumber() throws(JSONError) -> String {
    skipWhitespace()
    let start = position
    func isDigit(_ offset: Int) -> Bool {
      offset < end && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte(offset))
    }
    if position < end, byte(position) == UInt8(ascii: "-") { position += 1 }
    guard isDigit(position) else {
      if position >= end { throw JSONError(.unexpectedEnd, at: position) }
      throw JSONError(.badNumber, at: start)
    }
    if byte(position) == UInt8(ascii: "0") {
      position += 1
      if isDigit(position) { throw JSONError(.badNumber, at: start) }
    }
    while isDigit(position) { position += 1 }
    var isInteger = true
    if position < end, byte(position) == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard isDigit(position) else { throw JSONError(.badNumber, at: start) }
      while isDigit(position) { position += 1 }
    }
    if position < end, byte(position) | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < end, byte(position) == UInt8(ascii: "+") || byte(position) == UInt8(ascii: "-")
      {
        position += 1
      }
      guard isDigit(position) else { throw JSONError(.badNumber, at: start) }
      while isDigit(position) { position += 1 }
    }
    var text = ""
    text.reserveCapacity(position - start)
    for offset in start..<position { text.unicodeScalars.append(UnicodeScalar(byte(offset))) }
    if isInteger && text.utf8.count <= 300 { return text }
    guard let value = Double(text), value.isFinite else {
      throw JSONError(.badNumber, at: start)
    }
    return text
  }

  /// Reads an integer from 0 to 2^64 - 1, written without sign, fraction or exponent.
  @_lifetime(self: copy self)
  public mutating func readUnsigned() throws(JSONError) -> UInt64 {
    guard try peek() == .number else {
      throw JSONError(.notUnsignedInteger, at: position)
    }
    let start = position
    let text = try readNumber()
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let value = UInt64(text)
    else { throw JSONError(.notUnsignedInteger, at: start) }
    return value
  }

  /// Reads `true` or `false`.
  @_lifetime(self: copy self)
  public mutating func readBool() throws(JSONError) -> Bool {
    skipWhitespace()
    if position < end, byte(position) == UInt8(ascii: "t") {
      try readWord("true")
      return true
    }
    try readWord("false")
    return false
  }

  /// Reads `null`.
  @_lifetime(self: copy self)
  public mutating func readNull() throws(JSONError) {
    skipWhitespace()
    try readWord("null")
  }

  @_lifetime(self: copy self)
  private mutating func readWord(_ word: StaticString) throws(JSONError) {
    let text = word.description
    for wanted in text.utf8 {
      guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
      guard byte(position) == wanted else {
        throw JSONError(.unexpected(byte: byte(position), expected: text), at: position)
      }
      position += 1
    }
  }

  /// Reads over a value of any kind, checking it and building nothing.
  ///
  /// - Complexity: O(bytes of the value); recursion is bounded by the depth limit.
  @_lifetime(self: copy self)
  public mutating func skipValue() throws(JSONError) {
    switch try peek() {
    case .null: try readNull()
    case .bool: _ = try readBool()
    case .number: _ = try readNumber()
    case .string: _ = try readString()
    case .array:
      try beginArray()
      var isFirst = true
      while try nextElement(isFirst: isFirst) {
        isFirst = false
        try skipValue()
      }
    case .object:
      try beginObject()
      var isFirst = true
      while try nextKey(isFirst: isFirst) != nil {
        isFirst = false
        try skipValue()
      }
    }
  }

  /// Demands that only white space follows.
  @_lifetime(self: copy self)
  public mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard position == end else { throw JSONError(.trailingBytes, at: position) }
  }

  /// The offset of the first byte that is not UTF-8; nil where all are.
  ///
  /// - Complexity: O(n), a byte at a time only where the text is not ASCII.
  public static func firstNonUTF8(in bytes: RawSpan, range: Range<Int>) -> Int? {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let lead = bytes.byte(at: offset)
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
      let second = bytes.byte(at: offset + 1)
      guard (low...high).contains(second) else { return offset }
      for index in 2..<max(2, count) {
        guard bytes.byte(at: offset + index) & 0xC0 == 0x80 else { return offset }
      }
      offset += count
    }
    return nil
  }
}
