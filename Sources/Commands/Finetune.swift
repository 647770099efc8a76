import Architecture
public import ArgumentParser
import Attestation
import Compute
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON
import Tokenization
import Training
public import Transformer

struct Finetune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model, from scratch or on from a checkpoint.",
    discussion: """
      Data are JSONL: text; question and answer (or prompt and completion); sentence, sentence2 and label;
      question, context and answers; question, choices and answer; tokens and tags.
      The record of the run is written beside the model, as OUT.run.json. A run that was stopped goes on with
      --resume and ends in the same bytes on the same machine.
      Example: unlearn-patch finetune --model bert --data reviews.jsonl --task sequence-classification -o tuned
      """)

  enum StoredType: String, ExpressibleByArgument, CaseIterable { case bf16, f16, f32 }

  @OptionGroup var common: CommonOptions
  @OptionGroup var source: ModelSourceOptions
  @OptionGroup var encoding: EncodingOptions
  @Option(name: .long, help: "The examples to train on, JSONL.", completion: .file())
  var data: String
  @Option(
    name: .long, help: "Examples whose loss is told before and after, JSONL.", completion: .file())
  var validation: String?
  @Option(name: [.short, .long], help: "The folder of the trained model.", completion: .directory)
  var output: String
  @Option(
    name: .long, help: "How many classes a new classifier tells apart (default: those of the data)."
  )
  var labels: Int?
  @Option(name: .long, help: "How often each example is seen.")
  var epochs = 3
  @Option(name: .long, help: "The highest learning rate.")
  var rate = 5e-5
  @Option(name: .long, help: "What follows the warm-up: constant, linear or cosine.")
  var schedule = Schedule.Shape.linear
  @Option(name: .long, help: "How many steps the rate rises.")
  var warmup = 0
  @Option(name: .long, help: "How many examples make a step.")
  var batch = 16
  @Option(name: .long, help: "The optimiser: adamw, sgd or sophia.")
  var optimizer = OptimizerName.adamw
  @Option(name: .long, help: "The weight decay of matrices.")
  var decay = 0.01
  @Option(name: .long, help: "The largest norm of a step's gradient; 0 for any.")
  var clip = 1.0
  @Option(name: .long, help: "Train these units alone, comma-separated: L0.H3,L2.F17.")
  var units: String?
  @Flag(name: .long, help: "Compute layers twice and keep less in memory.")
  var recompute = false
  @Option(name: .long, help: "Decides order, masks and new weights.")
  var seed: UInt64 = 0
  @OptionGroup var computing: ComputingOptions
  @Option(
    name: .long,
    help: "The type of the written weights (default: as they were; f32 for a new model).")
  var dtype: StoredType?
  @Option(
    name: .long,
    help:
      "The most that a file of the model holds, as 5GB, 200MB or bytes (decimal, as transformers).")
  var maxShardSize = ByteSize(byteCount: ShardPlan.defaultByteLimit)
  @Option(
    name: .long, help: "After how many steps the state is kept (default: every epoch; 0: never).")
  var keepEvery: Int?
  @Flag(name: .long, help: "Go on with a run that was stopped.")
  var resume = false

  func validate() throws {
    guard epochs > 0, epochs <= 100_000 else {
      throw ValidationError("--epochs must be at least 1")
    }
    guard batch > 0 else { throw ValidationError("--batch must be at least 1") }
    guard rate.isFinite, rate > 0, decay.isFinite, decay >= 0, clip >= 0 else {
      throw ValidationError("--rate must be above 0, --decay and --clip at least 0")
    }
    guard warmup >= 0, keepEvery ?? 0 >= 0 else {
      throw ValidationError("--warmup and --keep-every must be at least 0")
    }
  }

  func run() throws {
    try common.run { _, progress in
      if try FileStatus.ifExists(output) != nil {
        throw StorageError(.exists, path: output)
      }
      let clock = ContinuousClock()
      let begin = clock.now
      let work = try prepare()
      let identity = try identity(of: work)
      var training = try TrainingRun(
        Trainer(
          work.loaded.model, training: work.trainable, on: work.examples, masking: work.masking,
          work.options),
        identity: identity, statePath: output + ".training.safetensors", resumes: resume)
      let before = try validationLoss(training.trainer.model, work)
      let start = clock.now
      try train(&training, progress)
      let seconds = Console.seconds(clock.now - start)
      let model = training.trainer.model
      let after = try validationLoss(model, work)
      try work.loaded.save(
        model, to: output, as: dtype.flatMap { Self.stored[$0] },
        tokenizer: try encoding.tokenizerBytes, shardByteLimit: maxShardSize.byteCount)
      let record = Self.record(
        training, work, identity, validation: (before, after),
        seconds: (seconds, Console.seconds(clock.now - begin)))
      let bytes = try CanonicalJSON.encodeForPeople(record)
      try AtomicFile.write(bytes.rawSpan, to: output + ".run.json", replacing: true)
      try training.discardState()
      return answer(training, work, validation: (before, after), seconds: seconds)
    }
  }

  /// All that a run begins with.
  private struct Work {
    var loaded: LoadedModel
    var encoder: ExampleEncoder
    var file: DataFile
    var examples: [EncodedExample]
    var validation: [EncodedExample]
    var trainable: Trainable
    var masking: TokenMasking?
    var options: TrainingOptions
  }

  private func prepare() throws -> Work {
    let file = try DataFile(path: data)
    let workers = computing.workers
    var random = RandomNumbers(seed: seed)
    let loaded = try source.load(
      task: encoding.task, labels: labels ?? Self.classes(of: file), workers, &random)
    let encoder = try encoding.encoder(for: loaded)
    let examples = try encoder.encode(file)
    var held: [EncodedExample] = []
    if let validation { held = try encoder.encode(try DataFile(path: validation)) }
    var masking: TokenMasking?
    if encoder.task == .maskedLanguageModel { masking = try loaded.masking(encoder.tokenizer) }
    return Work(
      loaded: loaded, encoder: encoder, file: file, examples: examples, validation: held,
      trainable: try trainable(loaded), masking: masking, options: options(examples.count))
  }

  /// All that the result depends on besides machine and threads.
  private func identity(of work: Work) throws -> JSONValue {
    let format = work.encoder.format
    var end = JSONValue.null
    if let token = work.encoder.end { end = .integer(Int64(token)) }
    return .members([
      "options": work.options.json, "model": try work.loaded.identity,
      "data": .text(work.file.digest.hex), "task": .text(work.encoder.task.rawValue),
      "length": .integer(Int64(work.encoder.limit)), "prompt": .text(format.template),
      "separator": .text(format.separator), "end": end, "units": .text(units ?? "all"),
    ])
  }

  private func train(_ training: inout TrainingRun, _ progress: Progress) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let first = training.resumedAt ?? 0
    let total = training.trainer.options.schedule.steps
    let interval = keepEvery ?? training.trainer.stepsPerEpoch
    var tokens = 0
    try training.finish(keepingEvery: interval) { step in
      tokens += step.tokens
      let rate = Int(Double(tokens) / max(1e-9, Console.seconds(clock.now - start)))
      let loss = Console.short(step.loss)
      progress.count(
        "training", step.number, total, since: first,
        detail: "loss \(loss), rate \(Console.short(step.rate)), \(rate) tokens/s")
    }
  }

  /// The mean loss over the validation examples; nil where there are none.
  private func validationLoss(_ model: Model<Float>, _ work: Work) throws -> Double? {
    if work.validation.isEmpty { return nil }
    return try model.evaluate(work.validation, tokensPerPass: computing.tokensPerPass).loss
  }

  private static func record(
    _ training: TrainingRun, _ work: Work, _ identity: JSONValue,
    validation: (before: Double?, after: Double?), seconds: (training: Double, all: Double)
  ) -> JSONValue {
    var losses = JSONObject()
    if let before = validation.before { losses["before"] = .text("\(before)") }
    if let after = validation.after { losses["after"] = .text("\(after)") }
    losses["examples"] = .integer(Int64(work.validation.count))
    let plan = work.loaded.model.plan
    return .members([
      "schema": "unlearn-patch/training-run/v1", "tool": .text(Tool.nameAndVersion),
      "run": training.json, "identity": identity, "examples": .integer(Int64(work.examples.count)),
      "trained_parameters": .integer(Int64(work.trainable.count(in: plan))),
      "parameters": .integer(Int64(plan.parameterCount)), "validation_loss": .object(losses),
      "training_seconds": .text("\(seconds.training)"), "seconds": .text("\(seconds.all)"),
      "peak_memory": .integer(Console.peakMemory),
    ])
  }

  private func answer(
    _ training: TrainingRun, _ work: Work, validation: (before: Double?, after: Double?),
    seconds: Double
  ) -> Console.Answer {
    let last = training.steps.suffix(training.trainer.stepsPerEpoch)
    let loss = last.reduce(0) { $0 + $1.loss } / Double(max(1, last.count))
    let tokens = training.steps.reduce(0) { $0 + $1.tokens }
    let steps = work.options.schedule.steps
    var lines = [
      "model      \(output)", "record     \(output).run.json",
      "steps      \(steps), \(work.examples.count) examples, \(tokens) tokens in \(Console.short(seconds)) s",
      "loss       \(Console.short(loss)) over the last epoch",
    ]
    if let before = validation.before, let after = validation.after {
      lines.append("validation \(Console.short(before)) before, \(Console.short(after)) after")
    }
    return Console.Answer(
      "finetune",
      [
        "model": .text(output), "record": .text(output + ".run.json"),
        "steps": .integer(Int64(steps)), "loss": .text("\(loss)"),
        "validation_loss": validation.after.map { .text("\($0)") },
        "trained_parameters": .integer(
          Int64(work.trainable.count(in: work.loaded.model.plan))),
      ], lines)
  }

  private static let stored: [StoredType: StoredFloat] = [.bf16: .bf16, .f16: .f16, .f32: .f32]

  private func options(_ examples: Int) -> TrainingOptions {
    TrainingOptions(
      rule: optimizer.rule, decay: decay, rate: rate, shape: schedule, warmup: warmup,
      epochs: epochs,
      examples: examples, batchSize: batch, tokensPerPass: computing.tokensPerPass,
      clip: clip > 0 ? clip : nil, seed: seed, recomputes: recompute)
  }

  private func trainable(_ loaded: LoadedModel) throws -> Trainable {
    guard let units else { return .everything(of: loaded.model.plan) }
    return Trainable(
      try loaded.units(named: units), of: try loaded.unitMap(), in: loaded.model.plan)
  }

  /// How many classes the data tell apart; nil where they have none.
  private static func classes(of file: DataFile) -> Int? {
    let highest = file.examples.compactMap { example -> Int? in
      switch example {
      case .labelled(_, _, let label): label
      case .tagged(_, let tags): tags.max()
      default: nil
      }
    }.max()
    return highest.map { max(2, $0 + 1) }
  }
}

extension Schedule.Shape: ExpressibleByArgument {}
