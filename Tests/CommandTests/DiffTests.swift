import Safetensors
import SampleModels
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("diff is exact") struct DiffTests {
  /// A model of a known family with tensors of other types besides.
  static var mixed: SampleModel {
    var sample = SampleModel.llama()
    sample.tensors += [
      SampleModel.Tensor("extra.f16", .f16, [7, 5]),
      SampleModel.Tensor("extra.f32", .f32, [3, 4, 5]),
      SampleModel.Tensor("extra.f64", .f64, [9]), SampleModel.Tensor("extra.i64", .i64, [6, 6]),
      SampleModel.Tensor("extra.u8", .u8, [13]), SampleModel.Tensor("extra.bool", .bool, [4]),
      SampleModel.Tensor("extra.f8", .f8E4M3, [8, 3]), SampleModel.Tensor("extra.f4", .f4, [6, 4]),
      SampleModel.Tensor("extra.scalar", .f32, []),
      SampleModel.Tensor("extra.empty", .f32, [0, 4]),
    ]
    return sample
  }

  /// Overwrites bytes of one tensor.
  private func edit(
    _ checkpoint: Checkpoint, _ tensor: ByteString, _ change: (inout [UInt8]) -> Void
  ) throws {
    let place = try #require(checkpoint[tensor])
    let shard = checkpoint.shards[place.shard]
    let path = checkpoint.fullPath(shard.name)
    var file = try Folder.read(path, limit: 1 << 24)
    let start = shard.header.dataOffset + place.info.dataRange.lowerBound
    var bytes = Array(file[start..<start + place.info.byteCount])
    change(&bytes)
    file.replaceSubrange(start..<start + bytes.count, with: bytes)
    try AtomicFile.write(file.rawSpan, to: path, replacing: true)
  }

  @Test func `edits of every kind come back byte for byte`() throws {
    let bench = try Bench(Self.mixed, shardCount: 3)
    try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("edited"))
    let edited = try Checkpoint(path: bench.folder.file("edited"))
    // A head's columns, a filter's row, stray elements, NaN and infinity bits, a bias-like vector, a whole
    // tensor, types that are no floats, elements that share bytes, a scalar.
    try edit(edited, "model.layers.0.self_attn.o_proj.weight") { bytes in
      for row in 0..<16 { for column in 8..<16 { bytes[(row * 16 + column) * 2] ^= 0x11 } }
    }
    try edit(edited, "model.layers.1.mlp.gate_proj.weight") { bytes in
      for index in 3 * 32..<4 * 32 { bytes[index] = ~bytes[index] }
    }
    try edit(edited, "model.embed_tokens.weight") { $0[101] ^= 1 }
    try edit(edited, "model.norm.weight") { bytes in
      bytes[0] = 0xC1
      bytes[1] = 0x7F
      bytes[2] = 0x80
      bytes[3] = 0xFF
    }
    try edit(edited, "extra.f16") { $0[33] = 0x7E }
    try edit(edited, "extra.f32") { $0[40] ^= 0x80 }
    try edit(edited, "extra.f64") { bytes in for index in bytes.indices { bytes[index] = 0xFF } }
    try edit(edited, "extra.i64") { $0[8] ^= 0xFF }
    try edit(edited, "extra.u8") { $0[12] ^= 2 }
    try edit(edited, "extra.bool") { $0[3] ^= 1 }
    try edit(edited, "extra.f8") { $0[23] ^= 4 }
    try edit(edited, "extra.f4") { $0[5] ^= 0x10 }
    try edit(edited, "extra.scalar") { $0[0] ^= 1 }
    let base = try bench.contents("model")
    try bench.succeed("diff", "model", "edited", "-o", "d.patch.safetensors")
    try bench.succeed("sign", "d.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "d.patch.safetensors", "--output", "copy")
    #expect(try bench.contents("copy") == bench.contents("edited"))
    try bench.succeed("apply", "model", "d.patch.safetensors")
    #expect(try bench.contents("model") == bench.contents("edited"))
    try bench.succeed("rollback", "model")
    #expect(try bench.contents("model") == base)
    #expect(
      try bench.run(["diff", "model", "edited", "--units-only", "-o", "u.patch.safetensors"]).code
        == 6)
  }

  @Test("random edits of random density come back byte for byte", arguments: 1...6)
  func randomEdits(_ seed: Int) throws {
    var random = SeededBits(seed: UInt64(seed))
    let bench = try Bench(Self.mixed, shardCount: 3)
    try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("edited"))
    let edited = try Checkpoint(path: bench.folder.file("edited"))
    for tensor in edited.tensorNames where Bool.random(using: &random) {
      let density = Double.random(in: 0...1, using: &random)
      try edit(edited, tensor) { bytes in
        for index in bytes.indices where Double.random(in: 0...1, using: &random) < density {
          bytes[index] = UInt8.random(in: 0...255, using: &random)
        }
      }
    }
    let base = try bench.contents("model")
    try bench.succeed("diff", "model", "edited", "-o", "d.patch.safetensors")
    try bench.succeed("sign", "d.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "d.patch.safetensors")
    #expect(try bench.contents("model") == bench.contents("edited"), "seed \(seed)")
    try bench.succeed("rollback", "model")
    #expect(try bench.contents("model") == base, "seed \(seed)")
  }

  @Test func `a model of no known family is patched at tensor level`() throws {
    let bench = try Bench(
      SampleModel(
        config: .members(["model_type": "mamba"]),
        tensors: [SampleModel.Tensor("backbone.mixer.weight", .bf16, [9, 7])]))
    try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("edited"))
    try edit(try Checkpoint(path: bench.folder.file("edited")), "backbone.mixer.weight") {
      $0[60] ^= 0xFF
    }
    let answer = try bench.succeed("diff", "model", "edited", "-o", "d.patch.safetensors")
    #expect(answer.contains("units not known, patched at tensor level"))
    #expect(answer.contains("backbone.mixer.weight, 1 elements"))
    try bench.succeed("sign", "d.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "d.patch.safetensors")
    #expect(try bench.contents("model") == bench.contents("edited"))
    #expect(
      try bench.run([
        "create", "--model", "model", "--method", "ablate", "--units", "L0.H0", "-o",
        "a.patch.safetensors",
      ]).code == 6)
  }

  @Test func `a sparse edit is given sparsely`() throws {
    let bench = try Bench()
    try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("edited"))
    let edited = try Checkpoint(path: bench.folder.file("edited"))
    try edit(edited, "encoder.layer.0.output.dense.weight") { bytes in
      for row in 0..<16 { bytes[(row * 24 + 5) * 4] ^= 1 }
    }
    let answer = try bench.succeed("diff", "model", "edited", "-o", "d.patch.safetensors")
    #expect(answer.contains("0 heads, 1 filters, 16 of"))
    let listing = try bench.succeed("inspect", "d.patch.safetensors")
    #expect(listing.contains("0/4, 1/24"))
  }

  @Test func `equal checkpoints, other files and other tensors are told`() throws {
    let bench = try Bench()
    try bench.refuse(
      ["diff", "model", "base", "-o", "d.patch.safetensors"], code: 2, saying: "nothing differs")
    try AtomicFile.write(
      Array("{}".utf8).rawSpan, to: bench.folder.file("base/tokenizer.json"))
    try bench.refuse(
      ["diff", "model", "base", "-o", "d.patch.safetensors"], code: 6,
      saying: "tokenizer.json (only in the edited)")
    var other = SampleModel.bert()
    other.tensors.removeLast()
    try other.write(to: bench.folder.file("base"))
    try bench.refuse(
      ["diff", "model", "base", "-o", "d.patch.safetensors"], code: 6,
      saying: "missing in the edited checkpoint")
  }
}
