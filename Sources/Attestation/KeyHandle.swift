private import COpenSSL

/// The kinds of key that are used: ECDSA for artifacts, Ed25519 for ledgers.
public enum KeyAlgorithm: String, Hashable, Sendable {
  /// ECDSA over P-256 with SHA-256.
  case p256 = "ecdsa-p256"
  /// ECDSA over P-384 with SHA-384.
  case p384 = "ecdsa-p384"
  /// ECDSA over P-521 with SHA-512.
  case p521 = "ecdsa-p521"
  /// Ed25519 (RFC 8032).
  case ed25519 = "ed25519"

  var groupName: String? {
    switch self {
    case .p256: "prime256v1"
    case .p384: "secp384r1"
    case .p521: "secp521r1"
    case .ed25519: nil
    }
  }
}

/// The owner of one OpenSSL key: the only place where `EVP_PKEY` pointers are.
@safe
final class KeyHandle: @unchecked Sendable {
  // Unchecked: OpenSSL's keys are not changed after they are made, and reading them is thread-safe.
  private let key: OpaquePointer
  let algorithm: KeyAlgorithm

  private init(owning key: OpaquePointer?, what: String) throws(AttestationError) {
    guard let key = unsafe key else {
      ERR_clear_error()
      throw AttestationError(.badKey("not \(what)"))
    }
    do throws(AttestationError) { algorithm = try unsafe Self.algorithm(of: key) } catch {
      unsafe EVP_PKEY_free(key)
      throw error
    }
    unsafe self.key = key
  }

  deinit { unsafe EVP_PKEY_free(key) }

  private static func algorithm(of key: OpaquePointer) throws(AttestationError) -> KeyAlgorithm {
    switch unsafe EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_ED25519: return .ed25519
    case EVP_PKEY_EC:
      var name = [CChar](repeating: 0, count: 80)
      guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1 else {
        throw AttestationError(.badKey("an EC key without a named curve"))
      }
      let curve = String(
        decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      for known in [KeyAlgorithm.p256, .p384, .p521] where known.groupName == curve {
        return known
      }
      throw AttestationError(
        .badKey("an EC key on curve \(curve); P-256, P-384 and P-521 are accepted"))
    case EVP_PKEY_RSA: throw AttestationError(.badKey("an RSA key; use ECDSA P-256"))
    default: throw AttestationError(.badKey("a key of a kind that is not used here"))
    }
  }

  static func generate(_ algorithm: KeyAlgorithm) throws(AttestationError) -> KeyHandle {
    if let curve = algorithm.groupName {
      return try unsafe KeyHandle(owning: copenssl_generate_ec(curve), what: "made")
    }
    return try unsafe KeyHandle(owning: copenssl_generate_ed25519(), what: "made")
  }

  static func privateKey(pem: [UInt8], passphrase: [UInt8]?) throws(AttestationError) -> KeyHandle {
    guard pem.count <= 1 << 16, let length = Int32(exactly: pem.count) else {
      throw AttestationError(.badKey("too large for a key file"))
    }
    let secret = passphrase ?? []
    return try unsafe KeyHandle(
      owning: passphrase == nil
        ? copenssl_read_private(pem, length, nil, 0)
        : copenssl_read_private(pem, length, secret, Int32(secret.count)),
      what: "a private key in PEM, or the passphrase is wrong or missing")
  }

  static func publicKey(pem: [UInt8]) throws(AttestationError) -> KeyHandle {
    guard pem.count <= 1 << 16, let length = Int32(exactly: pem.count) else {
      throw AttestationError(.badKey("too large for a key file"))
    }
    return try unsafe KeyHandle(
      owning: copenssl_read_public(pem, length), what: "a public key in PEM (SPKI)")
  }

  static func publicKey(rawEd25519 bytes: [UInt8]) throws(AttestationError) -> KeyHandle {
    try unsafe KeyHandle(
      owning: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count),
      what: "an Ed25519 public key")
  }

  func pem(isPrivate: Bool, passphrase: [UInt8]?) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 1 << 14)
    let secret = passphrase ?? []
    let count = unsafe copenssl_write_pem(
      key, isPrivate ? 1 : 0, passphrase == nil ? nil : secret, Int32(secret.count), &output,
      output.count)
    precondition(count > 0, "OpenSSL can't write a key that it holds")
    return Array(output.prefix(count))
  }

  var rawEd25519: [UInt8]? {
    guard algorithm == .ed25519 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    var count = bytes.count
    guard unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == 32 else {
      return nil
    }
    return bytes
  }

  /// The point of an EC public key, uncompressed; nil for a key of another kind.
  var point: [UInt8]? {
    guard let expected = algorithm.pointByteCount else { return nil }
    var output = [UInt8](repeating: 0, count: expected)
    // The buffer is as long as is said, and is only borrowed for the call.
    guard unsafe copenssl_ec_point(key, &output, output.count) == expected else {
      ERR_clear_error()
      return nil
    }
    return output
  }

  /// The EC public key of an uncompressed point, which must lie on the curve.
  static func publicKey(point: [UInt8], on algorithm: KeyAlgorithm) throws(AttestationError)
    -> KeyHandle
  {
    guard let curve = algorithm.groupName, point.count == algorithm.pointByteCount, point.first == 4
    else { throw AttestationError(.badKey("not an uncompressed point of the curve")) }
    return try unsafe KeyHandle(
      owning: copenssl_ec_public(curve, point, point.count), what: "a point of the curve")
  }

  /// The x coordinate that this private key and another's public key share.
  func agree(with other: KeyHandle) throws(AttestationError) -> [UInt8] {
    guard algorithm == other.algorithm, let expected = algorithm.coordinateByteCount else {
      throw AttestationError(.badKey("two keys of different curves have nothing in common"))
    }
    var output = [UInt8](repeating: 0, count: expected)
    // The buffer is as long as is said, and is only borrowed for the call.
    guard unsafe copenssl_agree(key, other.key, &output, output.count) == expected else {
      ERR_clear_error()
      throw AttestationError(.badKey("no key can be agreed on; is this a private key?"))
    }
    return output
  }

  private var hash: OpaquePointer? {
    switch algorithm {
    case .p256: unsafe EVP_sha256()
    case .p384: unsafe EVP_sha384()
    case .p521: unsafe EVP_sha512()
    case .ed25519: nil
    }
  }

  func sign(_ message: [UInt8]) throws(AttestationError) -> [UInt8] {
    guard let context = unsafe EVP_MD_CTX_new() else {
      throw AttestationError(.signing("OpenSSL has no memory"))
    }
    defer { unsafe EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 256)
    var count = signature.count
    guard unsafe EVP_DigestSignInit(context, nil, hash, nil, key) == 1,
      unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1
    else {
      ERR_clear_error()
      throw AttestationError(.signing("OpenSSL could not sign; is this a private key?"))
    }
    return Array(signature.prefix(count))
  }

  /// - Parameter hashedBySHA256: Whether an ECDSA signature is over the SHA-256 whatever the curve.
  func verify(_ signature: [UInt8], _ message: [UInt8], hashedBySHA256: Bool = false) -> Bool {
    let hash = unsafe hashedBySHA256 && algorithm != .ed25519 ? EVP_sha256() : hash
    guard let context = unsafe EVP_MD_CTX_new() else { return false }
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe EVP_DigestVerifyInit(context, nil, hash, nil, key) == 1 else { return false }
    let good =
      unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    if !good { ERR_clear_error() }
    return good
  }
}
