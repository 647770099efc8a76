/// The bytes of the original text that a byte of a changed text comes from.
struct Origin: Sendable {
  var start: UInt32
  var end: UInt32
}

/// A text on its way through the normalisers, each byte with its place in the original.
///
/// All bytes of one code point have the same origin, and origins never go backwards.
struct AlignedText {
  private(set) var bytes: [UInt8]
  private(set) var origins: [Origin]
  /// Where in the original this text begins, for what has no byte before it to take its origin from.
  let shift: Int

  init(bytes: [UInt8], origins: [Origin], shift: Int) {
    self.bytes = bytes
    self.origins = origins
    self.shift = shift
  }

  /// An original text, whose code points come from themselves.
  init(original bytes: [UInt8]) {
    self.bytes = bytes
    shift = 0
    origins = []
    origins.reserveCapacity(bytes.count)
    var offset = 0
    while offset < bytes.count {
      let length = UTF8Reading.length(leadBy: bytes[offset])
      let origin = Origin(start: UInt32(offset), end: UInt32(offset + length))
      for _ in 0..<length { origins.append(origin) }
      offset += length
    }
  }

  /// How long a text may be, and may become.
  static let byteLimit = 1 << 26

  /// Refuses to let a text become longer than is handled.
  static func check(_ byteCount: Int) throws(TokenizerError) {
    guard byteCount <= byteLimit else {
      throw TokenizerError(.textTooLong(limit: byteLimit), at: "text")
    }
  }

  var isEmpty: Bool { bytes.isEmpty }
  var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

  /// One code point of a changed text.
  struct Change {
    var scalar: UInt32
    /// How it follows from the old ones.
    ///
    /// 1: it is new, and comes from where the one before it came from. 0: it stands for the next old code point.
    /// -n: it stands for the next, and the n after that are gone.
    var step: Int
  }

  /// Puts changed code points in the place of all that is there.
  mutating func apply(_ changes: [Change]) {
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count + bytes.count / 4)
    newOrigins.reserveCapacity(bytes.count + bytes.count / 4)
    var offset = 0
    for change in changes {
      let origin: Origin
      if change.step > 0 || offset >= bytes.count {
        origin = offset > 0 ? origins[offset - 1] : beginning
      } else {
        origin = origins[offset]
        var gone = 1 - change.step
        while gone > 0, offset < bytes.count {
          offset += UTF8Reading.length(leadBy: bytes[offset])
          gone -= 1
        }
      }
      let length = UTF8Reading.append(change.scalar, to: &newBytes)
      for _ in 0..<length { newOrigins.append(origin) }
    }
    bytes = newBytes
    origins = newOrigins
  }

  private var beginning: Origin { Origin(start: UInt32(shift), end: UInt32(shift)) }

  /// Calls a function for each code point.
  @inline(__always)
  func forEachScalar(_ body: (UInt32) -> Void) {
    var offset = 0
    while offset < bytes.count {
      let (scalar, length) = UTF8Reading.scalar(in: bytes, at: offset)
      body(scalar)
      offset += length
    }
  }

  /// Keeps the code points of which a condition holds.
  @inline(__always)
  mutating func filter(_ keeps: (UInt32) -> Bool) {
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count)
    newOrigins.reserveCapacity(bytes.count)
    var offset = 0
    while offset < bytes.count {
      let (scalar, length) = UTF8Reading.scalar(in: bytes, at: offset)
      if keeps(scalar) {
        for index in offset..<offset + length {
          newBytes.append(bytes[index])
          newOrigins.append(origins[index])
        }
      }
      offset += length
    }
    bytes = newBytes
    origins = newOrigins
  }

  /// Replaces each code point by another.
  @inline(__always)
  mutating func map(_ transform: (UInt32) -> UInt32) {
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count)
    newOrigins.reserveCapacity(bytes.count)
    var offset = 0
    while offset < bytes.count {
      let (scalar, length) = UTF8Reading.scalar(in: bytes, at: offset)
      let written = UTF8Reading.append(transform(scalar), to: &newBytes)
      for _ in 0..<written { newOrigins.append(origins[offset]) }
      offset += length
    }
    bytes = newBytes
    origins = newOrigins
  }

  /// Puts a text before this one, unless this one is empty; it comes from where the first code point came from.
  mutating func prepend(_ text: [UInt8]) {
    guard let first = origins.first else { return }
    bytes.insert(contentsOf: text, at: 0)
    origins.insert(contentsOf: repeatElement(first, count: text.count), at: 0)
  }

  /// Puts a text in the place of each of some ranges, which are in order and do not overlap.
  mutating func replace(
    _ ranges: [Range<Int>], with text: [UInt8]
  ) throws(TokenizerError) {
    if ranges.isEmpty { return }
    let (added, overflows) = ranges.count.multipliedReportingOverflow(by: text.count)
    try Self.check(overflows ? Int.max : added)
    try Self.check(bytes.count + added)
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    var copied = 0
    for range in ranges {
      newBytes += bytes[copied..<range.lowerBound]
      newOrigins += origins[copied..<range.lowerBound]
      let origin = range.upperBound > 0 ? origins[range.upperBound - 1] : beginning
      newBytes += text
      newOrigins += repeatElement(origin, count: text.count)
      copied = range.upperBound
    }
    newBytes += bytes[copied...]
    newOrigins += origins[copied...]
    bytes = newBytes
    origins = newOrigins
  }

  /// Drops white space at either end.
  mutating func strip(left: Bool, right: Bool) {
    var lower = 0
    var upper = bytes.count
    if left {
      while lower < upper {
        let (scalar, length) = UTF8Reading.scalar(in: bytes, at: lower)
        guard CharacterClass.isWhiteSpace(scalar) else { break }
        lower += length
      }
    }
    if right {
      while upper > lower {
        let (scalar, length) = UTF8Reading.scalar(in: bytes, before: upper)
        guard CharacterClass.isWhiteSpace(scalar) else { break }
        upper -= length
      }
    }
    guard lower > 0 || upper < bytes.count else { return }
    bytes = Array(bytes[lower..<upper])
    origins = Array(origins[lower..<upper])
  }
}
