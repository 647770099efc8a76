import Patching
import Safetensors
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Hostile patch files") struct PatchFileTests {
  private let folder: TemporaryFolder
  private let model: Checkpoint

  init() throws {
    let small = try SmallModel()
    (folder, model) = (small.folder, small.checkpoint)
  }

  /// One entry of a patch file, with its bytes.
  struct Entry {
    var name: String
    var dtype: DType
    var shape: [UInt64]
    var bytes: [UInt8]

    static func rows(_ indices: [UInt32]) -> [Entry] {
      lines("rows", indices, [UInt64(indices.count), 6])
    }
    static func columns(_ indices: [UInt32]) -> [Entry] {
      lines("columns", indices, [4, UInt64(indices.count)])
    }

    private static func lines(_ kind: String, _ indices: [UInt32], _ shape: [UInt64]) -> [Entry] {
      [
        Entry(
          name: "m#\(kind)", dtype: .u32, shape: [UInt64(indices.count)],
          bytes: indices.flatMap { index in
            (0..<4).map { UInt8(truncatingIfNeeded: index >> UInt32($0 * 8)) }
          }),
        Entry(
          name: "m#\(kind).value", dtype: .f16, shape: shape,
          bytes: Array(repeating: 9, count: Int(shape[0] * shape[1] * 2))),
      ]
    }

    static func elements(_ indices: [UInt64]) -> [Entry] {
      [
        Entry(
          name: "m#elements", dtype: .u64, shape: [UInt64(indices.count)],
          bytes: indices.flatMap { index in
            (0..<8).map { UInt8(truncatingIfNeeded: index >> UInt64($0 * 8)) }
          }),
        Entry(
          name: "m#elements.value", dtype: .f16, shape: [UInt64(indices.count)],
          bytes: Array(repeating: 9, count: indices.count * 2)),
      ]
    }
  }

  /// Writes a patch, binds it to the model, and gives the refusal; nil where it is accepted.
  private func refusal(
    _ entries: [Entry],
    metadata: [(ByteString, ByteString)] = [
      ("format", "unlearn-patch/1"), ("encoding", "replace"),
    ]
  ) throws -> String? {
    let layout = try Layout(
      entries.map { Layout.Entry(name: ByteString($0.name), dtype: $0.dtype, shape: $0.shape) },
      metadata: metadata.map { (key: $0.0, value: $0.1) })
    var bytes = layout.headerBytes
    for tensor in layout.tensors {
      bytes += try #require(entries.first { ByteString($0.name) == tensor.name }).bytes
    }
    let path = folder.file("p.patch.safetensors")
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    do throws(PatchError) {
      let patch = try PatchFile(path: path)
      _ = try patch.bind(to: model)
      return nil
    } catch { return error.description }
  }

  @Test func `well-formed patches are accepted`() throws {
    #expect(try refusal(Entry.rows([0, 3])) == nil)
    #expect(try refusal(Entry.rows([0, 3]) + Entry.columns([1, 5])) == nil)
    #expect(try refusal(Entry.rows([0]) + Entry.elements([7, 23])) == nil)
    #expect(
      try refusal([Entry(name: "s#whole", dtype: .f32, shape: [], bytes: [1, 2, 3, 4])]) == nil)
  }

  @Test func `each fault is refused in words`() throws {
    func expect(_ entries: [Entry], _ word: String) throws {
      let refusal = try refusal(entries)
      #expect(refusal?.contains(word) ?? false, "\(refusal ?? "accepted")")
    }
    try expect(Entry.rows([3, 0]), "do not ascend")
    try expect(Entry.rows([1, 1]), "do not ascend")
    try expect(Entry.rows([4]), "index 4, the tensor has 4")
    try expect(Entry.columns([6]), "index 6, the tensor has 6")
    try expect(Entry.elements([24]), "index 24, the tensor has 24")
    try expect(Entry.elements([.max]), "the tensor has 24")
    try expect(Entry.rows([]), "empty list")
    try expect(Entry.rows([1]) + Entry.elements([6]), "singly and in the rows")
    try expect(Entry.columns([1]) + Entry.elements([7]), "singly and in the columns")
    try expect([Entry.rows([1])[0]], "without values")
    try expect([Entry.rows([1])[1]], "without indices")
    var other = Entry.rows([1])
    other[1].dtype = .bf16
    try expect(other, "the patch has type BF16, the model F16")
    var wide = Entry.rows([1])
    wide[0].dtype = .i32
    try expect(wide, "expected U32")
    var shape = Entry.rows([1])
    shape[1].shape = [6]
    try expect(shape, "expected [1, 6]")
    var stranger = Entry.rows([1])
    stranger[0].name = "x#rows"
    stranger[1].name = "x#rows.value"
    try expect(stranger, "no such tensor")
    try expect(
      [
        Entry(name: "v#columns", dtype: .u32, shape: [1], bytes: [0, 0, 0, 0]),
        Entry(
          name: "v#columns.value", dtype: .f32, shape: [5, 1], bytes: Array(repeating: 0, count: 20)
        ),
      ],
      "the tensor has 0")
    try expect(
      [Entry(name: "noise", dtype: .u8, shape: [1], bytes: [0])], "is none of a patch")
    try expect(
      Entry.rows([1]) + [
        Entry(name: "m#whole", dtype: .f16, shape: [4, 6], bytes: Array(repeating: 0, count: 48))
      ],
      "given whole, and in part")
    #expect(
      try refusal(Entry.rows([1]), metadata: [("format", "pt")])?.contains("not a patch") ?? false)
    #expect(
      try refusal(
        Entry.rows([1]), metadata: [("format", "unlearn-patch/1"), ("encoding", "xor")])?
        .contains("encoding") ?? false)
  }

  @Test func `where a row and a column cross, the row has it`() throws {
    var entries = Entry.rows([1]) + Entry.columns([2])
    entries[1].bytes = Array(repeating: 0xAA, count: 12)
    entries[3].bytes = Array(repeating: 0xBB, count: 8)
    #expect(try refusal(entries) == nil)
    let patch = try PatchFile(path: folder.file("p.patch.safetensors"))
    let statement = try StatementBuilder(method: PatchMethod(name: "test")).describe(
      patch, named: "p", base: model, map: nil)
    let target = try PatchTarget(
      patch: patch, signedAs: statement.patchDigest, statement: statement, checkpoint: model)
    try target.writeInPlace(patch)
    let written = try target.digestAfterWriting()
    #expect(written == statement.resultFiles)
    try target.checkTouched(patch, are: .result)
    let place = try #require(model["m"])
    let file = try Folder.read(folder.file("model/model.safetensors"), limit: 1 << 16)
    let start = model.shards[0].header.dataOffset + place.info.dataRange.lowerBound
    #expect(Array(file[start + 12..<start + 24]) == Array(repeating: 0xAA, count: 12))
    #expect(Array(file[start + 4..<start + 6]) == [0xBB, 0xBB])
    #expect(Array(file[start + 28..<start + 30]) == [0xBB, 0xBB])
  }

  @Test func `no changed byte of a patch file traps`() throws {
    #expect(try refusal(Entry.rows([0, 3]) + Entry.columns([1]) + Entry.elements([8])) == nil)
    let path = folder.file("p.patch.safetensors")
    let bytes = try Folder.read(path, limit: 1 << 16)
    for offset in bytes.indices {
      for mask: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[offset] ^= mask
        try AtomicFile.write(changed.rawSpan, to: path, replacing: true)
        do throws(PatchError) {
          let patch = try PatchFile(path: path)
          _ = try patch.bind(to: model)
        } catch { #expect(!error.description.isEmpty) }
      }
    }
  }
}
