import Storage

/// SentencePiece's `precompiled_charsmap`: a trie of byte strings, and what each of them becomes.
///
/// The blob is four bytes (the trie's size), the trie (a double array of 32-bit units, little-endian) and the
/// replacements, each ending in a zero byte. Every step through the trie is checked against its bounds, so that a
/// damaged blob replaces the wrong things or nothing, and is never read outside.
struct Charsmap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  private static let replacementLimit = 256

  init(_ section: Section) throws(TokenizerError) {
    let encoded = try section.bytes()
    guard let blob = Self.decodeBase64(encoded) else { throw section.error(expected: "Base64") }
    try self.init(blob, section)
  }

  private init(_ blob: [UInt8], _ section: Section) throws(TokenizerError) {
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(blob[offset + $1]) << UInt32(8 * $1) }
    }
    guard blob.count >= 8, let size = Int(exactly: word(0)), size >= 4, size % 4 == 0,
      size <= blob.count - 4
    else {
      throw TokenizerError(
        .unexpected(found: "\(blob.count) bytes", expected: "a trie of the size that it states"),
        at: section.path)
    }
    units = (0..<size / 4).map { word(4 + 4 * $0) }
    replacements = Array(blob[(4 + size)...])
    let replacements = replacements
    // So that a text cannot grow without bound; the longest of real maps has 33 bytes.
    guard replacements.split(separator: 0).allSatisfy({ $0.count <= Self.replacementLimit }) else {
      throw TokenizerError(
        .unexpected(
          found: "a longer one", expected: "replacements of at most \(Self.replacementLimit) bytes"),
        at: section.path)
    }
    guard String(validating: replacements, as: UTF8.self) != nil else {
      throw TokenizerError(
        .unexpected(found: "other bytes", expected: "replacements in UTF-8"), at: section.path)
    }
  }

  /// The bytes of a text in Base64 with its padding; nil where it is something else.
  static func decodeBase64(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    guard padding == 0 || text.last == UInt8(ascii: "=") else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    for (index, letter) in text.enumerated() {
      let value: UInt8
      switch letter {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = letter - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = letter - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = letter - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "=") where index >= text.count - padding: value = 0
      default: return nil
      }
      group = group << 6 | UInt32(value)
      if index % 4 == 3 {
        for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
        group = 0
      }
    }
    bytes.removeLast(padding)
    return bytes
  }

  /// What the shortest entry that a chunk begins with becomes; nil where there is none.
  private func replacement(of bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
    var node = Self.offset(units[0])
    for index in range {
      let byte = bytes[index]
      if byte == 0 { return nil }
      node ^= Int(byte)
      guard node < units.count else { return nil }
      let unit = units[node]
      // Bit 31 marks a value, which no byte leads to.
      guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
      node ^= Self.offset(unit)
      if unit >> 8 & 1 == 1 {
        guard node < units.count else { return nil }
        let start = Int(units[node] & 0x7FFF_FFFF)
        guard start <= replacements.count else { return nil }
        // An entry that begins inside a character is none.
        if start < replacements.count, replacements[start] & 0xC0 == 0x80 { return nil }
        let end = replacements[start...].firstIndex(of: 0) ?? replacements.count
        return start..<end
      }
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & 0x200) >> 6)
  }

  /// Replaces what the map has, cluster by cluster where these are short, else code point by code point.
  ///
  /// A cluster of less than six bytes is replaced as a whole by what its beginning becomes, as the reference does.
  func apply(to text: inout AlignedText) throws(TokenizerError) {
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(text.bytes.count)
    var isChanged = false
    var offset = 0
    let bytes = text.bytes
    func replace(_ range: Range<Int>, scalars: Int) -> Bool {
      guard let found = replacement(of: bytes, range) else { return false }
      isChanged = true
      append(found, for: scalars, to: &changes)
      return true
    }
    for cluster in String(decoding: bytes, as: UTF8.self) {
      let end = offset + cluster.utf8.count
      try AlignedText.check(changes.count)
      if end - offset < 6, replace(offset..<end, scalars: cluster.unicodeScalars.count) {
        offset = end
        continue
      }
      while offset < end {
        let (scalar, length) = UTF8Reading.scalar(in: bytes, at: offset)
        if !replace(offset..<offset + length, scalars: 1) {
          changes.append(AlignedText.Change(scalar: scalar, step: 0))
        }
        offset += length
      }
    }
    if isChanged { text.apply(changes) }
  }

  private func append(
    _ range: Range<Int>, for oldCount: Int, to changes: inout [AlignedText.Change]
  ) {
    let start = changes.count
    var offset = range.lowerBound
    while offset < range.upperBound {
      let (scalar, length) = UTF8Reading.scalar(in: replacements, at: offset)
      changes.append(AlignedText.Change(scalar: scalar, step: 0))
      offset += length
    }
    let difference = changes.count - start - oldCount
    if difference > 0 {
      for index in changes.indices.suffix(difference) { changes[index].step = 1 }
    } else if difference < 0, let last = changes.indices.last {
      // What is gone belongs to the last code point there is, be it of an earlier replacement.
      changes[last].step += difference
    }
  }
}
