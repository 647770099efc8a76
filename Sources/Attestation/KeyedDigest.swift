private import COpenSSL
public import Storage

/// HMAC-SHA256 (RFC 2104, FIPS 198-1), computed by OpenSSL.
///
/// The digest of a small set of texts about a person can be guessed by whoever guesses the texts; one that is keyed
/// can't without the key.
public enum KeyedDigest {
  /// How long keys are.
  public static let keyByteCount = 32

  /// The HMAC of a message.
  public static func of(_ message: [UInt8], key: [UInt8]) -> Digest {
    var output = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    // All buffers outlive the call, which writes 32 bytes.
    let done = unsafe HMAC(
      EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &output, &count)
    guard unsafe done != nil, count == 32, let digest = Digest(bytes: output) else {
      preconditionFailure("OpenSSL can't compute HMAC-SHA256")
    }
    return digest
  }

  /// The HMAC of the 32 bytes of a file's SHA-256.
  public static func of(fileDigest digest: Digest, key: [UInt8]) -> Digest {
    of(digest.bytes, key: key)
  }
}
