public import Architecture
public import Compute
public import Safetensors
import Storage
import StrictJSON

/// Writing a model as Hugging Face lays it out.
extension Model {
  /// Writes the model's folder, whole or not at all; an existing one is refused.
  ///
  /// With a source, the folder has the source's shards and other files (tokenizer, model card); tensors that
  /// the model does not compute with are copied bit for bit, as are those whose values are still the
  /// source's. New tensors go to the last shard. Without one, or where it is one file, the tensors are split
  /// over several files once they are larger than the limit (``ShardPlan``).
  ///
  /// - Parameters:
  ///   - config: What becomes `config.json`.
  ///   - source: The folder that the model was loaded from.
  ///   - stored: The type of all float tensors; nil for each tensor's own, and binary32 for new ones.
  ///   - files: Further files by name; one of the source's of the same name is left out.
  ///   - shardByteLimit: The most bytes of tensors in one file, where the source has no shards.
  public func save(
    to path: String, config: ModelConfiguration, like source: Checkpoint? = nil,
    as stored: StoredFloat? = nil, adding files: [String: [UInt8]] = [:],
    shardByteLimit: Int = ShardPlan.defaultByteLimit
  ) throws(ModelFileError) {
    let writer = try ModelWriter(
      model: self, source: source, stored: stored, files: files, shardByteLimit: shardByteLimit)
    try Folder.stage(path, byteCount: writer.byteCount, wrap: { .storage($0) }) {
      folder throws(ModelFileError) in
      try writer.write(to: folder, config: config)
    }
  }
}

/// One writing of a model: which tensors go where, and where their bytes come from.
private struct ModelWriter<Element: Scalar> {
  /// Where a tensor's bytes come from.
  enum Origin {
    /// A parameter of the model, and the source's tensor of the same values, if it has one.
    case parameter(Int, Checkpoint.Place?)
    /// A tensor of the source that the model does not compute with.
    case other(Checkpoint.Place)
  }

  /// One tensor of a shard.
  struct Part {
    var entry: Layout.Entry
    var origin: Origin
  }

  /// One file to be written.
  struct Shard {
    var name: String
    var metadata: [(key: ByteString, value: ByteString)]?
    var parts: [Part]

    /// The files that this one becomes: itself, unless it is larger than the limit.
    func split(byteLimit: Int) throws(HeaderError) -> [Shard] {
      let shards = try ShardPlan(parts.map(\.entry), byteLimit: byteLimit).shards
      if shards.count == 1 { return [self] }
      return shards.enumerated().map { shard, positions in
        Shard(
          name: ShardPlan.fileName(shard, of: shards.count), metadata: metadata,
          parts: positions.map { parts[$0] })
      }
    }

    func layout() throws(HeaderError) -> Layout {
      try Layout(parts.map(\.entry), metadata: metadata)
    }
  }

  let model: Model<Element>
  let source: Checkpoint?
  let stored: StoredFloat?
  let files: [String: [UInt8]]
  private let shards: [Shard]

  init(
    model: Model<Element>, source: Checkpoint?, stored: StoredFloat?, files: [String: [UInt8]],
    shardByteLimit: Int
  ) throws(ModelFileError) {
    self.model = model
    self.files = files
    self.source = source
    self.stored = stored
    var places = model.plan.aliases
    for (index, parameter) in model.plan.parameters.enumerated() { places[parameter.name] = index }
    var shards: [Shard] = []
    var written: Set<ByteString> = []
    for shard in source?.shards ?? [] {
      var parts: [Part] = []
      for info in shard.header.tensors {
        written.insert(info.name)
        guard let place = source?[info.name] else { continue }
        let parameter = places[info.name]
        let isFloat = StoredFloat(info.dtype) != nil
        let dtype = parameter == nil || !isFloat ? info.dtype : stored?.dtype ?? info.dtype
        parts.append(
          Part(
            entry: Layout.Entry(name: info.name, dtype: dtype, shape: info.shape),
            origin: parameter.map { .parameter($0, place) } ?? .other(place)))
      }
      shards.append(
        Shard(name: shard.name, metadata: shard.header.metadata.map { Array($0) }, parts: parts))
    }
    if shards.isEmpty {
      shards = [Shard(name: "model.safetensors", metadata: [("format", "pt")], parts: [])]
    }
    for (index, parameter) in model.plan.parameters.enumerated()
    where !written.contains(parameter.name) {
      shards[shards.count - 1].parts.append(
        Part(
          entry: Layout.Entry(
            name: parameter.name, dtype: stored?.dtype ?? .f32,
            shape: parameter.shape.map { UInt64($0) }), origin: .parameter(index, nil)))
    }
    if shards.count == 1 {
      do throws(HeaderError) { shards = try shards[0].split(byteLimit: shardByteLimit) } catch {
        throw .file(.header(error, path: shards[0].name))
      }
    }
    self.shards = shards
  }

