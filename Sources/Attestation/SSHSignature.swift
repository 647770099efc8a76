import Storage

/// A signature that `ssh-keygen -Y verify` checks (OpenSSH's PROTOCOL.sshsig), by an Ed25519 key.
public enum SSHSignature {
  /// What the signature is for, signed with it; `ssh-keygen -Y verify -n` asks for the same.
  public static let namespace = "file"

  private static let magic = Array("SSHSIG".utf8)
  private static let hashName = Array("sha512".utf8)
  private static let keyType = Array("ssh-ed25519".utf8)

  /// Signs a file by its SHA-512; gives the armored text.
  ///
  /// - Throws: Where the key is not Ed25519.
  public static func sign(sha512 digest: [UInt8], with key: borrowing PrivateKey)
    throws(AttestationError) -> String
  {
    let signature = try key.sign(message(digest))
    return armored(whole(signature, publicKey: try blob(of: key.publicKey)))
  }

  /// Whether a text is the signature of a key over a file, in the very form in which `sign` writes it.
  ///
  /// - Throws: Where the key is not Ed25519.
  public static func isSignature(_ text: [UInt8], sha512 digest: [UInt8], by key: PublicKey)
    throws(AttestationError) -> Bool
  {
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    guard lines.count > 2, let bytes = Base64.decode(lines.dropFirst().dropLast().joined()),
      bytes.count > 64
    else { return false }
    let signature = Array(bytes.suffix(64))
    guard Array(armored(whole(signature, publicKey: try blob(of: key))).utf8) == text else {
      return false
    }
    return key.verify(signature: signature, message: message(digest))
  }

  private static func message(_ digest: [UInt8]) -> [UInt8] {
    magic + string(Array(namespace.utf8)) + string([]) + string(hashName) + string(digest)
  }

  private static func whole(_ signature: [UInt8], publicKey: [UInt8]) -> [UInt8] {
    magic + [0, 0, 0, 1] + string(publicKey) + string(Array(namespace.utf8)) + string([])
      + string(hashName) + string(string(keyType) + string(signature))
  }

  private static func armored(_ whole: [UInt8]) -> String {
    let text = Array(Base64.encode(whole).utf8)
    let lines = stride(from: 0, to: text.count, by: 70).map {
      String(decoding: text[$0..<min(text.count, $0 + 70)], as: UTF8.self) + "\n"
    }
    return "-----BEGIN SSH SIGNATURE-----\n\(lines.joined())-----END SSH SIGNATURE-----\n"
  }

  /// A line for the file that `ssh-keygen -Y verify -f` reads (`allowed_signers` of ssh-keygen(1)).
  ///
  /// - Throws: Where the key is not Ed25519, or the name can't stand in such a file.
  public static func allowedSigner(_ name: String, key: PublicKey) throws(AttestationError)
    -> String
  {
    // A pattern of names: what it reads as anything but itself is refused.
    guard !name.isEmpty,
      name.unicodeScalars.allSatisfy({
        $0.value > 0x20 && $0.value != 0x7F && !"\"*?!,#".unicodeScalars.contains($0)
      })
    else {
      throw AttestationError(
        .badKey("\"\(ByteString(name))\" can't name a signer in an allowed_signers file"))
    }
    return
      "\(name) namespaces=\"\(namespace)\" ssh-ed25519 \(Base64.encode(try blob(of: key)))\n"
  }

  private static func blob(of key: PublicKey) throws(AttestationError) -> [UInt8] {
    guard let raw = key.rawEd25519 else {
      throw AttestationError(.badKey("only an Ed25519 key signs in this format"))
    }
    return string(keyType) + string(raw)
  }

  /// RFC 4251 `string`: length, big-endian, and bytes.
  private static func string(_ bytes: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
  }
}
