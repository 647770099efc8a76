private import COpenSSL
public import Storage

/// Digests of 64 bytes, for the signature formats that ask for them.
public enum Hash512: Sendable {
  /// SHA-512 (FIPS 180-4).
  case sha512
  /// BLAKE2b-512 (RFC 7693).
  case blake2b

  /// The digest of bytes.
  public func digest(of bytes: [UInt8]) -> [UInt8] {
    let state = State(self)
    state.update(bytes, count: bytes.count)
    return state.finish()
  }

  /// The digest of a regular file, read in windows of 1 MiB.
  ///
  /// - Throws: `changedUnderneath` where the file changed meanwhile.
  public func digest(ofFile path: String) throws(StorageError) -> [UInt8] {
    let file = try Descriptor(path, .read)
    let before = try file.status()
    guard before.kind == .regular else { throw StorageError(.notRegular, path: path) }
    let state = State(self)
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, max(1, before.byteCount)))
    var offset = 0
    while offset < before.byteCount {
      let count = min(buffer.count, before.byteCount - offset)
      try file.readExactly(into: &buffer, count: count, at: offset)
      state.update(buffer, count: count)
      offset += count
    }
    guard try file.status() == before else { throw StorageError(.changedUnderneath, path: path) }
    return state.finish()
  }

  /// OpenSSL's state, freed with its owner.
  @safe
  private struct State: ~Copyable {
    private let context: OpaquePointer

    init(_ kind: Hash512) {
      guard let context = unsafe EVP_MD_CTX_new() else {
        preconditionFailure("OpenSSL has no memory")
      }
      let hash = unsafe kind == .sha512 ? EVP_sha512() : EVP_blake2b512()
      precondition(
        unsafe EVP_DigestInit_ex(context, hash, nil) == 1, "OpenSSL lacks SHA-512 or BLAKE2b-512")
      unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    func update(_ bytes: [UInt8], count: Int) {
      precondition(count <= bytes.count)
      // The array outlives the call, which reads `count` of its bytes.
      precondition(unsafe EVP_DigestUpdate(context, bytes, count) == 1, "OpenSSL can't hash")
    }

    func finish() -> [UInt8] {
      var output = [UInt8](repeating: 0, count: 64)
      precondition(
        unsafe EVP_DigestFinal_ex(context, &output, nil) == 1, "OpenSSL can't hash")
      return output
    }
  }
}
