import Architecture
import Safetensors
import SampleModels
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Who owns what") struct UnitMapTests {
  private func map(_ sample: SampleModel) throws -> (TemporaryFolder, Checkpoint, UnitMap) {
    let folder = try TemporaryFolder()
    try sample.write(to: folder.path)
    let checkpoint = try Checkpoint(path: folder.path)
    return (folder, checkpoint, try UnitMap(checkpoint))
  }

  /// What a unit owns as `tensor axis ranges`, short.
  private func owned(_ map: UnitMap, _ unit: String) throws -> [String] {
    map.slices(of: try #require(Unit(unit))).map {
      "\($0.tensor) \($0.axis) \($0.ranges.map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: " ")) \($0.role)"
    }
  }

  @Test func `BERT heads own rows of query, key and value, and columns of the output`() throws {
    let (folder, _, map) = try map(.bert())
    defer { withExtendedLifetime(folder) {} }
    #expect(
      try owned(map, "L1.H2") == [
        "encoder.layer.1.attention.self.query.weight rows 8..<12 input",
        "encoder.layer.1.attention.self.query.bias elements 8..<12 input",
        "encoder.layer.1.attention.self.key.weight rows 8..<12 input",
        "encoder.layer.1.attention.self.key.bias elements 8..<12 input",
        "encoder.layer.1.attention.self.value.weight rows 8..<12 input",
        "encoder.layer.1.attention.self.value.bias elements 8..<12 input",
        "encoder.layer.1.attention.output.dense.weight columns 8..<12 output",
      ])
    #expect(
      try owned(map, "L0.F23") == [
        "encoder.layer.0.intermediate.dense.weight rows 23..<24 input",
        "encoder.layer.0.intermediate.dense.bias elements 23..<24 input",
        "encoder.layer.0.output.dense.weight columns 23..<24 output",
      ])
  }

  @Test func `GPT-2 stores weights the other way round and fuses query, key and value`() throws {
    let (folder, _, map) = try map(.gpt2())
    defer { withExtendedLifetime(folder) {} }
    #expect(
      try owned(map, "L0.H1") == [
        "h.0.attn.c_attn.weight columns 4..<8 20..<24 36..<40 input",
        "h.0.attn.c_attn.bias elements 4..<8 20..<24 36..<40 input",
        "h.0.attn.c_proj.weight rows 4..<8 output",
      ])
    #expect(
      try owned(map, "L1.F5") == [
        "h.1.mlp.c_fc.weight columns 5..<6 input", "h.1.mlp.c_fc.bias elements 5..<6 input",
        "h.1.mlp.c_proj.weight rows 5..<6 output",
      ])
  }

  @Test func `a Llama head unit is a key-value group with all its query heads`() throws {
    let (folder, _, map) = try map(.llama())
    defer { withExtendedLifetime(folder) {} }
    #expect(map.dimensions.groups == 2 && map.dimensions.queryHeads == 4)
    #expect(
      try owned(map, "L0.H1") == [
        "model.layers.0.self_attn.q_proj.weight rows 8..<16 input",
        "model.layers.0.self_attn.k_proj.weight rows 4..<8 input",
        "model.layers.0.self_attn.v_proj.weight rows 4..<8 input",
        "model.layers.0.self_attn.o_proj.weight columns 8..<16 output",
      ])
    #expect(try owned(map, "L1.F7").count == 3)
    #expect(try owned(map, "L0.H2").isEmpty)
  }

  @Test func `DistilBERT and Qwen2 are told by their own names`() throws {
    let layer = "distilbert.transformer.layer.0."
    var tensors = ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"]
      .map { SampleModel.Tensor("\(layer)\($0).weight", .f32, [8, 8]) }
    tensors += [
      SampleModel.Tensor("\(layer)ffn.lin1.weight", .f32, [12, 8]),
      SampleModel.Tensor("\(layer)ffn.lin2.weight", .f32, [8, 12]),
    ]
    let distil = try map(
      SampleModel(
        config: .members([
          "model_type": "distilbert", "n_layers": 1, "dim": 8, "n_heads": 2, "hidden_dim": 12,
        ]), tensors: tensors))
    #expect(distil.2.family == "distilbert")
    #expect(
      try owned(distil.2, "L0.H1").last
        == "distilbert.transformer.layer.0.attention.out_lin.weight columns 4..<8 output")
    var qwen = SampleModel.llama()
    if case .object(var config) = qwen.config {
      config["model_type"] = "qwen2"
      qwen.config = .object(config)
    }
    qwen.tensors += (0..<2).flatMap { layer in
      [("q", 16), ("k", 8), ("v", 8)].map {
        SampleModel.Tensor("model.layers.\(layer).self_attn.\($0.0)_proj.bias", .bf16, [$0.1])
      }
    }
    let map = try map(qwen).2
    #expect(
      try owned(map, "L1.H1").contains(
        "model.layers.1.self_attn.k_proj.bias elements 4..<8 input"))
  }

  @Test("no two units own the same, and owners are found from features", arguments: 0..<3)
  func disjoint(_ which: Int) throws {
    let sample: SampleModel = which == 0 ? .bert() : which == 1 ? .gpt2() : .llama()
    let (folder, _, map) = try map(sample)
    defer { withExtendedLifetime(folder) {} }
    var owners: [String: Unit] = [:]
    for layer in 0..<map.dimensions.layers {
      for kind in Unit.Kind.allCases {
        for index in 0..<map.dimensions.count(kind) {
          let unit = Unit(layer: layer, kind: kind, index: index)
          for slice in map.slices(of: unit) {
            for feature in slice.ranges.joined() {
              #expect(owners.updateValue(unit, forKey: "\(slice.tensor) \(feature)") == nil)
              #expect(map.share(of: slice.tensor)?.owner(of: feature) == unit)
            }
          }
        }
      }
    }
  }

  @Test func `a model that is not as its configuration says has no known units`() throws {
    func reason(_ change: (inout SampleModel) -> Void) throws -> String {
      var sample = SampleModel.bert()
      change(&sample)
      let folder = try TemporaryFolder()
      try sample.write(to: folder.path)
      let checkpoint = try Checkpoint(path: folder.path)
      do throws(ArchitectureError) {
        _ = try UnitMap(checkpoint)
        return ""
      } catch { return error.description }
    }
    func config(_ key: ByteString, _ value: JSONValue?) -> (inout SampleModel) -> Void {
      { sample in
        if case .object(var object) = sample.config {
          object[key] = value
          sample.config = .object(object)
        }
      }
    }
    #expect(try reason(config("model_type", "mamba")).contains("no known family"))
    #expect(try reason(config("hidden_size", nil)).contains("hidden_size is missing"))
    #expect(try reason(config("hidden_size", .integer(32))).contains("config.json asks for"))
    #expect(try reason(config("num_attention_heads", .integer(5))).contains("can't be split"))
    #expect(try reason(config("num_hidden_layers", .integer(1 << 40))).contains("16777216"))
    #expect(try reason(config("num_hidden_layers", .integer(-1))).contains("config.json"))
    #expect(try reason { _ = $0.tensors.remove(at: 3) }.contains("is missing"))
  }

  @Test(
    "addresses are read strictly",
    arguments: [
      "", "L0", "L0.", "L0.H", "L.H0", "L00.H1", "L0.H01", "l0.h1", "L0.G1", "L0.H1.F2", "L-1.H0",
      "L0.H+1",
      "L9999999999.H0",
    ])
  func addresses(_ text: String) { #expect(Unit(text) == nil) }

  @Test func `addresses come back`() {
    for text in ["L0.H0", "L31.F14335"] { #expect(Unit(text)?.description == text) }
  }
}
