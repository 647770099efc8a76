import Safetensors
import SampleModels
import Storage
import TestSupport
import Testing

@Suite("Reading without a mapping") struct TensorReaderTests {
  private func write(_ bytes: [UInt8], to path: String) throws {
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
  }

  private let sample =
    HeaderTests.file(#"{"a":{"dtype":"U8","shape":[3000000],"data_offsets":[0,3000000]}}"#)
    + (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

  @Test func `gives the bytes that a mapping gives`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try write(sample, to: path)
    let reader = try TensorReader(path: path)
    let info = try #require(reader.header["a"])
    var read: [UInt8] = []
    try reader.forEachPiece(of: info) { read += $0.copied() }
    let mapped = try TensorFile(path: path)
    let expected = mapped.bytes(of: info).copied()
    #expect(read == expected)
    var part = [UInt8](repeating: 0, count: 10)
    try reader.read(100..<110, of: info, into: &part)
    #expect(part == Array(expected[100..<110]))
  }

  @Test func `a file that is cut short or written meanwhile is an error`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try write(sample, to: path)
    let reader = try TensorReader(path: path)
    let info = try #require(reader.header["a"])
    let file = try Descriptor(path, .update)
    try file.write([UInt8](repeating: 1, count: 100).rawSpan, at: sample.count)
    #expect(throws: TensorFileError.storage(StorageError(.changedUnderneath, path: path))) {
      try reader.forEachPiece(of: info) { _ in }
    }
  }

  @Test func `a folder and a missing file are errors`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: TensorFileError.storage(StorageError(.notRegular, path: folder.path))) {
      _ = try TensorReader(path: folder.path)
    }
    #expect(throws: TensorFileError.self) { _ = try TensorReader(path: folder.file("none")) }
  }

  @Test
  func `a file that is shorter than when it was opened is an error at the first byte that lacks`()
    throws
  {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try write(sample, to: path)
    let reader = try TensorReader(path: path)
    let info = try #require(reader.header["a"])
    let other = try Descriptor(path, .update)
    try other.setByteCount(sample.count - 1)
    var last = [UInt8](repeating: 0, count: 1)
    try reader.read(0..<1, of: info, into: &last)
    #expect(throws: TensorFileError.self) {
      try reader.read(2_999_999..<3_000_000, of: info, into: &last)
    }
    #expect(throws: TensorFileError.self) { try reader.forEachPiece(of: info) { _ in } }
    #expect(throws: TensorFileError.self) { try reader.check() }
    #expect(try TensorReader.faults(path: path).first.map(\.name) == ["data-not-covered"])
  }

  @Test func `a pipe is an error and does not wait for its other end`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try Links.namedPipe(path)
    #expect(throws: TensorFileError.storage(StorageError(.notRegular, path: path))) {
      _ = try TensorReader(path: path)
    }
  }
}
