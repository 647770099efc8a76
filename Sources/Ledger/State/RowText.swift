import Storage
import StrictJSON

/// Canonical JSON of a row, written member by member, in the order of the keys.
struct RowText {
  private(set) var bytes: [UInt8] = []

  /// Writes an object; members that are nil are left out.
  mutating func object(_ members: (inout RowText) -> Void) {
    bytes.append(UInt8(ascii: "{"))
    members(&self)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Begins anew, in the memory that it has.
  mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  /// Writes a whole row that was encoded elsewhere.
  mutating func add(encoded row: [UInt8]) { bytes += row }

  mutating func key(_ key: StaticString) {
    separate()
    quote { bytes in key.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) } }
    bytes.append(UInt8(ascii: ":"))
  }

  /// Writes a comma, but before the first member.
  private mutating func separate() {
    if bytes.last != UInt8(ascii: "{"), bytes.last != UInt8(ascii: "[") {
      bytes.append(UInt8(ascii: ","))
    }
  }

  mutating func add(_ key: StaticString, _ digest: Digest?) {
    guard let digest else { return }
    self.key(key)
    quote { digest.appendHex(to: &$0) }
  }

  /// Writes a string of what needs no escape.
  private mutating func quote(_ body: (inout [UInt8]) -> Void) {
    bytes.append(UInt8(ascii: "\""))
    body(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func add(_ key: StaticString, _ text: String?) {
    guard let text else { return }
    self.key(key)
    write(text)
  }

  private mutating func write(_ text: String) {
    let isPlain = text.utf8.allSatisfy {
      (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    guard isPlain else { return CanonicalJSON.writeString(Array(text.utf8), into: &bytes) }
    quote { $0.append(contentsOf: text.utf8) }
  }

  mutating func add(_ key: StaticString, _ time: Timestamp?) {
    guard let time else { return }
    self.key(key)
    quote { time.append(to: &$0) }
  }

  mutating func add(_ key: StaticString, _ date: CivilDate?) {
    guard let date else { return }
    self.key(key)
    quote { date.append(to: &$0) }
  }

  mutating func add(_ key: StaticString, _ number: Int?) {
    guard let number else { return }
    self.key(key)
    bytes += String(number).utf8
  }

  mutating func add(_ key: StaticString, _ texts: [String]) {
    self.key(key)
    bytes.append(UInt8(ascii: "["))
    for text in texts {
      separate()
      write(text)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func add(_ key: StaticString, _ files: [LedgerState.ChangedFile]) {
    self.key(key)
    bytes.append(UInt8(ascii: "["))
    for file in files {
      separate()
      object {
        $0.add("file", file.file)
        $0.add("sha256", file.digest)
      }
    }
    bytes.append(UInt8(ascii: "]"))
  }
}
