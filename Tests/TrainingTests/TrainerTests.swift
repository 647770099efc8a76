import Architecture
import Compute
import Safetensors
import Storage
import StrictJSON
import TestSupport
import Testing
import Training
import Transformer

struct TrainerTests {
  private static let config = JSONValue.members([
    "model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 16, "n_positions": 16,
    "vocab_size": 24, "n_inner": 32,
  ])

  private func model(_ type: String = "gpt2", workers: Int = 2) throws -> Model<Float> {
    var random = RandomNumbers(seed: 11)
    return Model(
      newFrom: try ModelPlan(newFrom: Self.config), workers: Workers(count: workers),
      random: &random)
  }

  /// Each sequence counts up from where it begins.
  private var examples: [EncodedExample] {
    (0..<10).map { first in
      let tokens = (0..<6 + first % 3).map { Int32((first + $0) % 20) }
      return EncodedExample(
        sequences: [tokens], tokenTypes: [tokens.map { _ in 0 }], target: .tokens([tokens]))
    }
  }

  private func options(
    _ rule: UpdateRule = .adamW(), epochs: Int = 4, tokensPerPass: Int = 4096, seed: UInt64 = 5
  ) -> TrainingOptions {
    TrainingOptions(
      rule: rule, rate: 0.01, warmup: 3, epochs: epochs, examples: 10, batchSize: 4,
      tokensPerPass: tokensPerPass, seed: seed)
  }

  private func trainer(_ options: TrainingOptions, units: [Unit]? = nil) throws -> Trainer {
    let model = try model()
    return try Trainer(model, training: .everything(of: model.plan), on: examples, options)
  }

  private func finish(_ trainer: inout Trainer) throws -> [TrainingStep] {
    var steps: [TrainingStep] = []
    while !trainer.isFinished { steps.append(try trainer.step()) }
    return steps
  }

  @Test func `training lowers the loss, and the same seed gives the same bits`() throws {
    var first = try trainer(options(epochs: 20))
    var second = try trainer(options(epochs: 20))
    let steps = try finish(&first)
    #expect(try finish(&second) == steps)
    #expect(first.model.parameters == second.model.parameters)
    #expect(steps.count == 60 && steps[59].loss < steps[0].loss / 3)
    var other = try trainer(options(epochs: 20, seed: 6))
    #expect(try finish(&other) != steps)
  }

  @Test(arguments: [UpdateRule.adamW(), .momentum(), .sophia()])
  func `a run that was stopped at any step ends in the same bits`(rule: UpdateRule) throws {
    let folder = try TemporaryFolder()
    let digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
    var whole = try trainer(options(rule))
    let steps = try finish(&whole)
    for stop in 0...steps.count {
      var begun = try trainer(options(rule))
      for _ in 0..<stop { _ = try begun.step() }
      try TrainingState.save(begun, fingerprint: digest, to: folder.file("state"))
      var resumed = try trainer(options(rule))
      try TrainingState.restore(&resumed, fingerprint: digest, from: folder.file("state"))
      #expect(try finish(&resumed) == Array(steps[stop...]))
      #expect(resumed.model.parameters == whole.model.parameters)
    }
  }

