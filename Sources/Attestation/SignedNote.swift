public import Storage

/// A C2SP signed note: a text and signature lines under it.
public struct SignedNote: Hashable, Sendable {
  /// One signature line.
  public struct Line: Hashable, Sendable {
    /// The name of the key.
    public var name: String
    /// The first four bytes of the key's identity, then the signature.
    public var bytes: [UInt8]

    /// The line as text, with its line break.
    var encoded: String { "\u{2014} \(name) \(Base64.encode(bytes))\n" }
  }

  /// What a note says of one key.
  public enum Verification: Hashable, Sendable {
    /// No line names the key.
    case absent
    /// The key has signed; a cosignature says when.
    case signed(at: Timestamp?)
    /// A line names the key and is not that key's, or there are several: the whole note is refused.
    case refused(String)
  }

  /// The largest note that is read, in bytes; room for 50 post-quantum signatures.
  public static let byteLimit = 1 << 18
  /// The most signature lines that are read; the specification asks for 16 or more.
  public static let lineLimit = 64

  /// The signed text, with its final line break.
  public let text: String
  /// The signature lines.
  public private(set) var lines: [Line]

  /// Signs a text.
  public init(signing text: String, as verifierKey: VerifierKey, with key: borrowing PrivateKey)
    throws(AttestationError)
  {
    self.text = text
    lines = [
      Line(
        name: verifierKey.name,
        bytes: verifierKey.keyID + (try key.sign(Array(text.utf8))))
    ]
  }

  /// The note as text.
  public var encoded: String { text + "\n" + lines.map(\.encoded).joined() }

  /// Reads a note.
  public init(parsing bytes: [UInt8]) throws(AttestationError) {
    guard bytes.count <= Self.byteLimit else {
      throw Self.malformed("longer than \(Self.byteLimit) bytes")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Self.malformed("not UTF-8")
    }
    if let control = bytes.first(where: { $0 < 0x20 && $0 != 0x0A }) {
      throw Self.malformed("a control character (byte \(control))")
    }
    // The last empty line parts text from signatures.
    guard bytes.last == 0x0A,
      let gap = bytes.indices.dropLast().last(where: { bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A })
    else { throw Self.malformed("no empty line between text and signatures") }
    text = String(decoding: bytes[...gap], as: UTF8.self)
    lines = try Self.lines(parsing: String(decoding: bytes[(gap + 2)...], as: UTF8.self))
  }

  private static func malformed(_ what: String) -> AttestationError {
    AttestationError(.malformed("signed note: \(what)"))
  }

  /// Reads signature lines alone, as a witness answers them.
  public static func lines(parsing text: String) throws(AttestationError) -> [Line] {
    let parts = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard parts.last?.isEmpty == true, (1...lineLimit).contains(parts.count - 1) else {
      throw malformed("1 to \(lineLimit) signature lines are expected, found \(parts.count - 1)")
    }
    var lines: [Line] = []
    for part in parts.dropLast() {
      let words = part.split(separator: 0x20, omittingEmptySubsequences: false)
      guard words.count == 3, words[0].elementsEqual("\u{2014}".utf8), let name = String(words[1]),
        VerifierKey.isName(name),
        let bytes = String(words[2]).flatMap({ Base64.decode($0) }), bytes.count > 4
      else { throw malformed("a signature line that is none") }
      lines.append(Line(name: name, bytes: bytes))
    }
    return lines
  }

  /// The lines that name a key, by its name and id.
  private func lines(of key: VerifierKey) -> [Line] {
    lines.filter {
      $0.name.utf8.elementsEqual(key.name.utf8) && $0.bytes.prefix(4).elementsEqual(key.keyID)
    }
  }

  /// What the note says of a key.
  public func verification(by key: VerifierKey) -> Verification {
    let own = lines(of: key)
    guard let line = own.first else { return .absent }
    guard own.count == 1 else {
      return .refused("\(own.count) signature lines name the key of \(key.name), 1 may")
    }
    let signature = Array(line.bytes.dropFirst(4))
    switch key.type {
    case .ed25519:
      guard key.publicKey.verify(signature: signature, message: Array(text.utf8)) else {
        return .refused("the signature that names the key of \(key.name) is not that key's")
      }
      return .signed(at: nil)
    case .cosignature:
      guard let cosignature = Cosignature(signature) else {
        return .refused("the cosignature that names the key of \(key.name) has no time it can have")
      }
      guard cosignature.isSigned(text, by: key.publicKey) else {
        return .refused("the cosignature that names the key of \(key.name) is not that key's")
      }
      return .signed(at: cosignature.time)
    }
  }

  /// Whether a key has signed the note; a line of that key which does not verify refuses the note.
  public func isSigned(by key: VerifierKey) -> Bool {
    if case .signed = verification(by: key) { true } else { false }
  }

  /// Puts a line under the note in place of those that name the same key.
  public mutating func replace(with line: Line) {
    lines.removeAll {
      $0.name.utf8.elementsEqual(line.name.utf8) && $0.bytes.prefix(4) == line.bytes.prefix(4)
    }
    lines.append(line)
  }
}
