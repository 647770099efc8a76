import Storage

/// The members of an object in canonical form (RFC 8785), found without building values.
///
/// Only the plain form is judged, which is that of nearly all documents that software writes: ASCII, no escapes,
/// integers up to 2^53 - 1. Whatever else there is, good or bad, is left to the general reader.
public struct CanonicalObject: Sendable {
  /// One member of the outermost object, by where it stands in the text: the key between its quotes, and the value.
  private struct Member: Sendable {
    let key: Range<UInt32>
    let value: Range<UInt32>
  }

  private let members: [Member]

  /// Reads a whole text; nil where it is not an object in plain canonical form, nested up to a depth.
  public init?(scanning bytes: RawSpan, depthLimit: Int) {
    guard bytes.byteCount < Int(UInt32.max), bytes.isASCII else { return nil }
    var scanner = Scanner(bytes: bytes, depthLimit: depthLimit)
    var members: [Member] = []
    members.reserveCapacity(16)
    guard scanner.scanObject(depth: 1, members: &members), scanner.position == bytes.byteCount
    else { return nil }
    self.members = members
  }

  /// Where the value of a member is in the text, with the quotes of a string; nil where there is none.
  public func place(of key: StaticString, in bytes: RawSpan) -> Range<Int>? {
    for member in members where bytes.holds(key, in: member.key.inInts) {
      return member.value.inInts
    }
    return nil
  }
}

extension Range<UInt32> {
  /// The range in the integers that spans take.
  fileprivate var inInts: Range<Int> { Int(lowerBound)..<Int(upperBound) }

  /// Makes a range of a text that is known to be short.
  fileprivate init(_ range: Range<Int>) {
    self = UInt32(range.lowerBound)..<UInt32(range.upperBound)
  }
}

extension CanonicalObject {
  /// Each method reads over what it is named for, or gives false where that is not there in plain form.
  private struct Scanner: ~Escapable {
    let bytes: RawSpan
    let depthLimit: Int
    var position = 0

    @_lifetime(copy bytes)
    init(bytes: RawSpan, depthLimit: Int) {
      self.bytes = bytes
      self.depthLimit = depthLimit
    }

    private var next: UInt8? {
      position < bytes.byteCount ? bytes.octet(at: position) : nil
    }

    @_lifetime(self: copy self)
    private mutating func take(_ wanted: UInt8) -> Bool {
      guard next == wanted else { return false }
      position += 1
      return true
    }

    @_lifetime(self: copy self)
    mutating func scanObject(depth: Int, members: inout [Member]) -> Bool {
      guard depth <= depthLimit, take(UInt8(ascii: "{")) else { return false }
      if take(UInt8(ascii: "}")) { return true }
      var last: Range<Int>?
      while true {
        guard let key = scanString() else { return false }
        // Of ASCII the order of UTF-16 units is that of bytes; and a key that is there twice is not ascending.
        if let last, !bytes.isAscending(last, key) { return false }
        guard take(UInt8(ascii: ":")) else { return false }
        let start = position
        guard scanValue(depth: depth) else { return false }
        if depth == 1 { members.append(Member(key: Range(key), value: Range(start..<position))) }
        last = key
        if take(UInt8(ascii: "}")) { return true }
        guard take(UInt8(ascii: ",")) else { return false }
      }
    }

    @_lifetime(self: copy self)
    private mutating func scanValue(depth: Int) -> Bool {
      switch next {
      case UInt8(ascii: "\""): return scanString() != nil
      case UInt8(ascii: "{"):
        var none: [Member] = []
        return scanObject(depth: depth + 1, members: &none)
      case UInt8(ascii: "["): return scanArray(depth: depth + 1)
      case UInt8(ascii: "t"): return scanWord("true")
      case UInt8(ascii: "f"): return scanWord("false")
      case UInt8(ascii: "n"): return scanWord("null")
      default: return scanInteger()
      }
    }

    @_lifetime(self: copy self)
    private mutating func scanArray(depth: Int) -> Bool {
      guard depth <= depthLimit, take(UInt8(ascii: "[")) else { return false }
      if take(UInt8(ascii: "]")) { return true }
      while true {
        guard scanValue(depth: depth) else { return false }
        if take(UInt8(ascii: "]")) { return true }
        guard take(UInt8(ascii: ",")) else { return false }
      }
    }

    /// The bytes between the quotes of a string without escapes.
    @_lifetime(self: copy self)
    private mutating func scanString() -> Range<Int>? {
      guard take(UInt8(ascii: "\"")) else { return nil }
      let start = position
      position = bytes.endOfPlainText(from: start, to: bytes.byteCount)
      let end = position
      return take(UInt8(ascii: "\"")) ? start..<end : nil
    }

    @_lifetime(self: copy self)
    private mutating func scanWord(_ word: StaticString) -> Bool {
      let end = position + word.utf8CodeUnitCount
      guard end <= bytes.byteCount, bytes.holds(word, in: position..<end) else { return false }
      position = end
      return true
    }

    /// Up to 15 digits, which are below 2^53; longer ones are for the general reader.
    @_lifetime(self: copy self)
    private mutating func scanInteger() -> Bool {
      let isNegative = take(UInt8(ascii: "-"))
      let start = position
      while let digit = next, digit &- UInt8(ascii: "0") < 10 { position += 1 }
      let count = position - start
      guard (1...15).contains(count) else { return false }
      guard bytes.octet(at: start) == UInt8(ascii: "0") else { return true }
      return count == 1 && !isNegative
    }
  }
}

extension RawSpan {
  /// Whether all bytes are below 0x80.
  fileprivate var isASCII: Bool {
    var offset = 0
    var seen: UInt64 = 0
    while offset + 8 <= byteCount {
      seen |= word(at: offset)
      offset += 8
    }
    while offset < byteCount {
      seen |= UInt64(octet(at: offset))
      offset += 1
    }
    return seen & 0x8080_8080_8080_8080 == 0
  }

  /// Whether one range of bytes comes before another.
  fileprivate func isAscending(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
    for index in 0..<Swift.min(left.count, right.count) {
      let (a, b) = (octet(at: left.lowerBound + index), octet(at: right.lowerBound + index))
      if a != b { return a < b }
    }
    return left.count < right.count
  }
}
