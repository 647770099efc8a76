import Storage
import StrictJSON

/// A Sigstore bundle v0.3 with a DSSE envelope, as OpenSSF Model Signing has it: signed with a key or with a
/// certificate.
public struct SigstoreBundle: Hashable, Sendable {
  /// What a bundle says of its signers; nothing in it is trusted.
  public enum Material: Hashable, Sendable {
    /// A key that the verifier has.
    ///
    /// - `hint`: SHA-256 of the first signer's SPKI PEM, as hexadecimal text; nil where nothing is said.
    /// - `pem`: The key itself, which bundles had before model_signing 1.1.0.
    case publicKey(hint: String?, pem: [UInt8]?)
    /// Certificates in DER, the signer's first.
    case certificateChain([[UInt8]])
  }

  /// The largest bundle that is read.
  public static let byteLimit = 64 << 20

  /// The media type of a bundle.
  public static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

  /// The most certificates that a chain may have.
  static let certificateLimit = 16

  /// What is said of the signers.
  public var material: Material
  /// The signed payload.
  public var envelope: DSSEEnvelope

  /// Signs a payload.
  public init(signing payload: [UInt8], type: String, with key: borrowing PrivateKey)
    throws(AttestationError)
  {
    material = .publicKey(hint: key.publicKey.keyID.hex, pem: nil)
    envelope = DSSEEnvelope(payloadType: type, payload: payload, signatures: [])
    try addSignature(with: key)
  }

  /// Signs a payload with the key of a certificate.
  ///
  /// - Parameter chain: The signer's certificate, then those that lead from it towards a root.
  public init(
    signing payload: [UInt8], type: String, with key: borrowing PrivateKey, chain: [Certificate]
  ) throws(AttestationError) {
    guard let leaf = chain.first, chain.count <= Self.certificateLimit else {
      throw AttestationError(.signing("a chain has 1 to \(Self.certificateLimit) certificates"))
    }
    guard try leaf.publicKey() == key.publicKey else {
      throw AttestationError(
        .signing("the certificate of \(leaf.subject) is of another key than the private key"))
    }
    material = .certificateChain(chain.map(\.der))
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
      "verificationMaterial": .object(
        JSONObject([materialMember, ("tlogEntries", .array([]))])),
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

  private var materialMember: (ByteString, JSONValue) {
    switch material {
    case .publicKey(let hint, let pem):
      var key = JSONObject()
      key["hint"] = hint.map { .text($0) }
      key["rawBytes"] = pem.map { .text(Base64.encode($0)) }
      return ("publicKey", .object(key))
    case .certificateChain(let chain):
      let certificates = chain.map { JSONValue.members(["rawBytes": .text(Base64.encode($0))]) }
      return ("x509CertificateChain", .members(["certificates": .array(certificates)]))
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

  private init(material: Material, envelope: DSSEEnvelope) {
    self.material = material
    self.envelope = envelope
  }

  private static func read(_ root: JSONField) throws(JSONFieldError) -> SigstoreBundle {
    try allow(root, ["mediaType", "verificationMaterial", "dsseEnvelope"])
    guard try root["mediaType"].text() == mediaType else {
      throw JSONFieldError("$.mediaType", expected: mediaType)
    }
    let material = try readMaterial(root["verificationMaterial"])
    let envelope = root["dsseEnvelope"]
    try allow(envelope, ["payload", "payloadType", "signatures"])
    let signatures = try envelope["signatures"].elements()
    guard (1...64).contains(signatures.count) else {
      throw JSONFieldError(envelope.path + ".signatures", expected: "1 to 64 signatures")
    }
    return SigstoreBundle(
      material: material,
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

  private static func readMaterial(_ material: JSONField) throws(JSONFieldError) -> Material {
    guard !material["certificate"].isPresent else {
      throw JSONFieldError(
        material.path,
        expected:
          "publicKey or x509CertificateChain; the sigstore method (a short-lived certificate and a transparency log) is not verified here"
      )
    }
    try allow(
      material, ["publicKey", "x509CertificateChain", "tlogEntries", "timestampVerificationData"])
    if let entries = material["tlogEntries"].optional, try !entries.elements().isEmpty {
      throw JSONFieldError(entries.path, expected: "no entries")
    }
    let (key, chain) = (material["publicKey"], material["x509CertificateChain"])
    guard key.isPresent != chain.isPresent else {
      throw JSONFieldError(material.path, expected: "either publicKey or x509CertificateChain")
    }
    guard chain.isPresent else {
      try allow(key, ["hint", "rawBytes", "keyDetails"])
      let hint = try key["hint"].optional?.text() ?? ""
      let pem: [UInt8]? = if let raw = key["rawBytes"].optional { try base64(raw) } else { nil }
      return .publicKey(hint: hint.isEmpty ? nil : hint, pem: pem)
    }
    try allow(chain, ["certificates"])
    let certificates = try chain["certificates"].elements()
    guard (1...certificateLimit).contains(certificates.count) else {
      throw JSONFieldError(
        chain.path + ".certificates", expected: "1 to \(certificateLimit) certificates")
    }
    return .certificateChain(
      try certificates.map { certificate throws(JSONFieldError) in
        try allow(certificate, ["rawBytes"])
        return try base64(certificate["rawBytes"])
      })
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
