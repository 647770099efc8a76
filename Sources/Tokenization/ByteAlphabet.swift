/// The 256 letters of byte-level vocabularies, one for each byte.
///
/// Bytes that print in Latin-1 stand for themselves, the others for the code points from U+0100 on, in order.
enum ByteAlphabet {
  /// The letter of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
      default:
        next += 1
        return next - 1
      }
    }
  }()

  /// The byte of each letter below U+0144; -1 where it is no letter.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The byte that a letter stands for; nil where it is no letter.
  static func byte(of scalar: UInt32) -> UInt8? {
    guard scalar < 0x144 else { return nil }
    return UInt8(exactly: bytes[Int(scalar)])
  }

  @inline(__always)
  static func append(
    _ byte: UInt8, origin: Origin, to bytes: inout [UInt8], _ origins: inout [Origin]
  ) {
    // What most text is made of.
    if byte > 0x20 && byte < 0x7F {
      bytes.append(byte)
      origins.append(origin)
      return
    }
    // Every other letter is below U+0800, so it has two bytes.
    let scalar = scalars[Int(byte)]
    bytes.append(UInt8(truncatingIfNeeded: scalar >> 6) | 0xC0)
    bytes.append(UInt8(truncatingIfNeeded: scalar & 0x3F) | 0x80)
    origins.append(origin)
    origins.append(origin)
  }

  /// Writes bytes as letters.
  static func spell(_ text: [UInt8]) -> [UInt8] {
    var spelled: [UInt8] = []
    for byte in text { UTF8Reading.append(scalars[Int(byte)], to: &spelled) }
    return spelled
  }
}
