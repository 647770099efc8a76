#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why the file system could not do what was asked, and where.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Hashable, Sendable {
    /// A system call failed.
    case system(call: String, errno: Int32)
    /// The file ended before the bytes that were asked for.
    case truncated(offset: Int, expected: Int, found: Int)
    /// The file is larger than what is read of its kind.
    case tooLarge(limit: Int, found: Int)
    /// The path is a symbolic link.
    case symbolicLink(target: String)
    /// The file has other names, whose content would change as well.
    case hardLinked(count: Int)
    /// The path is not a regular file.
    case notRegular
    /// The path is not a directory.
    case notDirectory
    /// The path exists already.
    case exists
    /// The file may not be written.
    case notWritable
    /// The file changed while it was being read.
    case changedUnderneath
    /// Another process holds the lock.
    case locked
    /// The name is not UTF-8.
    case nameNotUTF8
    /// There are more entries than are read.
    case tooManyEntries(limit: Int)
    /// The file system has too little room.
    case noSpace(needed: Int, free: Int)
  }

  /// What went wrong.
  public var reason: Reason
  /// The path that was asked for.
  public var path: String

  /// Makes an error for a path.
  public init(_ reason: Reason, path: String) {
    self.reason = reason
    self.path = path
  }

  /// An error from `errno`, which must be read first thing after the call.
  static func system(_ call: String, path: String) -> StorageError {
    StorageError(.system(call: call, errno: errno), path: path)
  }

  /// Whether the path does not exist.
  public var isNotFound: Bool {
    if case .system(_, ENOENT) = reason { return true }
    return false
  }

  /// What and where, in one line.
  public var description: String { "\(path): \(reason.text)" }
}

extension StorageError.Reason {
  var text: String {
    switch self {
    case .system(let call, let code):
      let words = unsafe String(cString: strerror(code))
      return "\(call): \(words)"
    case .truncated(let offset, let expected, let found):
      return "the file ends early: at byte \(offset) expected \(expected) bytes, found \(found)"
    case .tooLarge(let limit, let found):
      return "the file is too large: \(found) bytes, at most \(limit) are read of its kind"
    case .symbolicLink(let target):
      return "is a symbolic link (to \(target)); copy the model to a folder of its own first"
    case .hardLinked(let count):
      return
        "has \(count) names (hard links), and all would change; copy the model to a folder of its own first"
    case .notRegular: return "is not a regular file"
    case .notDirectory: return "is not a directory"
    case .exists: return "exists already"
    case .notWritable: return "may not be written by this user"
    case .changedUnderneath: return "changed while it was being read; stop what writes to it"
    case .locked: return "is in use by another unlearn-patch process; wait until that one ends"
    case .nameNotUTF8: return "holds a name that is not UTF-8"
    case .tooManyEntries(let limit): return "holds more than \(limit) entries"
    case .noSpace(let needed, let free):
      return "too little free space: \(needed) bytes are needed, \(free) are free"
    }
  }
}
