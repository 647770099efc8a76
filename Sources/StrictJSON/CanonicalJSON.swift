import Storage

/// The one writer of JSON: the canonical form of RFC 8785, and the same with line breaks for people.
///
/// Integers are those that every reader keeps, from -(2^53 - 1) to 2^53 - 1; anything else that is a number
/// travels as text, so no floating point is written. Others' documents that hold some (`config.json`) are
/// written for people with their numbers as they were read.
public enum CanonicalJSON {
  /// A value that has no canonical form here.
  public enum EncodingError: Error, Hashable, Sendable {
    /// An integer beyond 2^53 - 1, or a number that is not an integer.
    case inexactNumber(String)
  }

  /// Writes the canonical form: no white space, members ordered by their keys' UTF-16 units.
  ///
  /// - Parameter keepsNumbers: Whether numbers that have no canonical form are written as they were read.
  public static func encode(_ value: JSONValue, keepsNumbers: Bool = false)
    throws(EncodingError) -> [UInt8]
  {
    var bytes: [UInt8] = []
    try write(value, into: &bytes, indent: nil, keepsNumbers: keepsNumbers)
    return bytes
  }

  /// Writes the same with line breaks, two spaces a level, and a final line break.
  ///
  /// - Parameter keepsNumbers: Whether numbers that have no canonical form are written as they were read.
  public static func encodeForPeople(_ value: JSONValue, keepsNumbers: Bool = false)
    throws(EncodingError) -> [UInt8]
  {
    var bytes: [UInt8] = []
    try write(value, into: &bytes, indent: 0, keepsNumbers: keepsNumbers)
    bytes.append(0x0A)
    return bytes
  }

  private static func write(
    _ value: JSONValue, into bytes: inout [UInt8], indent: Int?, keepsNumbers: Bool
  ) throws(EncodingError) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .integer(let number):
      guard keepsNumbers || abs(number.clamped) < 1 << 53 else {
        throw .inexactNumber("\(number)")
      }
      bytes += String(number).utf8
    case .number(let text):
      guard keepsNumbers else { throw .inexactNumber(text) }
      bytes += text.utf8
    case .string(let text): writeString(text.bytes, into: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        breakLine(&bytes, indent.map { $0 + 1 })
        try write(element, into: &bytes, indent: indent.map { $0 + 1 }, keepsNumbers: keepsNumbers)
      }
      if !elements.isEmpty { breakLine(&bytes, indent) }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      let ordered = object.members.sorted {
        $0.key.text.utf16.lexicographicallyPrecedes($1.key.text.utf16)
      }
      for (index, member) in ordered.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        breakLine(&bytes, indent.map { $0 + 1 })
        writeString(member.key.bytes, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if indent != nil { bytes.append(0x20) }
        try write(
          member.value, into: &bytes, indent: indent.map { $0 + 1 }, keepsNumbers: keepsNumbers)
      }
      if !ordered.isEmpty { breakLine(&bytes, indent) }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func breakLine(_ bytes: inout [UInt8], _ indent: Int?) {
    guard let indent else { return }
    bytes.append(0x0A)
    bytes += repeatElement(0x20, count: indent * 2)
  }

  /// Writes a string with the escapes of RFC 8785 section 3.2.2.2, which are also those of `serde_json`.
  public static func writeString(_ text: [UInt8], into bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if text.rawSpan.endOfPlainText(from: 0, to: text.count) == text.count {
      bytes += text
      bytes.append(UInt8(ascii: "\""))
      return
    }
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x08: bytes += "\\b".utf8
      case 0x09: bytes += "\\t".utf8
      case 0x0A: bytes += "\\n".utf8
      case 0x0C: bytes += "\\f".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0..<0x20: bytes += "\\u00\(Hex.encode([byte]))".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension Int64 {
  /// The value, with the one that has no positive twin moved by one so that `abs` cannot trap.
  fileprivate var clamped: Int64 { Swift.max(self, -Int64.max) }
}
