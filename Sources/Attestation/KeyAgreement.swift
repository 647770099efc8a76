private import COpenSSL

/// Key agreement and derivation: what sealing for recipients needs of OpenSSL.
enum KeyAgreement {
  /// HKDF with SHA-256 (RFC 5869), 32 bytes.
  static func derive(_ secret: [UInt8], salt: [UInt8], info: String) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 32)
    let label = Array(info.utf8)
    // All buffers are as long as is said, and are only borrowed for the call.
    let done = unsafe copenssl_hkdf(
      secret, secret.count, salt, salt.count, label, label.count, &output, output.count)
    precondition(done == 1, "OpenSSL can't derive keys with HKDF: the installation is broken")
    return output
  }
}

extension KeyAlgorithm {
  /// How many bytes a coordinate of the curve has; nil for a key that is on no such curve.
  var coordinateByteCount: Int? {
    switch self {
    case .p256: 32
    case .p384: 48
    case .p521: 66
    case .ed25519: nil
    }
  }

  /// How many bytes an uncompressed point has.
  var pointByteCount: Int? { coordinateByteCount.map { 1 + 2 * $0 } }
}
