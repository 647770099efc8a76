#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A process other than this one that has files open or mapped.
public struct FileUser: Hashable, Sendable {
  /// The process.
  public let process: Int
  /// Its name, as the system shows it.
  public let name: String
  /// The paths that were asked for and that it has.
  public let paths: [String]

  private static let (processLimit, descriptorLimit, mapByteLimit) = (4096, 4096, 4 << 20)

  /// Looks for processes that have any of the files open or mapped.
  ///
  /// Best effort: other users' processes show nothing, and what is very large is looked at in part. Empty on systems
  /// without `/proc`.
  public static func find(_ paths: [String]) -> [FileUser] {
    #if os(Linux)
      var wanted: [FileKey: String] = [:]
      for path in paths {
        if let key = FileKey(path) { wanted[key] = path }
      }
      if wanted.isEmpty { return [] }
      var users: [FileUser] = []
      let own = Int(getpid())
      for process in names("/proc").compactMap({ Int($0) }).sorted().prefix(processLimit)
      where process != own {
        let folder = "/proc/\(process)"
        var found: Set<String> = []
        for name in names(folder + "/fd").prefix(descriptorLimit) {
          if let key = FileKey("\(folder)/fd/\(name)"), let path = wanted[key] {
            found.insert(path)
          }
        }
        let lines = text(folder + "/maps", limit: mapByteLimit).split(separator: "\n")
        for line in lines {
          if let key = FileKey(mapLine: line), let path = wanted[key] { found.insert(path) }
        }
        if !found.isEmpty {
          let name = text(folder + "/comm", limit: 256).filter { $0 != "\n" }
          users.append(FileUser(process: process, name: name, paths: found.sorted()))
        }
      }
      return users
    #else
      return []
    #endif
  }

  #if os(Linux)
    /// What names a file whatever its path.
    private struct FileKey: Hashable {
      let (major, minor, inode): (UInt64, UInt64, UInt64)

      /// Follows a path, also one of `/proc`, to its file; nil where it can't be asked about.
      init?(_ path: String) {
        do throws(StorageError) {
          let status = try FileStatus(of: path)
          guard status.kind == .regular else { return nil }
          // The encoding of device numbers that the C library uses.
          let device = status.device
          major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
          minor = (device & 0xFF) | (device >> 12 & ~0xFF)
          inode = status.inode
        } catch { return nil }
      }

      /// Reads `address perms offset major:minor inode path`.
      init?(mapLine line: Substring) {
        let fields = line.split(separator: " ", maxSplits: 5)
        guard fields.count == 6, let inode = UInt64(fields[4]), inode != 0 else { return nil }
        let device = fields[3].split(separator: ":")
        guard device.count == 2, let major = UInt64(device[0], radix: 16),
          let minor = UInt64(device[1], radix: 16)
        else { return nil }
        (self.major, self.minor, self.inode) = (major, minor, inode)
      }
    }

    /// The names in a folder; none where it can't be read, as with a process that has ended.
    private static func names(_ folder: String) -> [String] {
      do throws(StorageError) { return try Folder.names(in: folder) } catch { return [] }
    }

    /// A file of `/proc`, whose size is not known before it is read.
    private static func text(_ path: String, limit: Int) -> String {
      do throws(StorageError) {
        let file = try Descriptor(path, .read)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var bytes: [UInt8] = []
        while bytes.count < limit {
          let count = try file.read(into: &buffer, count: buffer.count, at: bytes.count)
          bytes += buffer.prefix(count)
          if count < buffer.count { break }
        }
        return String(decoding: bytes, as: UTF8.self)
      } catch { return "" }
    }
  #endif
}
