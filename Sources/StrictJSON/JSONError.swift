/// Why a JSON text was refused, and at which byte.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The rule of RFC 8259, or of this reader, that was broken.
  public enum Reason: Hashable, Sendable {
    /// The text ends inside a value.
    case unexpectedEnd
    /// A byte that cannot stand here; what was expected instead.
    case unexpected(byte: UInt8, expected: String)
    /// The text is not UTF-8.
    case notUTF8
    /// A control character stands unescaped in a string.
    case controlCharacter(UInt8)
    /// An escape that JSON does not have, or half of a surrogate pair.
    case badEscape
    /// A number that JSON does not allow, or that no double can hold.
    case badNumber
    /// An integer that is negative, fractional or too large where a count is expected.
    case notUnsignedInteger
    /// Values are nested deeper than is read.
    case tooDeep(limit: Int)
    /// An object names a member twice.
    case duplicateKey(ByteString)
    /// More text follows the value.
    case trailingBytes
    /// The text is longer than is read of its kind.
    case tooLarge(limit: Int)
  }

  /// The rule that was broken.
  public var reason: Reason
  /// The offset of the first byte that is wrong.
  public var byteOffset: Int

  /// Makes an error at a byte.
  public init(_ reason: Reason, at byteOffset: Int) {
    self.reason = reason
    self.byteOffset = byteOffset
  }

  /// What and where, in one line.
  public var description: String { "at byte \(byteOffset): \(reason.text)" }
}

extension JSONError.Reason {
  /// The rule in words.
  public var text: String {
    switch self {
    case .unexpectedEnd: return "the JSON text ends inside a value"
    case .unexpected(let byte, let expected):
      let shown =
        (0x21...0x7E).contains(byte)
        ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(Hex.encode([byte]))"
      return "found \(shown), expected \(expected)"
    case .notUTF8: return "the text is not UTF-8"
    case .controlCharacter(let byte): return "control character 0x\(Hex.encode([byte])) in a string"
    case .badEscape: return "an escape that JSON does not have, or half a surrogate pair"
    case .badNumber: return "not a number of JSON, or none that a double can hold"
    case .notUnsignedInteger: return "expected an integer from 0 to 18446744073709551615"
    case .tooDeep(let limit): return "values are nested deeper than \(limit)"
    case .duplicateKey(let key): return "the member \"\(key)\" is given twice"
    case .trailingBytes: return "more text follows the value"
    case .tooLarge(let limit): return "the text is longer than \(limit) bytes"
    }
  }
}

public import Storage
