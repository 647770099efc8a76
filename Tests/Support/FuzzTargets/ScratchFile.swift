import TestSupport

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
    try TemporaryFolder.write(bytes, to: path)
  }
}
