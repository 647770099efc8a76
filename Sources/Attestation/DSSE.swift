/// A Dead Simple Signing Envelope (DSSE v1.0.2): a typed payload and signatures over both.
public struct DSSEEnvelope: Hashable, Sendable {
  /// One signature.
  public struct Signature: Hashable, Sendable {
    /// Names the key; a hint that nothing trusts.
    public var keyID: String
    /// The signature as the key makes it.
    public var bytes: [UInt8]

    /// Makes a signature.
    public init(keyID: String, bytes: [UInt8]) {
      self.keyID = keyID
      self.bytes = bytes
    }
  }

  /// The type of in-toto statements.
  public static let inTotoType = "application/vnd.in-toto+json"

  /// What the payload is.
  public var payloadType: String
  /// The payload, exactly as signed.
  public var payload: [UInt8]
  /// The signatures.
  public var signatures: [Signature]

  /// Makes an envelope.
  public init(payloadType: String, payload: [UInt8], signatures: [Signature]) {
    self.payloadType = payloadType
    self.payload = payload
    self.signatures = signatures
  }

  /// The bytes that are signed: the pre-authentication encoding of type and payload.
  public static func preAuthenticationEncoding(payloadType: String, payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
  }

  /// The bytes that are signed.
  public var signedBytes: [UInt8] {
    Self.preAuthenticationEncoding(payloadType: payloadType, payload: payload)
  }
}
