import Storage
import StrictJSON

/// A Sigstore bundle v0.3 with a public key hint and a DSSE envelope, as OpenSSF Model Signing has it.
public struct SigstoreBundle: Hashable, Sendable {
  /// The largest bundle that is read.
  public static let byteLimit = 64 << 20

  /// The media type of a bundle.
  public static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

  /// The key hint of the first signer: SHA-256 of its SPKI PEM, as hexadecimal text.
  public var hint: String
  /// The signed payload.
  public var envelope: DSSEEnvelope

  /// Signs a payload.
  public init(signing payload: [UInt8], type: String, with key: borrowing PrivateKey)
    throws(AttestationError)
  {
    let keyID = key.publicKey.keyID.hex
    hint = keyID
    envelope = DSSEEnvelope(payloadType: type, payload: payload, signatures: [])
    try addSignature(with: key)
  }

  /// Adds a signature over the same payload; a key signs once.
  public mutating func addSignature(with key: borrowing PrivateKey) throws(AttestationError) {
    guard key.algorithm != .ed25519 else {
      throw AttestationError(
        .badKey("an Ed25519 key signs ledgers; artifacts are signed with ECDSA (P-256)"))
    }
    let publicKey = key.publicKey
    let message = envelope.signedBytes
    if envelope.signatures.contains(where: {
      publicKey.verify(signature: $0.bytes, message: message)
    }) {
      throw AttestationError(.signing("this key has signed already (\(publicKey.keyID.hex))"))
    }
    envelope.signatures.append(
      DSSEEnvelope.Signature(keyID: publicKey.keyID.hex, bytes: try key.sign(message)))
  }

  /// The bundle as canonical JSON.
  public var json: [UInt8] {
    let value = JSONValue.members([
      "mediaType": .text(Self.mediaType),
      "verificationMaterial": .members([
        "publicKey": .members(["hint": .text(hint)]), "tlogEntries": .array([]),
      ]),
      "dsseEnvelope": .members([
        "payload": .text(Base64.encode(envelope.payload)),
        "payloadType": .text(envelope.payloadType),
        "signatures": .array(
          envelope.signatures.map {
            .members(["sig": .text(Base64.encode($0.bytes)), "keyid": .text($0.keyID)])
          }),
      ]),
    ])
    do throws(CanonicalJSON.EncodingError) { return try CanonicalJSON.encode(value) } catch {
      preconditionFailure("a bundle holds no numbers")
    }
  }

  /// Reads a bundle; members that the format does not have are refused.
  public init(parsing bytes: [UInt8]) throws(AttestationError) {
    do throws(JSONDocumentError) {
      self = try JSONDocument.read(bytes, byteLimit: Self.byteLimit, depthLimit: 16) {
        (root) throws(JSONFieldError) in try Self.read(root)
      }
    } catch { throw AttestationError(.malformed("bundle: \(error)")) }
  }

  /// Reads a bundle file.
  public init(path: String) throws(AttestationError) {
    let bytes = try storing { () throws(StorageError) in
      try Folder.read(path, limit: Self.byteLimit)
    }
    do throws(AttestationError) { try self.init(parsing: bytes) } catch {
      throw AttestationError(error.reason, path: path)
    }
  }

  private init(hint: String, envelope: DSSEEnvelope) {
    self.hint = hint
    self.envelope = envelope
  }

  private static func read(_ root: JSONField) throws(JSONFieldError) -> SigstoreBundle {
    try allow(root, ["mediaType", "verificationMaterial", "dsseEnvelope"])
    guard try root["mediaType"].text() == mediaType else {
      throw JSONFieldError("$.mediaType", expected: mediaType)
    }
    let material = root["verificationMaterial"]
    try allow(material, ["publicKey", "tlogEntries", "timestampVerificationData"])
    if let entries = material["tlogEntries"].optional, try !entries.elements().isEmpty {
      throw JSONFieldError(entries.path, expected: "no entries")
    }
    let envelope = root["dsseEnvelope"]
    try allow(envelope, ["payload", "payloadType", "signatures"])
    let signatures = try envelope["signatures"].elements()
    guard (1...64).contains(signatures.count) else {
      throw JSONFieldError(envelope.path + ".signatures", expected: "1 to 64 signatures")
    }
    return SigstoreBundle(
      hint: try material["publicKey"]["hint"].optional?.text() ?? "",
      envelope: DSSEEnvelope(
        payloadType: try envelope["payloadType"].text(),
        payload: try base64(envelope["payload"]),
        signatures: try signatures.map { signature throws(JSONFieldError) in
          try allow(signature, ["sig", "keyid"])
          return DSSEEnvelope.Signature(
            keyID: try signature["keyid"].optional?.text() ?? "",
            bytes: try base64(signature["sig"]))
        }))
  }

  private static func base64(_ field: JSONField) throws(JSONFieldError) -> [UInt8] {
    guard let bytes = Base64.decodeAny(try field.text()) else {
      throw JSONFieldError(field.path, expected: "base64")
    }
    return bytes
  }

  private static func allow(_ field: JSONField, _ keys: Set<String>) throws(JSONFieldError) {
    for member in try field.object().members where !keys.contains(member.key.text) {
      throw JSONFieldError("\(field.path).\(member.key)", expected: "no such member")
    }
  }
}
