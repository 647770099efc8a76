public import Attestation
import Storage

/// A witness's key and its cosignatures, made by the words of C2SP tlog-cosignature.
public final class TestWitness: Sendable {
  private let key: PrivateKey
  /// Its public key.
  public let verifierKey: VerifierKey

  /// Makes a witness with a new key.
  public init(_ name: String) throws {
    let key = try PrivateKey.generate(.ed25519)
    verifierKey = try VerifierKey(name: name, publicKey: key.publicKey, type: .cosignature)
    self.key = key
  }

  /// A cosignature of a text as a signature line.
  public func line(for text: String, at seconds: UInt64) throws -> String {
    let signature = try key.sign(Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8))
    let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> (56 - 8 * UInt64($0))) }
    return
      "\u{2014} \(verifierKey.name) \(Base64.encode(verifierKey.keyID + time + signature))\n"
  }

  /// A note with the cosignature under it.
  public func cosign(_ note: SignedNote, at seconds: UInt64 = 1_790_000_000) throws -> SignedNote {
    try SignedNote(
      parsing: Array((note.encoded + line(for: note.text, at: seconds)).utf8))
  }
}
