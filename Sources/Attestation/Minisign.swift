import Storage

/// A signature that `minisign -Vm` checks, by an Ed25519 key over the file's BLAKE2b-512.
public enum Minisign {
  /// Eight bytes that name the key: of SHA-256 over it, since a minisign key of its own has random ones.
  private static func number(of raw: [UInt8]) -> [UInt8] {
    Array(SHA256.digest(of: raw).bytes.prefix(8))
  }

  private static func raw(_ key: PublicKey) throws(AttestationError) -> [UInt8] {
    guard let raw = key.rawEd25519 else {
      throw AttestationError(.badKey("only an Ed25519 key signs in this format"))
    }
    return raw
  }

  /// Signs a file by its BLAKE2b-512; the comment is signed too.
  ///
  /// - Throws: Where the key is not Ed25519 or the comment is not one line of at most 4096 bytes.
  public static func sign(
    blake2b digest: [UInt8], comment: String, with key: borrowing PrivateKey
  ) throws(AttestationError) -> String {
    guard comment.utf8.count <= 4096, !comment.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 })
    else {
      throw AttestationError(.malformed("the comment of a signature is one line of text"))
    }
    let raw = try raw(key.publicKey)
    let signature = try key.sign(digest)
    let whole = try key.sign(signature + Array(comment.utf8))
    return text(signature, whole, comment: comment, raw)
  }

  private static func text(
    _ signature: [UInt8], _ whole: [UInt8], comment: String, _ raw: [UInt8]
  ) -> String {
    """
    untrusted comment: signature by an unlearn-patch ledger's key
    \(Base64.encode(Array("ED".utf8) + number(of: raw) + signature))
    \(trusted)\(comment)
    \(Base64.encode(whole))

    """
  }

  private static let trusted = "trusted comment: "

  /// Whether a text is the signature of a key over a file, in the very form in which `sign` writes it.
  ///
  /// - Throws: Where the key is not Ed25519.
  public static func isSignature(_ bytes: [UInt8], blake2b digest: [UInt8], by key: PublicKey)
    throws(AttestationError) -> Bool
  {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
    guard lines.count == 4, lines[2].hasPrefix(trusted),
      let signature = Base64.decode(lines[1])?.suffix(64), let whole = Base64.decode(lines[3])
    else { return false }
    let comment = String(lines[2].dropFirst(trusted.count))
    let expected = text(Array(signature), whole, comment: comment, try raw(key))
    return Array(expected.utf8) == bytes
      && key.verify(signature: Array(signature), message: digest)
      && key.verify(signature: whole, message: Array(signature) + Array(comment.utf8))
  }

  /// The public key as minisign's file of it (`minisign -p`).
  ///
  /// - Throws: Where the key is not Ed25519.
  public static func publicKeyFile(_ key: PublicKey) throws(AttestationError) -> String {
    let raw = try raw(key)
    let number = number(of: raw)
    // minisign shows the number as a little-endian integer.
    let shown = Hex.encode(number.reversed()).uppercased()
    return """
      untrusted comment: minisign public key \(shown)
      \(Base64.encode(Array("Ed".utf8) + number + raw))

      """
  }
}
