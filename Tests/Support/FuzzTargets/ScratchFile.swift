import Storage
import TestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that is written over for each input, for readers that take a path; nothing waits for the disk.
final class ScratchFile {
  private let folder: TemporaryFolder
  let path: String

  init(_ name: String, in folder: TemporaryFolder) {
    self.folder = folder
    path = folder.file(name)
  }

  convenience init(_ name: String) throws { self.init(name, in: try TemporaryFolder()) }

  /// A name beside the file.
  func sibling(_ name: String) -> String { folder.file(name) }

  func replace(_ bytes: [UInt8]) throws {
    guard let file = fopen(path, "w") else { throw StorageError(.notRegular, path: path) }
    let count = fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    try require(count == bytes.count, "the scratch file was not written")
  }
}
