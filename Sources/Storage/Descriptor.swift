private import CStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open file: the one place where bytes are read from and written to descriptors.
///
/// There is exactly one owner, and it closes the file.
public struct Descriptor: ~Copyable, Sendable {
  private let raw: Int32
  /// The path that was opened, for messages.
  public let path: String

  /// How a file is opened.
  public enum Access: Sendable {
    /// For reading; a symbolic link is followed.
    case read
    /// For reading and writing an existing file; a symbolic link is refused.
    case update
    /// For writing a file that must not exist yet.
    case create(mode: UInt32)
    /// A directory, to lock or flush it.
    case directory
  }

  /// Opens a path.
  public init(_ path: String, _ access: Access) throws(StorageError) {
    self.path = path
    var descriptor = Self.opened(path, access)
    while descriptor < 0 && errno == EINTR { descriptor = Self.opened(path, access) }
    guard descriptor >= 0 else { throw .system("open", path: path) }
    raw = descriptor
  }

  private static func opened(_ path: String, _ access: Access) -> Int32 {
    switch access {
    // A pipe without a writer is opened at once, to be refused by its kind.
    case .read: unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    case .update: unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    case .create(let mode):
      unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(mode))
    case .directory: unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
  }

  deinit { close(raw) }

  /// Asks about the open file.
  public func status() throws(StorageError) -> FileStatus {
    var status = stat()
    guard unsafe fstat(raw, &status) == 0 else { throw .system("fstat", path: path) }
    return FileStatus(status)
  }

  /// Reads into a buffer until it is full or the file ends; returns how many bytes were read.
  public func read(into buffer: inout [UInt8], count: Int, at offset: Int) throws(StorageError)
    -> Int
  {
    precondition(count <= buffer.count, "\(count) bytes into a buffer of \(buffer.count)")
    var done = 0
    while done < count {
      // The slice is in bounds: `done < count <= buffer.count`.
      let got = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe pread(
          raw, bytes.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
      }
      if got < 0 {
        if errno == EINTR { continue }
        throw .system("pread", path: path)
      }
      if got == 0 { break }
      done += got
    }
    return done
  }

  /// Reads exactly the bytes asked for, else says where the file ended.
  public func readExactly(into buffer: inout [UInt8], count: Int, at offset: Int)
    throws(StorageError)
  {
    let found = try read(into: &buffer, count: count, at: offset)
    guard found == count else {
      throw StorageError(
        .truncated(offset: offset, expected: count, found: found), path: path)
    }
  }

  /// Writes all bytes of a span at an offset.
  public func write(_ bytes: RawSpan, at offset: Int) throws(StorageError) {
    var done = 0
    while done < bytes.byteCount {
      // The span is borrowed for the call and `done` is below its count.
      let put = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(
          raw, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
      }
      if put < 0 {
        if errno == EINTR { continue }
        throw .system("pwrite", path: path)
      }
      done += put
    }
  }

  /// Lets the disk begin with a range while more is written; ``synchronize()`` still has to follow.
  public func startWriteback(_ range: Range<Int>) {
    cstorage_start_writeback(raw, off_t(range.lowerBound), off_t(range.count))
  }

  /// Makes the file longer, with zeros, or cuts it.
  public func setByteCount(_ count: Int) throws(StorageError) {
    guard ftruncate(raw, off_t(count)) == 0 else { throw .system("ftruncate", path: path) }
  }

  /// Flushes content and size to the disk.
  ///
  /// A failure is final: the file's state is unknown, so the call is never repeated.
  public func synchronize() throws(StorageError) {
    guard fsync(raw) == 0 else { throw .system("fsync", path: path) }
  }

  /// Flushes content to the disk, where the size has not changed.
  ///
  /// A failure is final, as of ``synchronize()``.
  public func synchronizeData() throws(StorageError) {
    #if canImport(Darwin)
      try synchronize()
    #else
      guard fdatasync(raw) == 0 else { throw .system("fdatasync", path: path) }
    #endif
  }

  /// Sets the permission bits.
  public func setMode(_ mode: UInt32) throws(StorageError) {
    guard fchmod(raw, mode_t(mode)) == 0 else { throw .system("fchmod", path: path) }
  }

  /// Takes the exclusive lock of the file until it is closed; throws `locked` where another has it.
  public func lock() throws(StorageError) {
    guard flock(raw, LOCK_EX | LOCK_NB) == 0 else {
      if errno == EWOULDBLOCK { throw StorageError(.locked, path: path) }
      throw .system("flock", path: path)
    }
  }

  /// Fills this empty file with the bytes of another: shared blocks where the file system can, else
  /// copied inside the kernel, else read and written.
  public func copyContents(of source: borrowing Descriptor, byteCount: Int) throws(StorageError) {
    if cstorage_clone(source.raw, raw) == 0 { return }
    var done = 0
    while done < byteCount {
      let copied = cstorage_copy_range(
        source.raw, off_t(done), raw, off_t(done), min(byteCount - done, 1 << 26))
      if copied < 0 && errno == EINTR { continue }
      if copied <= 0 { break }
      done += copied
    }
    var buffer = [UInt8](repeating: 0, count: done < byteCount ? 1 << 20 : 0)
    while done < byteCount {
      let count = min(buffer.count, byteCount - done)
      try source.readExactly(into: &buffer, count: count, at: done)
      try write(buffer.rawSpan.extracting(first: count), at: done)
      done += count
    }
  }

  /// Maps the whole file; only for ``MappedFile``.
  func mapped(byteCount: Int) throws(StorageError) -> UnsafeMutableRawPointer? {
    guard byteCount > 0 else { return nil }
    guard let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, raw, 0),
      unsafe address != MAP_FAILED
    else { throw .system("mmap", path: path) }
    return unsafe address
  }
}
