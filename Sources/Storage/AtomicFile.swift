private import CStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that appears whole or not at all.
///
/// Bytes go to a hidden file in the same folder. ``commit(replacing:)`` flushes it, gives it its name
/// and flushes the folder; without a commit the hidden file is removed.
public struct AtomicFile: ~Copyable {
  /// The name that the file will have.
  public let path: String
  private let temporaryPath: String
  private let descriptor: Descriptor
  /// How many bytes have been appended.
  public private(set) var byteCount = 0
  private var buffer: [UInt8] = []
  private var isCommitted = false

  private static let bufferLimit = 1 << 20

  /// Starts a file that will have this name and these permission bits.
  public init(path: String, mode: UInt32 = 0o644) throws(StorageError) {
    self.path = path
    temporaryPath = Paths.hiddenSibling(of: path)
    descriptor = try Descriptor(temporaryPath, .create(mode: mode))
  }

  deinit { if !isCommitted { unsafe unlink(temporaryPath) } }

  /// Appends bytes.
  public mutating func append(_ bytes: RawSpan) throws(StorageError) {
    if buffer.count + bytes.byteCount > Self.bufferLimit { try flush() }
    if bytes.byteCount >= Self.bufferLimit {
      try descriptor.write(bytes, at: byteCount)
      descriptor.startWriteback(byteCount..<byteCount + bytes.byteCount)
    } else {
      unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }
    byteCount += bytes.byteCount
  }

  private mutating func flush() throws(StorageError) {
    let start = byteCount - buffer.count
    try descriptor.write(buffer.rawSpan, at: start)
    // The disk works while the next bytes are made, and the last flush has less to wait for.
    if start > 0 { descriptor.startWriteback(start..<byteCount) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Makes the file appear under its name, durably.
  ///
  /// - Parameter replacing: Whether a file of that name may be replaced; else it is an error.
  public consuming func commit(replacing: Bool = false) throws(StorageError) {
    try flush()
    try descriptor.synchronize()
    if replacing {
      guard unsafe rename(temporaryPath, path) == 0 else { throw .system("rename", path: path) }
    } else {
      guard unsafe cstorage_rename_exclusive(temporaryPath, path) == 0 else {
        if errno == EEXIST { throw StorageError(.exists, path: path) }
        throw .system("rename", path: path)
      }
    }
    isCommitted = true
    try Folder.synchronize(Paths.parent(of: path))
  }

  /// Writes a whole file at once.
  public static func write(
    _ bytes: RawSpan, to path: String, mode: UInt32 = 0o644, replacing: Bool = false
  ) throws(StorageError) {
    var file = try AtomicFile(path: path, mode: mode)
    try file.append(bytes)
    try file.commit(replacing: replacing)
  }
}
