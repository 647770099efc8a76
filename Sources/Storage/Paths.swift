#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Paths as text.
public enum Paths {
  /// The folder that a path lies in.
  public static func parent(of path: String) -> String {
    let trimmed = trimmed(path)
    guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// A path without the slashes at its end.
  private static func trimmed(_ path: String) -> Substring {
    var trimmed = path[...]
    while trimmed.utf8.count > 1, trimmed.utf8.last == UInt8(ascii: "/") { trimmed.removeLast() }
    return trimmed
  }

  /// The last part of a path.
  public static func name(of path: String) -> String {
    let trimmed = trimmed(path)
    guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")) else { return String(trimmed) }
    return String(trimmed[trimmed.utf8.index(after: slash)...])
  }

  /// A name below a folder.
  public static func join(_ folder: String, _ name: String) -> String {
    if folder.isEmpty || folder == "." { return name }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// Where a path leads once symbolic links, `.` and `..` are resolved.
  public static func resolved(_ path: String) throws(StorageError) -> String {
    guard let raw = unsafe realpath(path, nil) else { throw .system("realpath", path: path) }
    defer { unsafe free(raw) }
    return unsafe String(cString: raw)
  }

  /// Whether a name from a file stays inside the folder that it is joined to.
  ///
  /// Refuses absolute paths, drive letters, backslashes, empty, `.` and `..` parts, and control characters.
  public static func isSafeRelative(_ path: String) -> Bool {
    let bytes = Array(path.utf8)
    if bytes.isEmpty || bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return false }
    if bytes.contains(UInt8(ascii: "\\")) || bytes.contains(UInt8(ascii: ":")) { return false }
    return path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .allSatisfy { part in
        !part.isEmpty && Array(part) != Array(".".utf8) && Array(part) != Array("..".utf8)
      }
  }

  /// A fresh hidden name in the folder of a path, for what is not finished yet.
  public static func hiddenSibling(of path: String) -> String {
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    return join(parent(of: path), ".\(name(of: path)).\(tag).partial")
  }
}
