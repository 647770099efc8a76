import Safetensors
import Storage
import TestSupport
import Testing

@Suite("Writing a tensor after the other") struct TensorFileWriterTests {
  private let entries = [
    Layout.Entry(name: "a", dtype: .u8, shape: [5]),
    Layout.Entry(name: "b", dtype: .f32, shape: [2]),
  ]

  private func write(
    to path: String, _ byteCount: Int = 13, replacing: TensorFileWriter.Replacing = .nothing,
    alignment: Int = 8
  ) throws {
    let layout = try Layout(entries, metadata: nil, dataAlignment: alignment)
    var writer = try TensorFileWriter(path: path, layout: layout, replacing: replacing)
    for byte in 0..<byteCount { try writer.append([UInt8(byte)].rawSpan) }
    try writer.commit()
  }

  @Test func `what is written reads back, and leaves nothing else in the folder`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try write(to: path)
    let file = try TensorFile(path: path, mode: .strict)
    let (a, b) = (try #require(file.header["a"]), try #require(file.header["b"]))
    let (first, second) = (file.bytes(of: b).copied(), file.bytes(of: a).copied())
    #expect(first == Array(0..<8) && second == Array(8..<13))
    #expect(try Folder.names(in: folder.path) == ["a.safetensors"])
  }

  @Test func `the data section begins at a page where that is asked for`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try write(to: path, alignment: 4096)
    #expect(try TensorReader(path: path, mode: .strict).header.dataOffset == 4096)
  }

  @Test(arguments: [0, 12, 14])
  func `too few or too many bytes leave no file`(_ count: Int) throws {
    let folder = try TemporaryFolder()
    #expect(throws: StorageError.self) { try write(to: folder.file("a.safetensors"), count) }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test func `a file is replaced only where that is asked for, and keeps its mode`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try AtomicFile.write([1].rawSpan, to: path, mode: 0o600)
    #expect(throws: StorageError(.exists, path: path)) { try write(to: path) }
    #expect(try FileStatus(ofLink: path).byteCount == 1)
    try write(to: path, replacing: .ownFile)
    let status = try FileStatus(ofLink: path)
    #expect(status.mode == 0o600 && status.byteCount > 13)
  }

  @Test func `what stands for another file is not replaced`() throws {
    let folder = try TemporaryFolder()
    let (path, target) = (folder.file("a.safetensors"), folder.file("b"))
    try TemporaryFolder.write([1, 2], to: target)
    try Links.symbolicLink(target, path)
    #expect(throws: StorageError(.symbolicLink(target: target), path: path)) {
      try write(to: path, replacing: .ownFile)
    }
    #expect(throws: StorageError(.exists, path: path)) { try write(to: path) }
    try Folder.remove(path)
    try Links.hardLink(target, path)
    #expect(throws: StorageError(.hardLinked(count: 2), path: path)) {
      try write(to: path, replacing: .ownFile)
    }
    #expect(try Folder.read(target, limit: 2) == [1, 2])
    // Where that is asked for, the name comes apart from the other file, which stays.
    try write(to: path, replacing: .anything)
    #expect(try Folder.read(target, limit: 2) == [1, 2])
    #expect(try FileStatus(ofLink: path).linkCount == 1)
    #expect(try Folder.names(in: folder.path).sorted() == ["a.safetensors", "b"])
  }

  @Test func `a link that leads nowhere and one that leads to itself are refused`() throws {
    let folder = try TemporaryFolder()
    for target in [folder.file("none"), folder.file("a.safetensors")] {
      let path = folder.file("a.safetensors")
      try Links.symbolicLink(target, path)
      #expect(throws: StorageError(.symbolicLink(target: target), path: path)) {
        try write(to: path, replacing: .ownFile)
      }
      try Folder.remove(path)
    }
  }

  @Test func `a folder and a pipe are refused`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try Links.namedPipe(path)
    #expect(throws: StorageError(.notRegular, path: path)) {
      try write(to: path, replacing: .ownFile)
    }
    #expect(throws: StorageError(.exists, path: path)) { try write(to: path) }
    #expect(throws: StorageError(.notRegular, path: folder.path)) {
      try write(to: folder.path, replacing: .ownFile)
    }
    #expect(try Folder.names(in: folder.path) == ["a.safetensors"])
  }

  @Test(arguments: [0o400, 0o444, 0o600, 0o640, 0o755] as [UInt32])
  func `permission bits are kept, whatever they are`(mode: UInt32) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try AtomicFile.write([1].rawSpan, to: path, mode: mode)
    try write(to: path, replacing: .ownFile)
    #expect(try FileStatus(ofLink: path).mode & 0o777 == mode)
  }
}
