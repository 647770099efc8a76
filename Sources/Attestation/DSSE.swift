import Storage

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

  /// What model_signing 0.2 signed in place of ``signedBytes``: the payload as Python shows bytes, within quotation
  /// marks and with escapes.
  var formerSignedBytes: [UInt8] {
    // Python chooses the quotation mark that needs no escape, where there is one.
    let single = UInt8(ascii: "'")
    let hasDouble = payload.contains(UInt8(ascii: "\""))
    let quote = payload.contains(single) && !hasDouble ? UInt8(ascii: "\"") : single
    var shown = Array("DSSEV1 \(payloadType.utf8.count) \(payloadType) \(payload.count) b".utf8)
    shown.append(quote)
    for byte in payload {
      switch byte {
      case UInt8(ascii: "\\"), quote: shown += [UInt8(ascii: "\\"), byte]
      case 0x09: shown += "\\t".utf8
      case 0x0A: shown += "\\n".utf8
      case 0x0D: shown += "\\r".utf8
      case 0x20..<0x7F: shown.append(byte)
      default: shown += "\\x\(Hex.encode([byte]))".utf8
      }
    }
    shown.append(quote)
    return shown
  }
}
