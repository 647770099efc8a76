/// Text from a file, kept and compared as the UTF-8 bytes that it is.
///
/// `String` treats canonically equivalent texts as equal, so two tensors whose names differ only by
/// normalisation would become one. Order is the order of bytes, which is that of code points.
public struct ByteString: Hashable, Sendable {
  /// The bytes.
  public let bytes: [UInt8]

  /// Keeps bytes that are known to be UTF-8, or shown repaired where they are not.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// Takes the UTF-8 bytes of a text.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The text, with malformed sequences repaired.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension ByteString: Comparable {
  /// Compares byte by byte.
  public static func < (left: Self, right: Self) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension ByteString: ExpressibleByStringLiteral, CustomStringConvertible {
  /// Takes the UTF-8 bytes of a literal.
  public init(stringLiteral value: String) { self.init(value) }

  /// The text, with control characters made visible.
  public var description: String {
    var shown = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || scalar.value == 0x7F {
        shown += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }
}
