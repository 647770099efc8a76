private import CStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What is done with folders and whole files.
public enum Folder {
  /// One regular file below a folder.
  public struct Entry: Hashable, Sendable {
    /// The path relative to the folder, with `/` between its parts.
    public let name: String
    /// What the file system says of it.
    public let status: FileStatus
  }

  /// Flushes a folder, so that names made or removed in it last.
  public static func synchronize(_ path: String) throws(StorageError) {
    try Descriptor(path, .directory).synchronize()
  }

  /// Makes a folder and those above it that are missing.
  public static func create(_ path: String, mode: UInt32 = 0o755) throws(StorageError) {
    if unsafe mkdir(path, mode_t(mode)) == 0 {
      do throws(StorageError) { try synchronize(Paths.parent(of: path)) } catch {
        unsafe rmdir(path)
        throw error
      }
      return
    }
    if errno == EEXIST { return }
    guard errno == ENOENT else { throw .system("mkdir", path: path) }
    try create(Paths.parent(of: path), mode: mode)
    try create(path, mode: mode)
  }

  /// Lists the regular files below a folder, in the byte order of their names.
  ///
  /// A symbolic link or special file is an error: it would be read as if it were the model's.
  ///
  /// - Parameter skipping: Told the path of each file and folder relative to this one; what it names is left out,
  ///   with all below it, whatever it is.
  public static func files(
    below path: String, skipping: (String) -> Bool = { _ in false }, limit: Int = 100_000
  ) throws(StorageError) -> [Entry] {
    var entries: [Entry] = []
    var pending = [""]
    while let folder = pending.popLast() {
      for name in try names(in: Paths.join(path, folder), limit: limit) {
        let relative = folder.isEmpty ? name : folder + "/" + name
        if skipping(relative) { continue }
        let full = Paths.join(path, relative)
        let status = try FileStatus(ofLink: full)
        switch status.kind {
        case .regular: entries.append(Entry(name: relative, status: status))
        case .directory: pending.append(relative)
        case .symbolicLink:
          throw StorageError(.symbolicLink(target: try linkTarget(full)), path: full)
        case .other: throw StorageError(.notRegular, path: full)
        }
        if entries.count + pending.count > limit {
          throw StorageError(.tooManyEntries(limit: limit), path: path)
        }
      }
    }
    return entries.sorted { ByteString($0.name) < ByteString($1.name) }
  }

  /// The names in a folder, unsorted, without `.` and `..`.
  public static func names(in path: String, limit: Int = 100_000) throws(StorageError) -> [String] {
    guard let stream = unsafe opendir(path.isEmpty ? "." : path) else {
      if errno == ENOTDIR { throw StorageError(.notDirectory, path: path) }
      throw .system("opendir", path: path)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        if errno != 0 { throw .system("readdir", path: path) }
        return names
      }
      // `d_name` is a C string inside the entry, which lives until the next `readdir`.
      let decoded = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(validatingCString: $0)
        }
      }
      guard let name = decoded else { throw StorageError(.nameNotUTF8, path: path) }
      if name == "." || name == ".." { continue }
      names.append(name)
      if names.count > limit { throw StorageError(.tooManyEntries(limit: limit), path: path) }
    }
  }

  /// Where a symbolic link points.
  public static func linkTarget(_ path: String) throws(StorageError) -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
        guard let base = characters.baseAddress else { return -1 }
        return unsafe readlink(path, base, characters.count)
      }
    }
    guard count >= 0 else { throw .system("readlink", path: path) }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Reads a small file whole.
  public static func read(_ path: String, limit: Int) throws(StorageError) -> [UInt8] {
    let descriptor = try Descriptor(path, .read)
    let status = try descriptor.status()
    guard status.kind == .regular else { throw StorageError(.notRegular, path: path) }
    guard status.byteCount <= limit else {
      throw StorageError(.tooLarge(limit: limit, found: status.byteCount), path: path)
    }
    var bytes = [UInt8](repeating: 0, count: status.byteCount)
    try descriptor.readExactly(into: &bytes, count: bytes.count, at: 0)
    return bytes
  }

  /// Removes a file durably; nothing happens where there is none.
  public static func remove(_ path: String) throws(StorageError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      throw .system("unlink", path: path)
    }
    try synchronize(Paths.parent(of: path))
  }

  /// Removes a folder and all below it, without following symbolic links.
  public static func removeTree(_ path: String) throws(StorageError) {
    for name in try names(in: path) {
      let full = Paths.join(path, name)
      if try FileStatus(ofLink: full).kind == .directory {
        try removeTree(full)
      } else {
        guard unsafe unlink(full) == 0 else { throw .system("unlink", path: full) }
      }
    }
    guard unsafe rmdir(path) == 0 else { throw .system("rmdir", path: path) }
  }

  /// Gives a finished folder or file its name, durably; an existing one is an error.
  public static func publish(_ from: String, as to: String) throws(StorageError) {
    guard unsafe cstorage_rename_exclusive(from, to) == 0 else {
      if errno == EEXIST || errno == ENOTEMPTY { throw StorageError(.exists, path: to) }
      throw .system("rename", path: to)
    }
    try synchronize(Paths.parent(of: to))
  }

  /// Gives a file the name of another, which it replaces, durably.
  public static func replace(_ path: String, with newer: String) throws(StorageError) {
    guard unsafe rename(newer, path) == 0 else { throw .system("rename", path: path) }
    try synchronize(Paths.parent(of: path))
  }

  /// How many bytes this user can still write to the file system of a path.
  public static func freeByteCount(at path: String) throws(StorageError) -> Int {
    var raw = statvfs()
    guard unsafe statvfs(path, &raw) == 0 else { throw .system("statvfs", path: path) }
    let (bytes, overflow) = UInt64(raw.f_bavail).multipliedReportingOverflow(
      by: UInt64(raw.f_frsize))
    return overflow ? .max : Int(clamping: bytes)
  }

  /// Whether this user may write a file or make names in a folder.
  public static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }
}
