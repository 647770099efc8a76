private import COpenSSL
public import Storage

/// SHA-256 (FIPS 180-4), computed by OpenSSL as bytes come.
@safe
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  // Looked up once, for that takes longer than hashing a line. Unsafe: OpenSSL never changes a fetched algorithm,
  // and it may be used from any thread (EVP_MD_fetch(3)).
  nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)

  /// Starts with no bytes.
  public init() {
    guard let context = unsafe EVP_MD_CTX_new(),
      unsafe EVP_DigestInit_ex(context, Self.algorithm, nil) == 1
    else { preconditionFailure("OpenSSL can't compute SHA-256: the installation is broken") }
    unsafe self.context = context
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Adds bytes.
  public mutating func update(_ bytes: RawSpan) {
    let done = unsafe bytes.withUnsafeBytes {
      unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
    }
    precondition(done == 1, "OpenSSL can't compute SHA-256")
  }

  /// The digest of all bytes added.
  public consuming func finalize() -> Digest { finalDigest() }

  private borrowing func finalDigest() -> Digest {
    // 32 bytes, as SHA-256 writes.
    let digest: Digest? = unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) {
      output in
      let bytes = unsafe output.bindMemory(to: UInt8.self)
      guard unsafe EVP_DigestFinal_ex(context, bytes.baseAddress, nil) == 1 else { return nil }
      return Digest(bytes: unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(output)))
    }
    guard let digest else { preconditionFailure("OpenSSL can't compute SHA-256") }
    return digest
  }

  /// The digest of all bytes added; starts again with none, which costs less than another context.
  public mutating func finalizeAndRestart() -> Digest {
    let digest = finalDigest()
    precondition(
      unsafe EVP_DigestInit_ex(context, nil, nil) == 1, "OpenSSL can't compute SHA-256")
    return digest
  }

  /// The digest of a span.
  public static func digest(of bytes: RawSpan) -> Digest {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finalize()
  }

  /// The digest of an array.
  public static func digest(of bytes: [UInt8]) -> Digest { digest(of: bytes.rawSpan) }

  /// The digest of a regular file, read in windows of 1 MiB.
  ///
  /// - Parameter progress: Told of the bytes hashed since the last call.
  /// - Throws: `changedUnderneath` where the file changed meanwhile.
  public static func digest(ofFile path: String, progress: (Int) -> Void = { _ in })
    throws(StorageError) -> Digest
  {
    let file = try Descriptor(path, .read)
    let before = try file.status()
    guard before.kind == .regular else { throw StorageError(.notRegular, path: path) }
    let digest = try digest(of: file, in: 0..<before.byteCount, progress: progress)
    guard try file.status() == before else {
      throw StorageError(.changedUnderneath, path: path)
    }
    return digest
  }

  /// The digest of a range of an open file, read in windows of 1 MiB.
  ///
  /// - Parameter progress: Told of the bytes hashed since the last call.
  public static func digest(
    of file: borrowing Descriptor, in range: Range<Int>, progress: (Int) -> Void = { _ in }
  ) throws(StorageError) -> Digest {
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, range.count))
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 20) {
      let count = min(buffer.count, range.upperBound - offset)
      try file.readExactly(into: &buffer, count: count, at: offset)
      hash.update(buffer.rawSpan.extracting(first: count))
      progress(count)
    }
    return hash.finalize()
  }
}
