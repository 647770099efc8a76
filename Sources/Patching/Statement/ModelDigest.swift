import Attestation
public import Safetensors
public import Storage

/// The digests of all files of a model, and the root that OpenSSF Model Signing v1.0 makes of them.
public struct ModelDigest: Hashable, Sendable {
  /// One file.
  public struct File: Hashable, Sendable {
    /// The path relative to the model's folder.
    public let name: String
    /// The SHA-256 of its bytes.
    public let digest: Digest

    /// Makes an entry.
    public init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// The files, in the code-point order of their names.
  public let files: [File]

  /// Takes files in any order.
  public init(files: [File]) {
    self.files = files.sorted { ByteString($0.name) < ByteString($1.name) }
  }

  /// Reads and hashes every file of a checkpoint, several at once.
  ///
  /// - Parameter advance: Told of the bytes hashed since the last call, from any thread.
  public init(_ checkpoint: Checkpoint, advance: @Sendable (Int) -> Void = { _ in })
    throws(PatchError)
  {
    // Large ones first, so that the last to end is a small one.
    let entries = checkpoint.files.sorted { $0.status.byteCount > $1.status.byteCount }
    self.init(
      files: try storing { () throws(StorageError) in
        try Parallel.map(entries.count) { index throws(StorageError) in
          File(
            name: entries[index].name,
            digest: try SHA256.digest(
              ofFile: checkpoint.fullPath(entries[index].name), progress: advance))
        }
      })
  }

  /// SHA-256 over the files' digests in order (OMS v1.0, method `files`).
  ///
  /// Names are not in it, so it names a model for people; what is decided is decided by all files.
  public var root: Digest {
    var hash = SHA256()
    for file in files { hash.update(file.digest.bytes.rawSpan) }
    return hash.finalize()
  }

  /// The digest of a file; nil where there is none.
  public subscript(name: String) -> Digest? {
    let key = ByteString(name)
    return files.first { ByteString($0.name) == key }?.digest
  }

  /// The same model with some files replaced.
  public func replacing(_ changed: [File]) -> ModelDigest {
    let names = Set(changed.map { ByteString($0.name) })
    return ModelDigest(files: files.filter { !names.contains(ByteString($0.name)) } + changed)
  }
}