  /// About how much is written: the tensors alone.
  var byteCount: Int {
    shards.reduce(0) { sum, shard in
      shard.parts.reduce(sum) { sum, part in
        let elements = part.entry.shape.reduce(1) { $0 &* Int(truncatingIfNeeded: $1) }
        return sum &+ elements &* (part.entry.dtype.bitWidth / 8)
      }
    }
  }

  func write(to folder: String, config: ModelConfiguration) throws(ModelFileError) {
    var written: [(file: String, layout: Layout)] = []
    for shard in shards {
      written.append((shard.name, try write(shard, to: Paths.join(folder, shard.name))))
    }
    if written.count > 1 {
      let index = ShardIndex.encode(written)
      try storing { () throws(StorageError) in
        try AtomicFile.write(index.rawSpan, to: Paths.join(folder, ShardIndex.fileName))
      }
    }
    var config = config
    if let stored { config.store(as: stored.configName) }
    let bytes = try people(config.json)
    try storing { () throws(StorageError) in
      try AtomicFile.write(bytes.rawSpan, to: Paths.join(folder, "config.json"))
    }
    for (name, bytes) in files {
      try storing { () throws(StorageError) in
        try AtomicFile.write(bytes.rawSpan, to: Paths.join(folder, name))
      }
    }
    guard let source else { return }
    let own = Set(shards.map(\.name)).union(files.keys)
    for entry in source.files
    where !own.contains(entry.name) && entry.name != "config.json"
      && !Checkpoint.isShardIndex(entry.name) && !entry.name.hasSuffix(".safetensors")
    {
      let target = Paths.join(folder, entry.name)
      try storing { () throws(StorageError) in
        try Folder.create(Paths.parent(of: target))
        let copy = try Descriptor(target, .create(mode: entry.status.mode))
        try copy.copyContents(
          of: try Descriptor(source.fullPath(entry.name), .read),
          byteCount: entry.status.byteCount)
        try copy.synchronize()
        try Folder.synchronize(Paths.parent(of: target))
      }
    }
  }

  private func write(_ shard: Shard, to path: String) throws(ModelFileError) -> Layout {
    let layout: Layout
    do throws(HeaderError) { layout = try shard.layout() } catch {
      throw .file(.header(error, path: path))
    }
    var origins: [ByteString: Origin] = [:]
    for part in shard.parts { origins[part.entry.name] = part.origin }
    var file = try storing { () throws(StorageError) in
      try Folder.create(Paths.parent(of: path))
      return try TensorFileWriter(path: path, layout: layout)
    }
    for tensor in layout.tensors {
      guard let origin = origins[tensor.name] else { continue }
      let bytes = try self.bytes(of: origin, as: tensor.dtype)
      try storing { () throws(StorageError) in try file.append(bytes.rawSpan) }
    }
    do throws(StorageError) { try file.commit() } catch { throw .storage(error) }
    return layout
  }

  private func bytes(of origin: Origin, as dtype: DType) throws(ModelFileError) -> [UInt8] {
    switch origin {
    case .other(let place): return try original(place)
    case .parameter(let index, let place):
      guard let stored = StoredFloat(dtype) else { return [] }
      let matrix = model.parameters[index]
      guard let place, place.info.dtype == dtype else { return matrix.bytes(as: stored) }
      // A tensor that was not moved keeps its bytes, a NaN's too, which widening makes quiet.
      let original = try original(place)
      let unmoved = Matrix<Element>(
        rows: matrix.rows, columns: matrix.columns, original.rawSpan, as: stored)
      return unmoved == matrix ? original : matrix.bytes(as: stored)
    }
  }

  private func original(_ place: Checkpoint.Place) throws(ModelFileError) -> [UInt8] {
    guard let source else { return [] }
    let file: TensorFile
    do throws(TensorFileError) {
      file = try TensorFile(path: source.fullPath(source.shards[place.shard].name))
    } catch { throw .file(error) }
    guard file.header[place.info.name] == place.info else {
      throw .file(.checkpoint("\(file.path) changed while it was read", path: source.path))
    }
    return file.withBytes(of: place.info) { $0.copied() }
  }

  private func people(_ value: JSONValue) throws(ModelFileError) -> [UInt8] {
    do throws(CanonicalJSON.EncodingError) {
      return try CanonicalJSON.encodeForPeople(value, keepsNumbers: true)
    } catch { throw .config(error) }
  }
}
