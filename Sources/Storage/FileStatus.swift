#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the file system says of one file.
public struct FileStatus: Hashable, Sendable {
  /// The kinds that matter here.
  public enum Kind: Hashable, Sendable {
    /// A regular file.
    case regular
    /// A directory.
    case directory
    /// A symbolic link.
    case symbolicLink
    /// A device, socket or pipe.
    case other
  }

  /// The kind of the file.
  public let kind: Kind
  /// The size in bytes.
  public let byteCount: Int
  /// The permission bits.
  public let mode: UInt32
  /// How many names the file has.
  public let linkCount: Int
  /// The device and inode, which together name the file.
  public let device: UInt64
  /// The inode number.
  public let inode: UInt64
  /// The time of the last change to the content, in nanoseconds.
  public let modified: Int64

  init(_ raw: stat) {
    kind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      default: .other
      }
    byteCount = Int(raw.st_size)
    mode = UInt32(raw.st_mode & 0o7777)
    linkCount = Int(raw.st_nlink)
    device = UInt64(truncatingIfNeeded: raw.st_dev)
    inode = UInt64(raw.st_ino)
    #if canImport(Glibc)
      let time = raw.st_mtim
    #else
      let time = raw.st_mtimespec
    #endif
    modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Asks about a path without following a symbolic link.
  public init(ofLink path: String) throws(StorageError) {
    var raw = stat()
    guard unsafe lstat(path, &raw) == 0 else { throw .system("lstat", path: path) }
    self.init(raw)
  }

  /// Asks about the file that a path leads to.
  public init(of path: String) throws(StorageError) {
    var raw = stat()
    guard unsafe stat(path, &raw) == 0 else { throw .system("stat", path: path) }
    self.init(raw)
  }

  /// Asks about a path; nil where there is nothing.
  public static func ifExists(_ path: String) throws(StorageError) -> FileStatus? {
    do throws(StorageError) { return try FileStatus(ofLink: path) } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }
}