  @Test func `the state of another run, and a damaged one, are refused`() throws {
    let folder = try TemporaryFolder()
    let digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
    let other = try #require(Digest(hex: String(repeating: "cd", count: 32)))
    let begun = try trainer(options())
    try TrainingState.save(begun, fingerprint: digest, to: folder.file("state"))
    var fresh = try trainer(options())
    let error = #expect(throws: DataError.self) {
      try TrainingState.restore(&fresh, fingerprint: other, from: folder.file("state"))
    }
    #expect(error?.description.contains("other options") ?? false)
    let bytes = try Folder.read(folder.file("state"), limit: 1 << 22)
    for length in [0, 7, 100, bytes.count / 2, bytes.count - 1] {
      try AtomicFile.write(
        Array(bytes.prefix(length)).rawSpan, to: folder.file("cut"), replacing: true)
      #expect(throws: DataError.self) {
        try TrainingState.restore(&fresh, fingerprint: digest, from: folder.file("cut"))
      }
    }
    // A model of another size has other tensors.
    let small = try Trainer(
      try Self.smaller(), training: .everything(of: try Self.smaller().plan), on: examples,
      options())
    try TrainingState.save(small, fingerprint: digest, to: folder.file("small"))
    #expect(throws: DataError.self) {
      try TrainingState.restore(&fresh, fingerprint: digest, from: folder.file("small"))
    }
  }

  private static func smaller() throws -> Model<Float> {
    guard case .object(var object) = config else { throw InputError("") }
    object["n_embd"] = 8
    var random = RandomNumbers(seed: 1)
    return Model(
      newFrom: try ModelPlan(newFrom: .object(object)), workers: Workers(count: 1), random: &random)
  }

  @Test func `cutting a step into passes changes no more than rounding`() throws {
    var whole = try trainer(options(epochs: 1))
    var cut = try trainer(options(epochs: 1, tokensPerPass: 8))
    for _ in 0..<3 {
      let (first, second) = (try whole.step(), try cut.step())
      #expect(abs(first.loss - second.loss) < 1e-5)
      #expect(abs(first.gradientNorm - second.gradientNorm) < 1e-4 * first.gradientNorm)
    }
  }

  @Test func `recomputing layers changes no bit`() throws {
    var kept = try trainer(options(epochs: 1))
    var again = options(epochs: 1)
    again.recomputes = true
    var recomputed = try trainer(again)
    #expect(try finish(&kept) == finish(&recomputed))
    #expect(kept.model.parameters == recomputed.model.parameters)
  }

  @Test func `an epoch sees every example once`() throws {
    // With a rate of nothing, the mean loss over an epoch is that of the examples whatever the order.
    var still = options(epochs: 2)
    still.schedule.rate = 0
    var trainer = try trainer(still)
    let all = try trainer.model.evaluate(examples)
    let steps = try finish(&trainer)
    #expect(steps.count == 6)
    for epoch in [steps[..<3], steps[3...]] {
      #expect(epoch.reduce(0) { $0 + $1.tokens } == examples.reduce(0) { $0 + $1.count })
    }
    #expect(all.examples == 10 && all.labels == examples.reduce(0) { $0 + $1.labelCount })
    #expect(abs(all.losses.reduce(0, +) / Double(all.labels) - all.loss) < 1e-12)
  }

  @Test func `a masked language model guesses the share that it is asked for`() throws {
    var config = options(epochs: 1)
    config.maskedShare = 0.3
    var random = RandomNumbers(seed: 1)
    let plan = try ModelPlan(
      newFrom: .members([
        "model_type": "bert", "num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 16,
        "intermediate_size": 16, "max_position_embeddings": 40, "vocab_size": 24,
      ]), task: .maskedLanguageModel)
    let model = Model<Float>(newFrom: plan, workers: Workers(count: 1), random: &random)
    let tokens = (0..<40).map { Int32($0 % 20 + 4) }
    let masked = (0..<10).map { _ in
      EncodedExample(
        sequences: [tokens], tokenTypes: [tokens.map { _ in 0 }], target: .places([tokens]))
    }
    var trainer = try Trainer(
      model, training: .everything(of: plan), on: masked,
      masking: TokenMasking(mask: 2, vocabulary: 24), config)
    let steps = try finish(&trainer)
    #expect(steps.allSatisfy { $0.loss.isFinite && $0.loss > 0 })
  }

  @Test func `what can't be trained on is refused`() throws {
    let model = try model()
    let everything = Trainable.everything(of: model.plan)
    #expect(throws: DataError("there is no example to train on")) {
      try Trainer(model, training: everything, on: [], options())
    }
    let mute = EncodedExample(
      sequences: [[1, 2]], tokenTypes: [[0, 0]], target: .tokens([[1, ignoredLabel]]))
    #expect(throws: DataError("example 1 has no label within the limit of its length")) {
      try Trainer(model, training: everything, on: [mute], options())
    }
  }
}
