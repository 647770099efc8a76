private import COpenSSL
import Storage

/// Random bytes that no one can guess, from OpenSSL's generator.
public enum SecureRandom {
  /// Makes random bytes.
  public static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let done = unsafe RAND_bytes(&bytes, Int32(count))
    precondition(done == 1, "OpenSSL has no randomness: the installation is broken")
    return bytes
  }

  /// Makes a random UUID (RFC 9562 version 4), lowercase.
  public static func uuid() -> String {
    var bytes = bytes(16)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(Hex.encode(bytes).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
      .map { String(decoding: hex[$0], as: UTF8.self) }.joined(separator: "-")
  }
}
