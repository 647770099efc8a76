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

  /// A place to come back to.
  public struct Mark: Hashable, Sendable {
    let position: Int
    let depth: Int
  }

  @usableFromInline let bytes: RawSpan
  @usableFromInline var cursor: Int
  /// Where the next byte is read.
  public internal(set) var position: Int {
    get { cursor }
    set { cursor = newValue }
  }
  /// Where the string that was read last begins.
  public internal(set) var stringStart = 0
  @usableFromInline let end: Int
  private var depth = 0
  private let depthLimit: Int

  /// Starts at the first byte of a range of a span.
  ///
  /// The bytes must be UTF-8; ``isUTF8(_:)`` tells.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, range: Range<Int>? = nil, depthLimit: Int = 128) {
    self.bytes = bytes
    cursor = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.byteCount
    precondition(end <= bytes.byteCount, "a range to \(end) in \(bytes.byteCount) bytes")
    self.depthLimit = depthLimit
  }

  @inlinable @inline(__always)
  func byte(_ offset: Int) -> UInt8 {
    bytes.octet(at: offset)
  }

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func skipWhitespace() {
    if position < end, byte(position) <= 0x20 { skipSomeWhitespace() }
  }

  @inline(never)
  @_lifetime(self: copy self)
  private mutating func skipSomeWhitespace() {
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

  @inline(__always)
  @_lifetime(self: copy self)
  mutating func take(_ wanted: UInt8, _ name: String) throws(JSONError) {
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
    guard let token = try nextKeyToken(isFirst: isFirst) else { return nil }
    return try text(of: token)
  }

  /// Reads the next member's key and colon without building the key, or the `}`: nil then.
  @_lifetime(self: copy self)
  public mutating func nextKeyToken(isFirst: Bool) throws(JSONError) -> StringToken? {
    guard try nextItem(isFirst: isFirst, closing: UInt8(ascii: "}")) else { return nil }
    skipWhitespace()
    guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
    guard byte(position) == UInt8(ascii: "\"") else {
      throw JSONError(.unexpected(byte: byte(position), expected: "a key"), at: position)
    }
    let key = try readToken()
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

  @inline(__always)
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
    case .number: _ = try scanNumber()
    case .string: _ = try readToken()
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
      while try nextKeyToken(isFirst: isFirst) != nil {
        isFirst = false
        try skipValue()
      }
    }
  }

  /// Goes back to a place where a value begins, as deep as the reader was there.
  @_lifetime(self: copy self)
  public mutating func rewind(to mark: Mark) {
    position = mark.position
    depth = mark.depth
  }

  /// Where the reader is.
  public var mark: Mark { Mark(position: position, depth: depth) }

  /// Demands that only white space follows.
  @_lifetime(self: copy self)
  public mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard position == end else { throw JSONError(.trailingBytes, at: position) }
  }
}
