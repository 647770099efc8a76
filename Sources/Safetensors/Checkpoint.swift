public import Storage
public import StrictJSON

/// A model folder as Hugging Face lays it out: shards, index, configuration and other files.
///
/// Holds what the headers say, which are read and not mapped, so that a thousand shards are known at once and one
/// that is cut short meanwhile is an error; shards are opened when their bytes are needed.
public struct Checkpoint: Sendable {
  /// One safetensors file of the model.
  public struct Shard: Sendable {
    /// The path relative to the folder.
    public let name: String
    /// What the file says that it holds.
    public let header: Header
    /// What the file system said of it when it was read.
    public let status: FileStatus
  }

  /// Where a tensor lies.
  public struct Place: Hashable, Sendable {
    /// The index of its shard.
    public let shard: Int
    /// What the shard says of it.
    public let info: TensorInfo
  }

  /// Names at the top of the folder that are not part of the model: version control, signatures over the
  /// model, and what this tool keeps there itself.
  public static let excludedNames: Set<String> = [
    ".git", ".gitattributes", ".github", ".gitignore", signatureName, claimsName, ".unlearn",
    journalName,
  ]

  /// The signature over the model.
  public static let signatureName = "model.sig"

  /// What is claimed about the model.
  public static let claimsName = "claims.jsonl"

  /// The file that marks a folder whose files are being written.
  public static let journalName = ".unlearn-patch.journal"

  /// The folder.
  public let path: String
  /// All regular files of the model, in the byte order of their names.
  public let files: [Folder.Entry]
  /// The safetensors files, in the byte order of their names.
  public let shards: [Shard]
  /// `config.json`, parsed; nil where there is none.
  public let config: JSONValue?
  private let places: TensorPlaces

  /// Reads a folder: its list of files, the headers of its shards, its configuration.
  ///
  /// Only shards that the index names are the model's; without an index it is `model.safetensors`, or the
  /// one safetensors file that there is.
  public init(path: String, mode: Header.Mode = .conformance) throws(TensorFileError) {
    self.path = path
    do throws(StorageError) {
      files = try Folder.files(
        below: path, skipping: { Self.excludedNames.contains($0) || Self.isUnfinished($0) })
    } catch { throw .storage(error) }
    var shards: [Shard] = []
    let (names, index) = try Self.shardNames(files.map(\.name), in: path)
    for name in names {
      let file = try TensorReader(path: Paths.join(path, name), mode: mode)
      shards.append(Shard(name: name, header: file.header, status: file.status))
    }
    let places = TensorPlaces(shards.map(\.header.tensors))
    if let (first, second) = places.duplicate {
      let info = shards[second.shard].header.tensors.name(at: second.tensor)
      throw .checkpoint(
        "tensor \"\(info)\" is in \(shards[first.shard].name) and in \(shards[second.shard].name)",
        path: path)
    }
    if let index { try Self.check(index, against: places, shards, path) }
    self.shards = shards
    self.places = places
    config = try Self.readConfig(path, isThere: files.contains { $0.name == "config.json" })
  }

  /// The place of a tensor; nil where there is none.
  public subscript(name: ByteString) -> Place? {
    places.find(name, in: shards).map {
      Place(shard: $0.shard, info: shards[$0.shard].header.tensors[$0.tensor])
    }
  }

  /// All tensors, in the byte order of their names.
  public var tensorNames: [ByteString] {
    shards.flatMap { shard in
      shard.header.tensors.indices.map { shard.header.tensors.name(at: $0) }
    }.sorted()
  }

  /// How many tensors there are.
  public var tensorCount: Int { shards.reduce(0) { $0 + $1.header.tensors.count } }

  /// How many elements all tensors have.
  public var parameterCount: Int {
    shards.reduce(0) { $0 + $1.header.tensors.reduce(0) { $0 + $1.elementCount } }
  }

  /// How many bytes all files have.
  public var byteCount: Int { files.reduce(0) { $0 + $1.status.byteCount } }

  /// Whether a name is that of a shard index.
  public static func isShardIndex(_ name: String) -> Bool {
    name.contains(".safetensors.index.") && name.hasSuffix(".json")
  }

  /// The full path of a file of the folder.
  public func fullPath(_ name: String) -> String { Paths.join(path, name) }

  /// Whether a name at the top of the folder is that of a journal or a signature that was never finished.
  public static func isUnfinished(_ name: String) -> Bool {
    [journalName, signatureName, claimsName].contains { name.hasPrefix("." + $0 + ".") }
      && name.hasSuffix(".partial") && !name.contains("/")
  }

  private static func shardNames(_ names: [String], in path: String) throws(TensorFileError) -> (
    [String], ShardIndex?
  ) {
    let top = names.filter { !$0.contains("/") }
    let indexes = top.filter(isShardIndex)
    if indexes.count > 1 {
      throw .checkpoint("several shard indexes: \(indexes.joined(separator: ", "))", path: path)
    }
    if let name = indexes.first {
      let index = try ShardIndex(path: Paths.join(path, name))
      return (index.files, index)
    }
    let candidates = top.filter { $0.hasSuffix(".safetensors") }
    if candidates.contains("model.safetensors") { return (["model.safetensors"], nil) }
    guard let only = candidates.first, candidates.count == 1 else {
      throw .checkpoint(
        candidates.isEmpty
          ? "holds no safetensors file"
          : "holds several safetensors files and no index that names those of the model",
        path: path)
    }
    return ([only], nil)
  }

  private static func check(
    _ index: ShardIndex, against places: TensorPlaces, _ shards: [Shard], _ path: String
  ) throws(TensorFileError) {
    for (tensor, file) in index.fileOfTensor.sorted(by: { $0.key < $1.key }) {
      guard let place = places.find(tensor, in: shards), shards[place.shard].name == file else {
        throw .checkpoint(
          "the index has tensor \"\(tensor)\" in \(file), which lacks it", path: path)
      }
    }
    for shard in shards {
      for position in shard.header.tensors.indices {
        let tensor = shard.header.tensors.name(at: position)
        guard index.fileOfTensor[tensor] == nil else { continue }
        throw .checkpoint(
          "tensor \"\(tensor)\" is in \(shard.name) but not in the index", path: path)
      }
    }
  }

  private static func readConfig(_ path: String, isThere: Bool) throws(TensorFileError)
    -> JSONValue?
  {
    guard isThere else { return nil }
    let file = Paths.join(path, "config.json")
    let limit = 4 << 20
    let bytes: [UInt8]
    do throws(StorageError) { bytes = try Folder.read(file, limit: limit) } catch {
      throw .storage(error)
    }
    do throws(JSONError) { return try JSONValue(parsing: bytes, byteLimit: limit) } catch {
      throw .checkpoint("\(error)", path: file)
    }
  }
}
