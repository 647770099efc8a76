public import Storage

/// The head of a file that is sealed for recipients: a file key, wrapped for each of them.
///
/// For every recipient a fresh key of the recipient's curve agrees with the recipient's key (ECDH), HKDF-SHA256
/// makes a wrapping key of that, and AES-256-GCM wraps the file key under it. The key of the content follows from the
/// file key and the whole head, so that a head that was changed opens nothing. See `docs/formats/sealed.md`.
enum RecipientSeal {
  static let magic = Array("UPSEALR1".utf8)
  static let recipientLimit = 64
  private static let wrappedByteCount = 32 + SealCipher.tagByteCount
  private static let nonce = [UInt8](repeating: 0, count: 12)

  private static let curves: [KeyAlgorithm] = [.p256, .p384, .p521]

  /// One recipient's part of the head.
  private struct Stanza {
    var curve: KeyAlgorithm
    var keyID: [UInt8]
    var point: [UInt8]
    var wrapped: [UInt8]
  }

  /// Makes a head for recipients; gives it with the key of the content.
  static func make(for recipients: [PublicKey]) throws(AttestationError) -> (
    head: [UInt8], key: [UInt8]
  ) {
    guard (1...recipientLimit).contains(recipients.count) else {
      throw AttestationError(
        .badKey("a file is sealed for 1 to \(recipientLimit) recipients, not \(recipients.count)"))
    }
    guard Set(recipients).count == recipients.count else {
      throw AttestationError(.badKey("a recipient is named twice"))
    }
    let fileKey = SecureRandom.bytes(32)
    var head = magic + [UInt8(recipients.count)]
    for recipient in recipients {
      guard let number = curves.firstIndex(of: recipient.algorithm) else {
        throw AttestationError(
          .badKey(
            "an Ed25519 key can't receive; recipients have ECDSA keys (P-256, P-384 or P-521)"))
      }
      let ephemeral = try PrivateKey.generate(recipient.algorithm)
      guard let point = ephemeral.publicKey.point else {
        throw AttestationError(.badKey("a new key has no point"))
      }
      let keyID = recipient.keyID.bytes
      let wrappingKey = wrappingKey(
        try ephemeral.agree(with: recipient), point: point, keyID: keyID)
      head.append(UInt8(number + 1))
      head += keyID + point
      head += SealCipher.seal(fileKey.rawSpan, key: wrappingKey, nonce: nonce, bound: magic)
    }
    return (head, contentKey(fileKey, head))
  }

  /// Opens a head that begins a file; gives its length and the key of the content.
  static func open(_ file: borrowing Descriptor, with key: borrowing PrivateKey)
    throws(AttestationError) -> (headByteCount: Int, key: [UInt8])
  {
    let (head, stanzas) = try read(file)
    let own = key.publicKey
    guard let stanza = stanzas.first(where: { $0.keyID == own.keyID.bytes }) else {
      throw AttestationError(
        .notARecipient(
          own: own.keyID.hex, recipients: stanzas.map { Hex.encode($0.keyID) }), path: file.path)
    }
    do throws(AttestationError) {
      guard stanza.curve == key.algorithm else {
        throw AttestationError(.brokenSeal("it names another curve for this key than the key has"))
      }
      let peer = PublicKey(try KeyHandle.publicKey(point: stanza.point, on: stanza.curve))
      let wrappingKey = wrappingKey(
        try key.agree(with: peer), point: stanza.point, keyID: stanza.keyID)
      guard
        let fileKey = SealCipher.open(
          stanza.wrapped, key: wrappingKey, nonce: nonce, bound: magic)
      else { throw AttestationError(.brokenSeal("the wrapped key is not what was sealed for it")) }
      return (head.count, contentKey(fileKey, head))
    } catch { throw AttestationError(.brokenSeal("\(error)"), path: file.path) }
  }

  /// The ids of the recipients' keys.
  static func recipients(_ file: borrowing Descriptor) throws(AttestationError) -> [Digest] {
    try read(file).stanzas.compactMap { Digest(bytes: $0.keyID) }
  }

