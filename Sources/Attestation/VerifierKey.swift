import Storage

/// How a key signs a note: the type byte of a C2SP verifier key (signed-note, "Signature types").
public enum NoteSignatureType: UInt8, Hashable, Sendable {
  /// Ed25519 over the text of the note.
  case ed25519 = 0x01
  /// Ed25519 over a time and the text: a witness's cosignature (tlog-cosignature).
  case cosignature = 0x04
}

/// A public key that signs notes, written as a C2SP vkey: `name+keyid+base64(type, key)`.
public struct VerifierKey: Sendable {
  /// The longest name that is read, in UTF-8 bytes.
  static let nameLimit = 255

  /// The name: a log's origin, or what a witness calls itself.
  public let name: String
  /// How the key signs.
  public let type: NoteSignatureType
  /// The key, always Ed25519.
  public let publicKey: PublicKey
  /// The first four bytes of SHA-256(name, line break, type, key).
  ///
  /// Kept, for every signature line of every note is held against it.
  public let keyID: [UInt8]
  private let raw: [UInt8]

  /// Names a key.
  ///
  /// - Throws: Where the name is empty or holds a space, `+` or a control character, or the key is not Ed25519
  ///   or of small order.
  public init(name: String, publicKey: PublicKey, type: NoteSignatureType = .ed25519)
    throws(AttestationError)
  {
    guard Self.isName(name), name.utf8.count <= Self.nameLimit,
      !name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    else {
      throw AttestationError(
        .badKey(
          "the name of a key that signs notes must not be empty or hold spaces or '+': \"\(ByteString(name))\""
        ))
    }
    guard let raw = publicKey.rawEd25519 else {
      throw AttestationError(.badKey("the key of a log or witness is Ed25519"))
    }
    guard !Self.isSmallOrder(raw) else {
      throw AttestationError(.badKey("an Ed25519 key of small order, which anyone can sign for"))
    }
    self.name = name
    self.type = type
    self.publicKey = publicKey
    self.raw = raw
    keyID = Array(
      SHA256.digest(of: Array(name.utf8) + [0x0A, type.rawValue] + raw).bytes.prefix(4))
  }

  /// Reads a vkey.
  public init(_ text: String) throws(AttestationError) {
    let parts = text.utf8.split(
      separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let name = String(parts[0]), let id = String(parts[1]),
      let bytes = String(parts[2]).flatMap({ Base64.decode($0) }), let first = bytes.first
    else {
      throw AttestationError(.badKey("not a vkey (name+keyid+base64)"))
    }
    guard let type = NoteSignatureType(rawValue: first) else {
      throw AttestationError(
        .badKey(
          "a vkey of type \(first); 1 (Ed25519) and 4 (Ed25519 cosignature) are known"))
    }
    guard bytes.count == 33 else {
      throw AttestationError(
        .badKey("a vkey of an Ed25519 key has 33 bytes behind the last '+', found \(bytes.count)"))
    }
    try self.init(
      name: name, publicKey: try PublicKey(rawEd25519: Array(bytes.dropFirst())), type: type)
    guard Hex.encode(keyID) == id else {
      throw AttestationError(
        .badKey("the vkey's id is \(ByteString(id)), its key has \(Hex.encode(keyID))"))
    }
  }

  private var typedKey: [UInt8] { [type.rawValue] + raw }

  /// The vkey as text.
  public var encoded: String { "\(name)+\(Hex.encode(keyID))+\(Base64.encode(typedKey))" }

  /// Whether a text may stand as a key's name in a note: not empty, without Unicode spaces and `+`.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && !text.unicodeScalars.contains { $0 == "+" || $0.properties.isWhitespace }
  }

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

extension VerifierKey: Hashable {
  /// Compares names as bytes, types and keys.
  public static func == (left: Self, right: Self) -> Bool {
    left.type == right.type && left.raw == right.raw
      && ByteString(left.name) == ByteString(right.name)
  }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    hasher.combine(raw)
    hasher.combine(ByteString(name))
  }
}
