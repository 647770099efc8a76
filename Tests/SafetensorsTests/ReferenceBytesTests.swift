import Safetensors
import Storage
import TestSupport
import Testing

@Suite("The bytes of the reference writer") struct ReferenceBytesTests {
  @Test(arguments: Fixtures.written)
  func `the same tensors give the same bytes, in whatever order they come`(name: String) throws {
    let expected = try Fixtures.bytes("written/\(name)")
    let source = try TensorFile(path: Fixtures.path("written/\(name)"), mode: .strict)
    var contents: [ByteString: [UInt8]] = [:]
    for tensor in source.header.tensors {
      contents[tensor.name] = source.bytes(of: tensor).copied()
    }
    let entries = source.header.tensors.map {
      Layout.Entry(name: $0.name, dtype: $0.dtype, shape: $0.shape)
    }
    let folder = try TemporaryFolder()
    for (number, order) in [entries, entries.reversed(), entries.sorted { $0.name < $1.name }]
      .enumerated()
    {
      let path = folder.file("\(number).safetensors")
      let layout = try Layout(order, metadata: source.header.metadata.map { Array($0) })
      var writer = try TensorFileWriter(path: path, layout: layout)
      for tensor in layout.tensors {
        let content = try #require(contents[tensor.name])
        try writer.append(content.rawSpan)
      }
      try writer.commit()
      #expect(try Folder.read(path, limit: 1 << 20) == expected)
    }
  }

  @Test func `the fixtures have every type that the reference writes, and every kind of metadata`()
    throws
  {
    #expect(Fixtures.written.count == 23)
    var types: Set<DType> = []
    var metadata: Set<Int> = []
    for name in Fixtures.written {
      let header = try TensorReader(path: Fixtures.path("written/\(name)")).header
      types.formUnion(header.tensors.map(\.dtype))
      metadata.insert(header.metadata.map { Array($0).count } ?? -1)
    }
    // Its Python side knows no 6-bit types.
    #expect(Set(DType.allCases).subtracting(types) == [.f6E2M3, .f6E3M2])
    #expect(metadata == [-1, 0, 1])
  }
}
