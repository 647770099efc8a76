import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder of its own for one test, removed at the end.
public final class TemporaryFolder: Sendable {
  /// The folder, without symbolic links.
  public let path: String

  /// Makes the folder.
  public init() throws {
    let base = Environment["TMPDIR"] ?? "/tmp"
    let name = "unlearn-test-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    try Folder.create(Paths.join(base, name), mode: 0o700)
    path = try Paths.resolved(Paths.join(base, name))
  }

  deinit {
    do { try Folder.removeTree(path) } catch { print("left behind: \(path): \(error)") }
  }

  /// A name below the folder.
  public func file(_ name: String) -> String { Paths.join(path, name) }

  /// Copies a folder tree within this one.
  public static func copyTree(_ from: String, _ to: String) throws {
    try Folder.create(to)
    for entry in try Folder.files(below: from) {
      let target = Paths.join(to, entry.name)
      try Folder.create(Paths.parent(of: target))
      let bytes = try Folder.read(Paths.join(from, entry.name), limit: 1 << 30)
      try write(bytes, to: target)
    }
  }

  /// Writes a file, or writes it over, without waiting for the disk.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw StorageError(.notRegular, path: path) }
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count else {
      throw StorageError(
        .truncated(offset: 0, expected: bytes.count, found: count), path: path)
    }
  }

  /// All files of a folder by name, as bytes.
  public static func contents(_ path: String) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for entry in try Folder.files(below: path) {
      contents[entry.name] = try Folder.read(Paths.join(path, entry.name), limit: 1 << 30)
    }
    return contents
  }

  /// Changes one byte of a file.
  public static func flip(_ path: String, at offset: Int) throws {
    var bytes = try Folder.read(path, limit: 1 << 30)
    bytes[offset] ^= 0x40
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
  }
}

/// The environment of the process.
public enum Environment {
  /// A variable; nil where it is not set.
  public static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
