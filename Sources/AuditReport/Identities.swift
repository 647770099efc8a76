import Storage

/// Random identities (UUIDs) in bytes, as text.
struct Identities {
  /// Those that were found, in small letters, without a scheme before them.
  private(set) var found: Set<String> = []

  /// Searches bytes.
  init(in bytes: [UInt8]) {
    var place = 0
    while place + 36 <= bytes.count {
      if bytes[place + 8] == UInt8(ascii: "-"), Self.isIdentity(bytes[place..<place + 36]) {
        found.insert(String(decoding: bytes[place..<place + 36], as: UTF8.self).lowercased())
      }
      place += 1
    }
  }

  /// An identity without its scheme.
  static func bare(_ id: String) -> String {
    id.hasPrefix("urn:uuid:") ? String(id.dropFirst(9)) : id
  }

  private static func isIdentity(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.enumerated().allSatisfy { index, byte in
      [8, 13, 18, 23].contains(index)
        ? byte == UInt8(ascii: "-")
        : (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
          || (0x41...0x46).contains(byte)
    }
  }
}
