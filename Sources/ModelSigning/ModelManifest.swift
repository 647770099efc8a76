import Attestation
public import Storage
import StrictJSON

/// The files of a model with their digests: what an OpenSSF Model Signing v1.0 signature states, with SHA-256.
///
/// Ours are by the method `files`; those by the method `shards` are read, and list shards in place of files.
public struct ModelManifest: Hashable, Sendable {
  /// One file.
  public struct File: Hashable, Sendable {
    /// The path relative to the model's folder, with `/` between its parts.
    public let name: String
    /// The SHA-256 of its bytes.
    public let digest: Digest

    /// Names a file.
    public init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// The type of the statement's predicate.
  public static let predicateType = "https://model_signing/signature/v1.0"

  /// What the model is called; nothing depends on it.
  public let name: String
  /// The files, in the order in which the statement lists them: by the code points of their names where we write it.
  public let files: [File]
  /// The paths that were left out.
  public let ignored: [String]
  /// How many bytes a shard has, where the files are listed in shards; nil where they are listed whole.
  public let shardByteCount: Int?

  /// Takes the files of a model, in any order.
  public init(name: String, files: [File], ignoring ignored: IgnoredPaths)
    throws(ModelSigningError)
  {
    guard !files.isEmpty else { throw ModelSigningError(.empty) }
    var sorted = files.map { (ByteString($0.name), $0) }
    sorted.sort { $0.0 < $1.0 }
    for (index, (key, file)) in sorted.enumerated() {
      guard let name = ResourceName(file.name), name.isCanonical,
        name.canonical != "." || files.count == 1
      else {
        throw ModelSigningError(.malformed("\"\(key)\" can't be the name of a signed file"))
      }
      guard index == 0 || sorted[index - 1].0 != key else {
        throw ModelSigningError(.malformed("the file \"\(key)\" is listed twice"))
      }
    }
    self.init(
      name: name.isEmpty || name == "/" || name == "." ? "model" : name, listed: sorted.map(\.1),
      ignored: ignored.list)
  }

  init(name: String, listed files: [File], ignored: [String], shardByteCount: Int? = nil) {
    self.name = name
    self.files = files
    self.ignored = ignored
    self.shardByteCount = shardByteCount
  }

  /// SHA-256 over the files' digests in the order of the list (6.5.1).
  ///
  /// Names are not in it, so it names a model for people; what is decided is decided by all files.
  public var root: Digest {
    var hash = SHA256()
    for file in files { hash.update(file.digest.bytes.rawSpan) }
    return hash.finalize()
  }

  /// The names of the files, each once.
  var fileNames: [String] {
    guard let shardByteCount else { return files.map(\.name) }
    let paths = files.compactMap { ShardName($0.name, shardByteCount: shardByteCount)?.path }
    return Set(paths.map { ByteString($0) }).sorted().map(\.text)
  }

  /// The statement by the method `files`, as the bytes that are signed.
  public func encoded() throws(ModelSigningError) -> [UInt8] {
    let predicate = JSONValue.members([
      "resources": .array(
        files.map {
          .members([
            "name": .text($0.name), "algorithm": "sha256", "digest": .text($0.digest.hex),
          ])
        }),
      "serialization": .members([
        "method": "files", "hash_type": "sha256", "allow_symlinks": .bool(false),
        "ignore_paths": .array(ignored.map { .text($0) }),
      ]),
    ])
    let statement = Statement(
      subjects: [Statement.Subject(name: name, sha256: root)], predicateType: Self.predicateType,
      predicate: predicate)
    return try attesting { () throws(AttestationError) in try statement.encoded() }
  }
}