  /// Reads the head; every length is checked against the file before it is used.
  private static func read(_ file: borrowing Descriptor) throws(AttestationError) -> (
    head: [UInt8], stanzas: [Stanza]
  ) {
    let path = file.path
    func broken(_ what: String) -> AttestationError {
      AttestationError(.brokenSeal(what), path: path)
    }
    var head: [UInt8] = []
    func take(_ count: Int, _ head: inout [UInt8], _ what: String) throws(AttestationError)
      -> [UInt8]
    {
      var buffer = [UInt8](repeating: 0, count: count)
      let found: Int
      do throws(StorageError) {
        found = try file.read(into: &buffer, count: count, at: head.count)
      } catch { throw AttestationError(storage: error) }
      guard found == count else {
        throw broken(
          "cut short in \(what): at byte \(head.count) expected \(count) bytes, found \(found)")
      }
      head += buffer
      return buffer
    }
    guard try take(magic.count, &head, "its first bytes") == magic else {
      throw broken("not a file that is sealed for recipients")
    }
    let count = Int(try take(1, &head, "the count of recipients")[0])
    guard (1...recipientLimit).contains(count) else {
      throw broken("sealed for \(count) recipients; from 1 to \(recipientLimit) are read")
    }
    var stanzas: [Stanza] = []
    for number in 1...count {
      let what = "recipient \(number) of \(count)"
      let curve = Int(try take(1, &head, what)[0])
      guard curves.indices.contains(curve - 1), let length = curves[curve - 1].pointByteCount else {
        throw broken("\(what) has a curve of number \(curve); 1, 2 and 3 are known")
      }
      stanzas.append(
        Stanza(
          curve: curves[curve - 1], keyID: try take(32, &head, what),
          point: try take(length, &head, what), wrapped: try take(wrappedByteCount, &head, what)))
    }
    return (head, stanzas)
  }

  private static func wrappingKey(_ secret: [UInt8], point: [UInt8], keyID: [UInt8]) -> [UInt8] {
    KeyAgreement.derive(
      secret, salt: point + keyID, info: "unlearn-patch/sealed-for-recipients/wrap/v1")
  }

  private static func contentKey(_ fileKey: [UInt8], _ head: [UInt8]) -> [UInt8] {
    KeyAgreement.derive(
      fileKey, salt: SHA256.digest(of: head).bytes,
      info: "unlearn-patch/sealed-for-recipients/content/v1")
  }
}

extension SealedFileWriter {
  /// Starts a file that only the holders of the recipients' private keys can open.
  public init(path: String, recipients: [PublicKey], plaintextByteCount: Int)
    throws(AttestationError)
  {
    let (head, key) = try RecipientSeal.make(for: recipients)
    try self.init(path: path, key: key, plaintextByteCount: plaintextByteCount, head: head)
  }
}

extension SealedFile {
  /// Opens a file that was sealed for recipients, with the private key of one of them.
  ///
  /// - Throws: `notARecipient` where it was sealed for others, `brokenSeal` where it was changed or cut.
  public init(path: String, recipient key: borrowing PrivateKey) throws(AttestationError) {
    let file = try storing { () throws(StorageError) in try Descriptor(path, .read) }
    let (count, contentKey) = try RecipientSeal.open(file, with: key)
    try self.init(path: path, key: contentKey, offset: count)
  }

  /// The ids of the keys that a file is sealed for.
  public static func recipients(of path: String) throws(AttestationError) -> [Digest] {
    let file = try storing { () throws(StorageError) in try Descriptor(path, .read) }
    return try RecipientSeal.recipients(file)
  }

  /// Whether a file begins as one that is sealed for recipients.
  public static func isForRecipients(_ path: String) throws(AttestationError) -> Bool {
    try storing { () throws(StorageError) in
      let file = try Descriptor(path, .read)
      var buffer = [UInt8](repeating: 0, count: RecipientSeal.magic.count)
      let count = try file.read(into: &buffer, count: buffer.count, at: 0)
      return count == buffer.count && buffer == RecipientSeal.magic
    }
  }
}
