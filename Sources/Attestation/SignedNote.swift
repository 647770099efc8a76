public import Storage

/// A C2SP signed note: a text and signature lines under it.
public struct SignedNote: Hashable, Sendable {
  /// One signature line.
  public struct Line: Hashable, Sendable {
    /// The name of the key.
    public var name: String
    /// The first four bytes of the key's identity, then the signature.
    public var bytes: [UInt8]
  }

  /// The largest note that is read.
  public static let byteLimit = 1 << 16

  /// The signed text, with its final line break.
  public let text: String
  /// The signature lines.
  public let lines: [Line]

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
  public var encoded: String {
    text + "\n" + lines.map { "\u{2014} \($0.name) \(Base64.encode($0.bytes))\n" }.joined()
  }

  /// Reads a note.
  public init(parsing bytes: [UInt8]) throws(AttestationError) {
    func fail(_ what: String) -> AttestationError {
      AttestationError(.malformed("signed note: \(what)"))
    }
    guard bytes.count <= Self.byteLimit else { throw fail("longer than \(Self.byteLimit) bytes") }
    guard let whole = String(validating: bytes, as: UTF8.self) else { throw fail("not UTF-8") }
    if bytes.contains(where: { $0 < 0x20 && $0 != 0x0A }) { throw fail("a control character") }
    let parts = whole.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    guard parts.last == "", let gap = parts.dropLast().lastIndex(of: ""), gap > 0 else {
      throw fail("no empty line between text and signatures")
    }
    text = parts[..<gap].joined(separator: "\n") + "\n"
    var lines: [Line] = []
    for part in parts[(gap + 1)..<(parts.count - 1)] {
      let words = part.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 3, words[0] == "\u{2014}", !words[1].isEmpty,
        let bytes = Base64.decode(String(words[2])), bytes.count > 4
      else { throw fail("a signature line that is none") }
      lines.append(Line(name: String(words[1]), bytes: bytes))
    }
    guard (1...64).contains(lines.count) else { throw fail("1 to 64 signatures are expected") }
    self.lines = lines
  }

  /// Whether a key has signed the note; a line of that key which does not verify refuses the note.
  public func isSigned(by key: VerifierKey) -> Bool {
    let own = lines.filter { $0.name == key.name && Array($0.bytes.prefix(4)) == key.keyID }
    return own.count == 1
      && own.allSatisfy {
        key.publicKey.verify(
          signature: Array($0.bytes.dropFirst(4)), message: Array(text.utf8))
      }
  }
}

/// The public key of a log, written as a C2SP vkey: `name+keyid+base64(type, key)`.
public struct VerifierKey: Hashable, Sendable {
  private static let ed25519Type: UInt8 = 1

  /// The name: the log's origin.
  public let name: String
  /// The key, always Ed25519.
  public let publicKey: PublicKey

  /// Names a key.
  ///
  /// - Throws: Where the name is empty or holds a space or `+`, or the key is not Ed25519.
  public init(name: String, publicKey: PublicKey) throws(AttestationError) {
    guard !name.isEmpty, name.utf8.count <= 255,
      !name.unicodeScalars.contains(where: {
        $0 == "+" || $0.properties.isWhitespace || $0.value < 0x21 || $0.value == 0x7F
      })
    else {
      throw AttestationError(
        .badKey("the name of a log must not be empty or hold spaces or '+': \"\(name)\""))
    }
    guard publicKey.algorithm == .ed25519, let raw = publicKey.rawEd25519 else {
      throw AttestationError(.badKey("the key of a log is Ed25519"))
    }
    guard !Self.isSmallOrder(raw) else {
      throw AttestationError(.badKey("an Ed25519 key of small order, which anyone can sign for"))
    }
    self.name = name
    self.publicKey = publicKey
  }

  /// Reads a vkey.
  public init(_ text: String) throws(AttestationError) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Base64.decode(String(parts[2])), bytes.count == 33,
      bytes[0] == Self.ed25519Type
    else { throw AttestationError(.badKey("not an Ed25519 vkey (name+keyid+base64)")) }
    try self.init(
      name: String(parts[0]), publicKey: try PublicKey(rawEd25519: Array(bytes.dropFirst())))
    guard Hex.encode(keyID) == parts[1] else {
      throw AttestationError(
        .badKey("the vkey's id is \(parts[1]), its key has \(Hex.encode(keyID))"))
    }
  }

  private var typedKey: [UInt8] { [Self.ed25519Type] + (publicKey.rawEd25519 ?? []) }

  /// The first four bytes of SHA-256(name, line break, type, key).
  public var keyID: [UInt8] {
    Array(SHA256.digest(of: Array(name.utf8) + [0x0A] + typedKey).bytes.prefix(4))
  }

  /// The vkey as text.
  public var encoded: String { "\(name)+\(Hex.encode(keyID))+\(Base64.encode(typedKey))" }

  /// The y coordinates of the points of small order, without the sign bit (RFC 7748 and Ed25519's torsion).
  private static func isSmallOrder(_ key: [UInt8]) -> Bool {
    var y = key
    y[31] &= 0x7F
    let points = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]
    return points.contains(Hex.encode(y))
  }
}

/// The head of a log, as a C2SP tlog-checkpoint: origin, size, root.
public struct LogCheckpoint: Hashable, Sendable {
  /// The name of the log.
  public let origin: String
  /// How many leaves the log has.
  public let treeSize: Int
  /// The root of the Merkle tree over them.
  public let root: Digest

  /// Makes a head.
  public init(origin: String, treeSize: Int, root: Digest) {
    self.origin = origin
    self.treeSize = treeSize
    self.root = root
  }

  /// The text that is signed.
  public var text: String { "\(origin)\n\(treeSize)\n\(Base64.encode(root.bytes))\n" }

  /// Reads the text of a note; extension lines are allowed and ignored.
  public init(parsing text: String) throws(AttestationError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 4, !lines[0].isEmpty, let size = Int(lines[1]), size >= 0,
      String(size) == lines[1], let bytes = Base64.decode(String(lines[2])),
      let root = Digest(bytes: bytes)
    else { throw AttestationError(.malformed("not a checkpoint (origin, size, root)")) }
    self.init(origin: String(lines[0]), treeSize: size, root: root)
  }
}
