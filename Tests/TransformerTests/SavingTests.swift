import Architecture
import Compute
import Safetensors
import Storage
import StrictJSON
import TestSupport
import Testing
import Transformer

struct SavingTests {
  private func configuration(_ checkpoint: Checkpoint) throws -> ModelConfiguration {
    try ModelConfiguration(try #require(checkpoint.config))
  }

  private func save(
    _ fixture: Fixture, _ model: Model<Float>, to path: String, as stored: StoredFloat? = nil
  ) throws -> Checkpoint {
    try model.save(
      to: path, config: try configuration(fixture.checkpoint), like: fixture.checkpoint, as: stored)
    return try Checkpoint(path: path)
  }

  @Test(arguments: Fixture.names) func `what was not moved is written bit for bit`(name: String)
    throws
  {
    let folder = try TemporaryFolder()
    let fixture = try Fixture(name)
    let saved = try save(fixture, try fixture.model(Float.self), to: folder.file("copy"))
    #expect(saved.config == fixture.checkpoint.config)
    #expect(saved.tensorNames == fixture.checkpoint.tensorNames)
    for shard in saved.shards {
      let mine = try Folder.read(saved.fullPath(shard.name), limit: 1 << 20)
      let theirs = try Folder.read(fixture.checkpoint.fullPath(shard.name), limit: 1 << 20)
      // The layout may be another, the bytes of each tensor not.
      for tensor in shard.header.tensors {
        let other = try #require(fixture.checkpoint[tensor.name]?.info)
        let offset = fixture.checkpoint.shards[0].header.dataOffset
        #expect(
          mine[tensor.dataRange.shifted(by: shard.header.dataOffset)].elementsEqual(
            theirs[other.dataRange.shifted(by: offset)]))
      }
    }
  }

  @Test(arguments: ["bert-masked", "gpt2", "llama-tied", "gemma"], [StoredFloat.bf16, .f16, .f64])
  func `a model loads as it was saved, in every float type`(name: String, stored: StoredFloat)
    throws
  {
    let folder = try TemporaryFolder()
    let fixture = try Fixture(name)
    var model = try fixture.model(Float.self)
    model.parameters[0][1, 2] += 0.25
    let saved = try save(fixture, model, to: folder.file("copy"), as: stored)
    var random = RandomNumbers(seed: 1)
    let again = try Model<Float>(saved, workers: model.workers, random: &random)
    let limits: [StoredFloat: Double] = [.bf16: 0x1p-8, .f16: 0x1p-11, .f64: 0]
    let limit = try #require(limits[stored])
    for (old, new) in zip(model.parameters, again.parameters) {
      for (before, after) in zip(old.array, new.array) {
        #expect(abs(Double(before - after)) <= limit * max(0.01, abs(Double(before))))
      }
    }
    let json = try JSONField(#require(saved.config))
    let name = json["dtype"].isPresent ? json["dtype"] : json["torch_dtype"]
    let names: [StoredFloat: String] = [.bf16: "bfloat16", .f16: "float16", .f64: "float64"]
    #expect(try name.text() == names[stored])
    // Saved once more in the same type, nothing changes.
    let third = again.converted(to: Double.self)
    try third.save(
      to: folder.file("third"), config: try configuration(saved), like: saved)
    #expect(
      try Folder.read(folder.file("third/model.safetensors"), limit: 1 << 20)
        == Folder.read(folder.file("copy/model.safetensors"), limit: 1 << 20))
  }

  @Test func `a new output is named, and found again`() throws {
    let folder = try TemporaryFolder()
    let fixture = try Fixture("bert-masked")
    var config = try configuration(fixture.checkpoint)
    try config.adapt(to: .sequenceClassification, labels: 5)
    var random = RandomNumbers(seed: 4)
    let model = try Model<Float>(
      fixture.checkpoint, config: config.json, workers: Workers(count: 1), random: &random)
    #expect(model.plan.output?.map.outputs == 5)
    try model.save(to: folder.file("classifier"), config: config, like: fixture.checkpoint)
    let saved = try Checkpoint(path: folder.file("classifier"))
    let again = try Model<Float>(saved, workers: model.workers, random: &random)
    #expect(again.parameters == model.parameters)
    #expect(again.plan.output?.task == .sequenceClassification)
    #expect(again.plan.parameters.allSatisfy { !$0.isNew })
    let names = try JSONField(#require(saved.config))["architectures"].elements()
    #expect(try names.map { try $0.text() } == ["BertForSequenceClassification"])
    // The old output stays in the file, as `transformers` would ignore it.
    #expect(saved["cls.predictions.bias"] != nil)
  }

  @Test(arguments: ["gpt2", "llama-tied", "qwen3", "distilbert-sequence"])
  func `a new model needs nothing but its configuration`(name: String) throws {
    let folder = try TemporaryFolder()
    let config = try configuration(try Fixture(name).checkpoint)
    let plan = try ModelPlan(newFrom: config.json)
    var random = RandomNumbers(seed: 2)
    let model = Model<Float>(newFrom: plan, workers: Workers(count: 2), random: &random)
    try model.save(to: folder.file("new"), config: config)
    let again = try Model<Float>(
      Checkpoint(path: folder.file("new")), workers: model.workers, random: &random)
    #expect(again.parameters == model.parameters)
  }

  @Test(arguments: [true, false])
  func `a model larger than the limit is sharded, and loads as it was`(hasSource: Bool) throws {
    let folder = try TemporaryFolder()
    let fixture = try Fixture("gpt2")
    let model = try fixture.model(Float.self)
    let config = try configuration(fixture.checkpoint)
    let source = hasSource ? fixture.checkpoint : nil
    try model.save(to: folder.file("a"), config: config, like: source, shardByteLimit: 4000)
    let saved = try Checkpoint(path: folder.file("a"))
    #expect(saved.shards.count > 2)
    #expect(saved.files.contains { $0.name == ShardIndex.fileName })
    for (index, shard) in saved.shards.enumerated() {
      #expect(shard.name == ShardPlan.fileName(index, of: saved.shards.count))
      #expect(shard.header.metadata?["format"] == "pt")
      let tensors = shard.header.tensors
      #expect(tensors.count == 1 || tensors.reduce(0) { $0 + $1.byteCount } <= 4000)
    }
    var random = RandomNumbers(seed: 1)
    let again = try Model<Float>(saved, workers: model.workers, random: &random)
    #expect(again.parameters == model.parameters)
    // What has shards keeps them.
    try again.save(to: folder.file("b"), config: config, like: saved, shardByteLimit: 100)
    let copy = try Checkpoint(path: folder.file("b"))
    #expect(copy.shards.map(\.name) == saved.shards.map(\.name))
    for name in saved.shards.map(\.name) + [ShardIndex.fileName] {
      #expect(
        try Folder.read(saved.fullPath(name), limit: 1 << 20)
          == Folder.read(copy.fullPath(name), limit: 1 << 20))
    }
  }

  @Test func `an existing folder stays as it is, and a failure leaves nothing`() throws {
    let folder = try TemporaryFolder()
    let fixture = try Fixture("gpt2")
    let model = try fixture.model(Float.self)
    try Folder.create(folder.file("there"))
    #expect(throws: ModelFileError.self) {
      try save(fixture, model, to: folder.file("there"))
    }
    #expect(throws: ModelFileError.self) {
      try save(fixture, model, to: folder.file("missing/below/model"))
    }
    #expect(try Folder.names(in: folder.path) == ["there"])
  }
}

extension Range<Int> {
  fileprivate func shifted(by offset: Int) -> Range { lowerBound + offset..<upperBound + offset }
}
