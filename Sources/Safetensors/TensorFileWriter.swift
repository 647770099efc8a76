public import Storage

/// Writes a safetensors file a tensor after the other, so that it may be larger than memory; it appears whole or
/// not at all, under its name once it is on the disk.
///
/// The bytes are those of the reference writer for the same tensors and no or one key of metadata.
public struct TensorFileWriter: ~Copyable {
  /// What may become of a file that has the name already.
  public enum Replacing: Hashable, Sendable {
    /// It is an error.
    case nothing
    /// A file of its own is replaced and its permission bits are kept; a symbolic link, or a file that has other
    /// names, is an error, as what it stands for would come apart from it.
    case ownFile
    /// Whatever has the name is replaced.
    case anything
  }

  /// The tensors in the order in which their bytes are appended.
  public let layout: Layout
  private var file: AtomicFile
  private let replaces: Bool

  /// Starts a file.
  ///
  /// - Parameter mode: The permission bits of a new file.
  public init(
    path: String, layout: Layout, replacing: Replacing = .nothing, mode: UInt32 = 0o644
  ) throws(StorageError) {
    var mode = mode
    if let status = try FileStatus.ifExists(path) {
      switch replacing {
      case .nothing: throw StorageError(.exists, path: path)
      case .ownFile where status.kind == .symbolicLink:
        throw StorageError(.symbolicLink(target: try Folder.linkTarget(path)), path: path)
      case .ownFile where status.kind != .regular: throw StorageError(.notRegular, path: path)
      case .ownFile where status.linkCount > 1:
        throw StorageError(.hardLinked(count: status.linkCount), path: path)
      case .ownFile, .anything: if status.kind == .regular { mode = status.mode & 0o777 }
      }
    }
    var file = try AtomicFile(path: path, mode: mode)
    try file.append(layout.headerBytes.rawSpan)
    self.layout = layout
    self.file = file
    replaces = replacing != .nothing
  }

  /// Appends the next bytes of the data: the tensors' of ``Layout/tensors``, one after the other.
  public mutating func append(_ bytes: RawSpan) throws(StorageError) { try file.append(bytes) }

  /// Gives the file its name, durably; fewer or more bytes than were laid out are an error.
  public consuming func commit() throws(StorageError) {
    guard file.byteCount == layout.fileByteCount else {
      throw StorageError(
        .truncated(
          offset: 0, expected: layout.fileByteCount, found: file.byteCount), path: file.path)
    }
    let replaces = replaces
    try file.commit(replacing: replaces)
  }
}
