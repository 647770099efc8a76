import Attestation
public import Safetensors
public import Storage

/// A patch file as it is signed and handed on, of whatever encoding.
public struct DistributedPatch: ~Copyable, Sendable {
  private let file: TensorFile
  /// Kept open, so that what is read later is the file whose digest this is.
  private let descriptor: Descriptor
  /// The encoding.
  public let encoding: PatchEncoding
  /// The digest of the whole file.
  public let digest: Digest
  /// The tensors that it edits, in the byte order of their names.
  public let tensors: [ByteString]

  /// Maps a patch file and checks its structure.
  public init(path: String) throws(PatchError) {
    let descriptor = try storing { () throws(StorageError) in try Descriptor(path, .read) }
    let file = try reading { () throws(TensorFileError) in
      try TensorFile(descriptor, mode: .strict)
    }
    let encoding = try PatchEncoding(of: file.header, path: path)
    let tensors =
      encoding == .replace
      ? try PatchFile.edits(of: file.header, path).map(\.tensor)
      : try CompactPatch(descriptor).tensors
    self.encoding = encoding
    self.tensors = tensors
    digest = Self.digest(of: file)
    self.file = file
    self.descriptor = descriptor
  }

  // Its own function: an initialiser cannot both consume a value and borrow from it.
  private static func digest(of file: borrowing TensorFile) -> Digest {
    var hash = SHA256()
    file.forEachWindow(of: 0..<file.bytes.byteCount) { hash.update($0) }
    return hash.finalize()
  }

  /// The path of the file.
  public var path: String { file.path }
  /// The whole file.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get { file.bytes }
  }

  /// Writes the same bytes under another name, durably, a window at a time.
  public func copy(to path: String, mode: UInt32) throws(StorageError) {
    var copy = try AtomicFile(path: path, mode: mode)
    try file.forEachWindow(of: 0..<file.bytes.byteCount) { (bytes) throws(StorageError) in
      try copy.append(bytes)
    }
    try copy.commit(replacing: true)
  }

  /// The same file read as one of the encoding `replace`.
  func plain() throws(PatchError) -> PatchFile { try PatchFile(descriptor) }

  /// The same file read as one whose values are compressed.
  func compact() throws(PatchError) -> CompactPatch { try CompactPatch(descriptor) }

  /// The patch with its values as they are.
  ///
  /// - Parameters:
  ///   - base: The model that it is for.
  ///   - statement: What was signed.
  ///   - scratch: A folder for what has to be expanded; nothing stays in it.
  public func values(
    against base: Checkpoint, _ statement: PatchStatement, scratch: String
  ) throws(PatchError) -> PatchFile {
    if encoding == .replace { return try plain() }
    return try compact().expand(
      against: base, at: ScratchFile.path(in: scratch), expecting: statement)
  }

  /// The same for a model that is not the base any more.
  ///
  /// - Parameter inverse: The undo capsule's patch, which has the base's values.
  public func values(
    against model: Checkpoint, over inverse: borrowing PatchFile, scratch: String
  ) throws(PatchError) -> PatchFile {
    if encoding == .replace { return try plain() }
    return try compact().expand(
      against: model, over: inverse, at: ScratchFile.path(in: scratch))
  }
}

/// Files into which patches are expanded; they lose their names before they are used.
public enum ScratchFile {
  private static let name = "values"

  static func path(in folder: String) -> String {
    Paths.hiddenSibling(of: Paths.join(folder, name))
  }

  /// Removes those that a crash has left; those of other processes that run are let be.
  public static func removeLeftovers(in folder: String) throws(StorageError) {
    for name in try Folder.names(in: folder)
    where name.hasPrefix(".\(Self.name).") && name.hasSuffix(".partial") {
      let path = Paths.join(folder, name)
      do throws(StorageError) {
        try Descriptor(path, .update).lock()
        try Folder.remove(path)
      } catch { if !error.isNotFound && error.reason != .locked { throw error } }
    }
  }
}
