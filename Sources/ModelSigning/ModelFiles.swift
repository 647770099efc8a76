import Attestation
public import Storage

/// Lists and hashes the files of a model.
public enum ModelFiles {
  /// How hashing is told of: the bytes hashed since the last call, and those to hash in all; from any thread.
  public typealias Progress = @Sendable (_ advance: Int, _ total: Int) -> Void

  /// The most shards that are hashed.
  private static let shardLimit = 1_000_000

  /// Lists and hashes all regular files of a folder but those that are left out, several at once.
  ///
  /// - Parameters:
  ///   - shardByteCount: How many bytes a shard has; nil where files are hashed whole.
  ///   - known: Digests that were computed already.
  /// - Throws: Also at a symbolic link or special file that is not left out, and at a file that changes meanwhile.
  public static func read(
    _ folder: String, ignoring ignored: IgnoredPaths, shardByteCount: Int? = nil,
    known: [ByteString: Digest] = [:], progress: Progress = { _, _ in }
  ) throws(ModelSigningError) -> [ModelManifest.File] {
    let entries = try storing { () throws(StorageError) in
      try Folder.files(below: folder, skipping: { ignored.contains($0) })
    }
    return try hash(
      entries.map { ($0.name, $0.status) }, in: folder, shardByteCount: shardByteCount, known,
      progress)
  }

  /// Hashes those files of a folder that a list names and that are there.
  ///
  /// - Throws: Also where a symbolic link is on the way to one.
  static func read(
    _ folder: String, named names: [String], shardByteCount: Int?, known: [ByteString: Digest],
    progress: Progress
  ) throws(ModelSigningError) -> [ModelManifest.File] {
    var found: [(String, FileStatus)] = []
    for name in names {
      let status = try storing { () throws(StorageError) in
        try Self.status(of: name, in: folder)
      }
      if let status { found.append((name, status)) }
    }
    return try hash(found, in: folder, shardByteCount: shardByteCount, known, progress)
  }

  /// Hashes a model that is one file.
  static func read(file path: String, as name: String, progress: Progress)
    throws(ModelSigningError) -> [ModelManifest.File]
  {
    try storing { () throws(StorageError) in
      let status = try FileStatus(ofLink: path)
      if status.kind == .symbolicLink {
        throw StorageError(.symbolicLink(target: try Folder.linkTarget(path)), path: path)
      }
      let digest = try SHA256.digest(ofFile: path) { progress($0, status.byteCount) }
      return [ModelManifest.File(name: name, digest: digest)]
    }
  }

  /// What the file system says of a regular file; nil where there is none of that name.
  private static func status(of name: String, in folder: String) throws(StorageError)
    -> FileStatus?
  {
    var path = folder
    var status: FileStatus?
    for part in name.utf8.split(separator: UInt8(ascii: "/")) {
      if let status, status.kind != .directory { return nil }
      path = Paths.join(path, String(decoding: Array(part), as: UTF8.self))
      guard let next = try FileStatus.ifExists(path) else { return nil }
      if next.kind == .symbolicLink {
        throw StorageError(.symbolicLink(target: try Folder.linkTarget(path)), path: path)
      }
      status = next
    }
    guard let status, status.kind == .regular else { return nil }
    return status
  }

  private static func hash(
    _ files: [(name: String, status: FileStatus)], in folder: String, shardByteCount: Int?,
    _ known: [ByteString: Digest], _ progress: Progress
  ) throws(ModelSigningError) -> [ModelManifest.File] {
    var pieces: [Piece] = []
    for (name, status) in files {
      guard let shardByteCount else {
        pieces.append(Piece(name: name, file: name, status: status, range: 0..<status.byteCount))
        continue
      }
      guard status.byteCount / shardByteCount + pieces.count <= shardLimit else {
        throw ModelSigningError(
          .unsupported(
            "in shards of \(shardByteCount) bytes the model has more than \(shardLimit), which are hashed at most"
          ), path: folder)
      }
      pieces += ShardName.shards(
        of: name, byteCount: status.byteCount, shardByteCount: shardByteCount
      ).map { Piece(name: $0.text, file: name, status: status, range: $0.range) }
    }
    // Large ones first, so that the last to end is a small one.
    let sorted = pieces.sorted { $0.range.count > $1.range.count }
    let total = sorted.reduce(0) {
      $0 + (known[ByteString($1.name)] == nil ? $1.range.count : 0)
    }
    return try storing { () throws(StorageError) in
      try Parallel.map(sorted.count) { index throws(StorageError) in
        let piece = sorted[index]
        if let digest = known[ByteString(piece.name)] {
          return ModelManifest.File(name: piece.name, digest: digest)
        }
        return ModelManifest.File(
          name: piece.name, digest: try piece.hash(in: folder) { progress($0, total) })
      }
    }
  }
}

/// What is hashed by itself: a file, or a range of its bytes.
private struct Piece: Sendable {
  let name: String
  let file: String
  let status: FileStatus
  let range: Range<Int>

  func hash(in folder: String, _ advance: (Int) -> Void) throws(StorageError) -> Digest {
    let path = Paths.join(folder, file)
    let digest =
      range.count == status.byteCount
      ? try SHA256.digest(ofFile: path, progress: advance)
      : try SHA256.digest(of: try Descriptor(path, .read), in: range, progress: advance)
    // A file that was put in the place of the one that was listed has another status.
    guard try FileStatus(ofLink: path) == status else {
      throw StorageError(.changedUnderneath, path: path)
    }
    return digest
  }
}
