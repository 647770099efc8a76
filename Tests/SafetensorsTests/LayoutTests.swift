import Safetensors
import SampleModels
import Storage
import TestSupport
import Testing

@Suite("Layout and checkpoints") struct LayoutTests {
  @Test func `the layout is that of the reference writer`() throws {
    // Bytes made by safetensors 0.8.0: save({"b": u8[3], "a": f32[2], "é": f32[1]}, {"format": "pt"}).
    let layout = try Layout(
      [
        Layout.Entry(name: "b", dtype: .u8, shape: [3]),
        Layout.Entry(name: "é", dtype: .f32, shape: [1]),
        Layout.Entry(name: "a", dtype: .f32, shape: [2]),
      ], metadata: [("format", "pt")])
    let json =
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""é":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}"#
    let padded = json + String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
    #expect(layout.headerBytes.count == 8 + padded.utf8.count)
    #expect(Array(layout.headerBytes.dropFirst(8)) == Array(padded.utf8))
    #expect(layout.headerBytes[0] == UInt8(padded.utf8.count))
  }

  @Test func `what is laid out reads back as it was, for every type`() throws {
    let entries = DType.allCases.map {
      Layout.Entry(name: ByteString($0.rawValue), dtype: $0, shape: [8, 3])
    }
    let layout = try Layout(entries, metadata: nil)
    let bytes =
      layout.headerBytes
      + [UInt8](repeating: 7, count: layout.fileByteCount - layout.headerBytes.count)
    let header = try Header(parsing: bytes.rawSpan, mode: .strict)
    #expect(Array(header.tensors) == layout.tensors)
    #expect(header.tensors.map(\.elementCount) == Array(repeating: 24, count: 22))
  }

  @Test func `names that differ only by normalisation are two tensors`() throws {
    let layout = try Layout(
      [
        Layout.Entry(name: "\u{E9}", dtype: .u8, shape: [1]),
        Layout.Entry(name: "e\u{301}", dtype: .u8, shape: [1]),
      ], metadata: nil)
    #expect(layout.tensors.count == 2)
    #expect(throws: HeaderError.self) {
      try Layout(
        [
          Layout.Entry(name: "a", dtype: .u8, shape: [1]),
          Layout.Entry(name: "a", dtype: .u8, shape: [1]),
        ], metadata: nil)
    }
  }

  @Test func `index and shards must agree`() throws {
    let folder = try TemporaryFolder()
    try SampleModel.llama().write(to: folder.path, shardCount: 3)
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.shards.count == 3)
    let index = folder.file("model.safetensors.index.json")
    let text = String(decoding: try Folder.read(index, limit: 1 << 20), as: UTF8.self)
    func write(_ text: String) throws {
      try AtomicFile.write(Array(text.utf8).rawSpan, to: index, replacing: true)
    }
    func refusal() -> String {
      do throws(TensorFileError) {
        _ = try Checkpoint(path: folder.path)
        return ""
      } catch { return error.description }
    }
    try write(text.replacing("model.norm.weight", with: "model.nurm.weight"))
    #expect(refusal().contains("model.nurm.weight") && refusal().contains("lacks it"))
    try write(text.replacing("model-00001-of", with: "../model-00001-of"))
    #expect(refusal().contains("inside the folder"))
    try write(text)
    try Folder.remove(folder.file("model-00002-of-00003.safetensors"))
    #expect(refusal().contains("model-00002-of-00003"))
  }
}

extension String {
  fileprivate func replacing(_ old: String, with new: String) -> String {
    var (rest, result) = (self[...], "")
    while let range = rest.firstRange(of: old) {
      result += rest[..<range.lowerBound] + new
      rest = rest[range.upperBound...]
    }
    return result + rest
  }
}
