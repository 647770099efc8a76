import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Links, which the tool itself never makes.
public enum Links {
  /// Gives a file a second name.
  public static func hardLink(_ from: String, _ to: String) throws {
    guard link(from, to) == 0 else { throw StorageError(.notRegular, path: to) }
  }

  /// Makes a symbolic link.
  public static func symbolicLink(_ from: String, _ to: String) throws {
    guard symlink(from, to) == 0 else { throw StorageError(.notRegular, path: to) }
  }

  /// Makes a pipe that has a name.
  public static func namedPipe(_ path: String) throws {
    guard mkfifo(path, 0o600) == 0 else { throw StorageError(.notRegular, path: path) }
  }
}
