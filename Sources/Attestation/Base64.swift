/// Base64 (RFC 4648): standard with padding, and URL-safe without.
public enum Base64 {
  /// Writes the standard alphabet with padding.
  public static func encode(_ bytes: [UInt8]) -> String { encode(bytes, last: "+/", pad: true) }

  /// Writes the URL-safe alphabet without padding.
  public static func encodeURLSafe(_ bytes: [UInt8]) -> String {
    encode(bytes, last: "-_", pad: false)
  }

  private static func alphabet(_ last: String) -> [UInt8] {
    Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
  }

  private static func encode(_ bytes: [UInt8], last: String, pad: Bool) -> String {
    let alphabet = alphabet(last)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(bytes.count, start + 3)]
      var bits: UInt32 = 0
      for index in 0..<3 {
        bits = bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0)
      }
      for index in 0...group.count {
        text.append(alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)])
      }
      if pad { text += repeatElement(UInt8(ascii: "="), count: 3 - group.count) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads the standard alphabet with padding; nil for anything that ``encode(_:)`` does not write.
  public static func decode(_ text: String) -> [UInt8]? {
    decode(text, last: "+/").flatMap { encode($0) == text ? $0 : nil }
  }

  /// Reads the URL-safe alphabet without padding; nil for anything else.
  public static func decodeURLSafe(_ text: String) -> [UInt8]? {
    decode(text, last: "-_").flatMap { encodeURLSafe($0) == text ? $0 : nil }
  }

  /// Reads either alphabet, padded or not, as DSSE asks of readers; nil for anything else.
  public static func decodeAny(_ text: String) -> [UInt8]? {
    decode(text) ?? decodeURLSafe(text)
      ?? decode(text, last: "-_").flatMap { encode($0, last: "-_", pad: true) == text ? $0 : nil }
  }

  private static func decode(_ text: String, last: String) -> [UInt8]? {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in alphabet(last).enumerated() { values[Int(digit)] = UInt8(value) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3)
    var bits: UInt32 = 0
    var bitCount = 0
    for digit in text.utf8 {
      if digit == UInt8(ascii: "=") { break }
      let value = values[Int(digit)]
      if value == 255 { return nil }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        bits &= (1 << UInt32(bitCount)) - 1
      }
    }
    return bytes
  }
}
