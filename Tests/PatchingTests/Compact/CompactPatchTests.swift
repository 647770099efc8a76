import Architecture
import Attestation
import Safetensors
import SampleModels
import Storage
import StrictJSON
import TestSupport
import Testing

@testable import Patching

@Suite("Compact patches") struct CompactPatchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// One tensor of every type, and shapes that rows, columns and elements cut differently.
  private func writeBase() throws -> Checkpoint {
    var tensors = DType.allCases.map { SampleModel.Tensor("t.\($0.rawValue)", $0, [24, 32]) }
    tensors += [
      SampleModel.Tensor("vector", .bf16, [77]), SampleModel.Tensor("scalar", .f64, []),
      SampleModel.Tensor("cube", .f32, [3, 4, 5]),
    ]
    let sample = SampleModel(config: .members(["model_type": "none"]), tensors: tensors)
    try sample.write(to: folder.file("base"), shardCount: 2)
    return try Checkpoint(path: folder.file("base"))
  }

  /// A copy of the base in which about so many bytes in a thousand are others.
  private func edit(_ base: Checkpoint, perMille: Int) throws -> Checkpoint {
    let path = folder.file("edited\(perMille)")
    try TemporaryFolder.copyTree(base.path, path)
    var dice = SeededBits(seed: UInt64(perMille) + 1)
    for shard in base.shards {
      let name = Paths.join(path, shard.name)
      var bytes = try Folder.read(name, limit: 1 << 24)
      for offset in shard.header.dataOffset..<bytes.count
      where Int(dice.next() % 1000) < perMille {
        bytes[offset] = UInt8(truncatingIfNeeded: dice.next())
      }
      try AtomicFile.write(bytes.rawSpan, to: name, replacing: true)
    }
    return try Checkpoint(path: path)
  }

  private func write(
    _ draft: PatchDraft, _ values: some ValueSource, _ base: Checkpoint, _ encoding: PatchEncoding,
    _ name: String = "p.patch.safetensors"
  ) throws -> PatchStatement {
    try StatementBuilder(method: PatchMethod(name: "test")).write(
      draft, values: values, encoding: encoding, to: folder.file(name), replacing: true,
      base: base, baseDigest: try ModelDigest(base), map: nil)
  }

  @Test("every type comes back at every density", arguments: [1, 10, 50, 170, 500, 900, 1000])
  func densities(_ perMille: Int) throws {
    let base = try writeBase()
    let edited = try edit(base, perMille: perMille)
    let draft = try CheckpointDiff(base: base, edited: edited).draft
    let values = try CheckpointValues(edited)
    let plain = try write(draft, values, base, .replace, "r.patch.safetensors")
    #expect(try plain.result == ModelDigest(edited))
    for encoding in [PatchEncoding.compact, .replaceCompressed] {
      let statement = try write(draft, values, base, encoding)
      #expect(statement.edits == plain.edits, "records depend on the encoding")
      #expect(statement.result == plain.result)
      #expect(statement.encoding == encoding)
      let patch = try DistributedPatch(path: folder.file("p.patch.safetensors"))
      let digest = patch.digest
      #expect(statement.patchDigest == digest)
      let expanded = try patch.values(against: base, statement, scratch: folder.path)
      let target = try PatchTarget(
        patch: expanded, signedAs: digest, statement: statement, checkpoint: base)
      try PatchedCopy.make(target, patch: expanded, at: folder.file("copy"))
      #expect(
        try TemporaryFolder.contents(folder.file("copy"))
          == TemporaryFolder.contents(edited.path))
      try Folder.removeTree(folder.file("copy"))
    }
    #expect(try Folder.names(in: folder.path).allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test func `gate, up and down share one list`() throws {
    try SampleModel.llama().write(to: folder.file("base"))
    let base = try Checkpoint(path: folder.file("base"))
    let map = try UnitMap(base)
    let units = ["L0.H1", "L0.F3", "L0.F9"].compactMap { Unit($0) }
    let draft = try UnitAblation.draft(units, map: map, checkpoint: base)
    let all = try UnitSlices.draft(units, map: map, checkpoint: base)
    #expect(draft.edits.count < all.edits.count)
    _ = try write(all, ZeroValues(), base, .compact)
    let patch = try CompactPatch(path: folder.file("p.patch.safetensors"))
    let lists = patch.lists.count
    // Rows of query heads, rows of their key-value group, and the filters.
    #expect(lists <= 3, "\(lists) lists for \(all.edits.count) tensors")
  }

  @Test func `where a row and a column cross, both have the row's value`() throws {
    let base = try writeBase()
    let edited = try edit(base, perMille: 1000)
    let info = try #require(base["t.F16"]?.info)
    var draft = PatchDraft()
    draft.add(TensorDraft(info: info, rows: [1, 5], columns: [0, 7]))
    for encoding in PatchEncoding.allCases {
      let statement = try write(draft, try CheckpointValues(edited), base, encoding)
      let patch = try DistributedPatch(path: folder.file("p.patch.safetensors"))
      let values = try patch.values(against: base, statement, scratch: folder.path)
      let parts = values.edits[0].parts
      let columns = values.valueBytes(parts[0]).copied()
      let rows = values.valueBytes(parts[1]).copied()
      #expect(parts.map(\.kind) == [.columns, .rows])
      #expect(Array(columns[1 * 4 + 2..<1 * 4 + 4]) == Array(rows[14..<16]))
    }
  }

  @Test func `a diff for changes takes the lines that hold them`() throws {
    let base = try writeBase()
    let path = folder.file("edited")
    try TemporaryFolder.copyTree(base.path, path)
    let place = try #require(base["t.BF16"])
    let name = Paths.join(path, base.shards[place.shard].name)
    var bytes = try Folder.read(name, limit: 1 << 24)
    let start = base.shards[place.shard].header.dataOffset + place.info.dataRange.lowerBound
    for row in 0..<24 where row % 4 == 0 { bytes[start + (row * 32 + 5) * 2] ^= 1 }
    try AtomicFile.write(bytes.rawSpan, to: name, replacing: true)
    let edited = try Checkpoint(path: path)
    func kinds(_ encoding: PatchEncoding) throws -> [EditKind] {
      try CheckpointDiff(base: base, edited: edited, encoding: encoding).draft.edits
        .flatMap { $0.parts.map(\.kind) }
    }
    #expect(try kinds(.compact) == [.columns])
    #expect(try kinds(.replace) == [.columns])
    // One change a row and column: singly, where values cost; by lines, where nearly nothing costs.
    #expect(try kinds(.replaceCompressed) == kinds(.replace))
  }

  @Test func `another base is refused by its touched bytes`() throws {
    let base = try writeBase()
    let edited = try edit(base, perMille: 100)
    let other = try edit(base, perMille: 3)
    let statement = try write(
      try CheckpointDiff(base: base, edited: edited).draft, try CheckpointValues(edited), base,
      .compact)
    let patch = try DistributedPatch(path: folder.file("p.patch.safetensors"))
    func refusal(_ model: Checkpoint) -> String {
      do throws(PatchError) {
        _ = try patch.values(against: model, statement, scratch: folder.path)
        return "read"
      } catch { return error.description }
    }
    #expect(refusal(other).contains("not the base of this patch"))
    #expect(refusal(edited).contains("applied already"))
  }

  @Test func `statements of both encodings are read, and old ones without them`() throws {
    let base = try writeBase()
    let edited = try edit(base, perMille: 10)
    let draft = try CheckpointDiff(base: base, edited: edited).draft
    let statement = try write(draft, try CheckpointValues(edited), base, .compact)
    var document = statement.statement
    #expect(try PatchStatement(document).encoding == .compact)
    guard case .object(var predicate) = document.predicate else { return #expect(Bool(false)) }
    #expect(predicate["reversible"] == .bool(true))
    predicate["encoding"] = nil
    predicate["reversible"] = nil
    document.predicate = .object(predicate)
    #expect(try PatchStatement(document).encoding == .replace)
    predicate["reversible"] = .bool(true)
    document.predicate = .object(predicate)
    #expect(throws: PatchError.self) { try PatchStatement(document) }
  }

  /// A small patch with every kind of part.
  private func small() throws -> (base: Checkpoint, statement: PatchStatement, bytes: [UInt8]) {
    let sample = SampleModel(
      config: .members(["model_type": "none"]),
      tensors: [
        SampleModel.Tensor("m", .bf16, [12, 10]), SampleModel.Tensor("n", .f32, [9, 3]),
        SampleModel.Tensor("s", .f64, []),
      ])
    try sample.write(to: folder.file("base"))
    let base = try Checkpoint(path: folder.file("base"))
    let edited = try edit(base, perMille: 600)
    var draft = PatchDraft()
    draft.add(
      TensorDraft(
        info: try #require(base["m"]?.info), rows: [0, 3, 4], elements: [13, 77]))
    draft.add(TensorDraft(info: try #require(base["n"]?.info), columns: [1, 2]))
    draft.add(TensorDraft(whole: try #require(base["s"]?.info)))
    let statement = try write(draft, try CheckpointValues(edited), base, .compact)
    return (
      base, statement, try Folder.read(folder.file("p.patch.safetensors"), limit: 1 << 16)
    )
  }

  /// Opens and expands a changed file; the words of the refusal, or what the expansion's digest is.
  private func outcome(_ bytes: [UInt8], _ base: Checkpoint, _ statement: PatchStatement) throws
    -> (refusal: String?, digest: Digest?)
  {
    let path = folder.file("changed.patch.safetensors")
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    do throws(PatchError) {
      let patch = try CompactPatch(path: path)
      let values = try patch.expand(against: base, at: folder.file("x"), expecting: statement)
      _ = try PatchTarget(
        patch: values, signedAs: statement.patchDigest, statement: statement, checkpoint: base)
      return (nil, values.digest())
    } catch { return (error.description, nil) }
  }

  @Test func `no changed byte and no cut of a file traps, and none gives other values`() throws {
    let (base, statement, bytes) = try small()
    let good = try outcome(bytes, base, statement).digest
    #expect(good != nil)
    for offset in bytes.indices {
      for mask: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[offset] ^= mask
        let (refusal, digest) = try outcome(changed, base, statement)
        #expect(refusal?.isEmpty == false || digest == good, "byte \(offset)")
      }
      if offset.isMultiple(of: 3) {
        #expect(try outcome(Array(bytes[..<offset]), base, statement).refusal != nil)
      }
    }
  }

  @Test func `declared counts are held against file and model`() throws {
    let (base, statement, bytes) = try small()
    try AtomicFile.write(bytes.rawSpan, to: folder.file("changed.patch.safetensors"))
    let header = try TensorFile(path: folder.file("changed.patch.safetensors")).header
    /// Overwrites bytes of an entry.
    func refusal(_ entry: ByteString, at offset: Int, _ value: UInt64, _ byteCount: Int) throws
      -> String
    {
      let info = try #require(header[entry])
      var changed = bytes
      for index in 0..<byteCount {
        changed[header.dataOffset + info.dataRange.lowerBound + offset + index] =
          UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
      }
      return try outcome(changed, base, statement).refusal ?? "accepted"
    }
    let entry: ByteString = "m#rows.change"
    #expect(try refusal(entry, at: 0, 2, 2).contains("version 2"))
    #expect(try refusal(entry, at: 2, 3, 2).contains("elements of 3 bytes"))
    #expect(try refusal(entry, at: 2, 4, 2).contains("elements of 4 bytes"))
    #expect(try refusal(entry, at: 4, 77, 4).contains("names the list 77"))
    #expect(try refusal(entry, at: 4, 0xFFFF_FFFF, 4).contains("names the list none"))
    #expect(try refusal(entry, at: 8, 1 << 63, 8).contains("declares 9223372036854775808"))
    #expect(try refusal(entry, at: 8, 1 << 40, 8).contains("blocks"))
    #expect(try refusal(entry, at: 8, 29, 8).contains("29 elements"))
    #expect(try refusal(entry, at: 8, 0, 8).contains("declares 0"))
    #expect(try refusal(entry, at: 16, 0, 4).contains("blocks of 0"))
    #expect(try refusal(entry, at: 16, 1 << 20 + 1, 4).contains("blocks of 1048577"))
    #expect(try refusal(entry, at: 16, 1, 4).contains("30 elements have 30"))
    #expect(try refusal(entry, at: 20, 0xFFFF_FFFF, 4).contains("has 4294967295 blocks"))
    #expect(try refusal(entry, at: 24, 0xFFFF_FFFF, 4).contains("does not fit"))
    #expect(try refusal(entry, at: 24, 0, 4).contains("does not fit"))
    #expect(try refusal(entry, at: 24, 5, 4).contains("follow the last block"))
    // The list of another part, with another count.
    let whole: ByteString = "s#whole.change"
    #expect(try refusal(whole, at: 4, 0, 4).contains("names the list 0"))
    let list: ByteString = "#list.0"
    #expect(try refusal(list, at: 0, 0, 1).contains("is empty"))
    #expect(try refusal(list, at: 0, 0x7F, 1).contains("is the most"))
  }

  @Test func `a reader of plain values says what it lacks`() throws {
    _ = try small()
    do throws(PatchError) {
      _ = try PatchFile(path: folder.file("p.patch.safetensors"))
      Issue.record("read")
    } catch { #expect(error.description.contains("\"compact\"")) }
  }

  @Test func `leftovers of a crash are removed, those in use are not`() throws {
    let (left, used) = (folder.file(".values.a.partial"), folder.file(".values.b.partial"))
    try AtomicFile.write([UInt8]().rawSpan, to: left)
    let file = try Descriptor(used, .create(mode: 0o600))
    try file.lock()
    try ScratchFile.removeLeftovers(in: folder.path)
    #expect(try Folder.names(in: folder.path) == [".values.b.partial"])
    _ = consume file
  }
}
