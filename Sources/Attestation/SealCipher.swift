private import COpenSSL
import Storage

/// AES-256-GCM over one chunk: the only place where `EVP_CIPHER` pointers are.
enum SealCipher {
  static let tagByteCount = 16

  /// Encrypts a chunk; the tag follows the bytes.
  static func seal(_ plain: RawSpan, key: [UInt8], nonce: [UInt8], bound: [UInt8]) -> [UInt8] {
    precondition(key.count == 32 && nonce.count == 12, "AES-256-GCM: key or nonce of wrong size")
    var output = [UInt8](repeating: 0, count: plain.byteCount + tagByteCount)
    guard let context = unsafe EVP_CIPHER_CTX_new() else {
      preconditionFailure("OpenSSL has no memory")
    }
    defer { unsafe EVP_CIPHER_CTX_free(context) }
    var count: Int32 = 0
    // `output` has room for the chunk and its tag; lengths are checked by the caller to fit Int32.
    let done = unsafe output.withUnsafeMutableBytes { target in
      unsafe plain.withUnsafeBytes { source in
        let out = unsafe target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let from = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard unsafe EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
          unsafe EVP_EncryptUpdate(context, nil, &count, bound, Int32(bound.count)) == 1,
          unsafe source.count == 0
            || EVP_EncryptUpdate(context, out, &count, from, Int32(source.count)) == 1,
          unsafe EVP_EncryptFinal_ex(context, out, &count) == 1
        else { return false }
        return unsafe EVP_CIPHER_CTX_ctrl(
          context, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), out.map { unsafe $0 + source.count })
          == 1
      }
    }
    precondition(done, "OpenSSL can't encrypt with AES-256-GCM")
    return output
  }

  /// Decrypts a chunk with its tag; nil where it is not authentic.
  static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], bound: [UInt8]) -> [UInt8]? {
    guard sealed.count >= tagByteCount, key.count == 32, nonce.count == 12,
      let context = unsafe EVP_CIPHER_CTX_new()
    else { return nil }
    defer { unsafe EVP_CIPHER_CTX_free(context) }
    var plain = [UInt8](repeating: 0, count: sealed.count - tagByteCount)
    var tag = Array(sealed.suffix(tagByteCount))
    var count: Int32 = 0
    guard unsafe EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      unsafe EVP_DecryptUpdate(context, nil, &count, bound, Int32(bound.count)) == 1,
      unsafe plain.isEmpty
        || EVP_DecryptUpdate(context, &plain, &count, sealed, Int32(plain.count)) == 1,
      unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), &tag) == 1
    else { return nil }
    var rest = [UInt8](repeating: 0, count: 16)
    guard unsafe EVP_DecryptFinal_ex(context, &rest, &count) == 1 else {
      ERR_clear_error()
      return nil
    }
    return plain
  }
}
