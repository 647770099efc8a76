import Architecture
import ArgumentParser
import Attestation
import Compute
import Evaluation
import Patching
import Provenance
import Storage
import StrictJSON
import Training
import Transformer

/// Options that say which models are measured, and on what.
struct EvaluationInputOptions: ParsableArguments {
  @Option(name: .long, help: "The folder of the model that is measured.", completion: .directory)
  var model: String
  @Option(
    name: .long, help: "The model before unlearning, to be measured beside it.",
    completion: .directory)
  var original: String?
  @Option(
    name: .long, help: "A model trained without the forget set: what forgetting is measured by.",
    completion: .directory)
  var oracle: String?
  @Option(name: .long, help: "What was to be forgotten, JSONL.", completion: .file())
  var forget: String?
  @Option(name: .long, help: "What was to be kept, JSONL.", completion: .file())
  var retain: String?
  @Option(
    name: .long, help: "Examples that the models never saw, JSONL: for membership inference.",
    completion: .file())
  var test: String?
  @OptionGroup var encoding: EncodingOptions
  @OptionGroup var computing: ComputingOptions
  @Option(name: .long, help: "A seed that the models depend on, for the records; may be repeated.")
  var seed: [UInt64] = []

  func validate() throws {
    guard forget != nil || retain != nil || test != nil else {
      throw ValidationError("name at least one of --forget, --retain and --test")
    }
  }
}

/// What `evaluate` and `attack` read: models, and what they are asked.
struct EvaluationInput {
  let after: LoadedModel
  let before: LoadedModel?
  let oracle: LoadedModel?
  let encoder: ExampleEncoder
  let forget: DataFile?
  let retain: DataFile?
  let test: DataFile?
  /// Files besides, by what they are for.
  var others: [(name: String, file: DataFile)] = []
  private let workers: Workers

  init(_ options: EvaluationInputOptions) throws {
    workers = options.computing.workers
    let task = options.encoding.task
    let after = try LoadedModel.trained(at: options.model, for: task, workers)
    self.after = after
    before = try options.original.map { try after.peer(at: $0, as: "the original", for: task) }
    oracle = try options.oracle.map { try after.peer(at: $0, as: "the oracle", for: task) }
    encoder = try options.encoding.encoder(for: after)
    forget = try options.forget.map { try DataFile(path: $0) }
    retain = try options.retain.map { try DataFile(path: $0) }
    test = try options.test.map { try DataFile(path: $0) }
  }

  /// The models with what they are.
  var models: [(subject: EffectEvaluation.Subject, model: Model<Float>)] {
    [(.before, before), (.after, after), (.oracle, oracle)].compactMap { subject, loaded in
      loaded.map { (subject, $0.model) }
    }
  }

  /// What the three files ask.
  func sets(
    limits: EvaluationSets.Limits = EvaluationSets.Limits(),
    utility: [EvaluationSets.NamedFile] = [], choices: [EvaluationSets.NamedFile] = []
  ) throws -> EvaluationSets {
    try EvaluationSets(
      encoder, forget: forget, retain: retain, test: test, utility: utility, choices: choices,
      limits: limits)
  }

  /// Measures the models.
  func evaluation(
    on sets: EvaluationSets, _ options: EvaluationOptions, reference: Model<Float>? = nil,
    changing change: (Model<Float>) -> Model<Float> = { $0 }
  ) throws -> EffectEvaluation {
    try EffectEvaluation(
      before: before.map { change($0.model) }, after: change(after.model),
      oracle: oracle.map { change($0.model) }, reference: reference, on: sets, options: options)
  }

  /// All that the numbers depend on besides machine and threads.
  func configuration(_ command: String, _ options: JSONValue, _ encoding: EncodingOptions) throws
    -> JSONValue
  {
    var models = JSONObject()
    for (name, loaded) in [("after", after), ("before", before), ("oracle", oracle)] {
      if let loaded { models[ByteString(name)] = try loaded.identity }
    }
    var data = JSONObject()
    let own = [("forget", forget), ("retain", retain), ("test", test)]
    for (name, file) in own.compactMap({ name, file in file.map { (name, $0) } }) + others {
      data[ByteString(name)] = .members([
        "sha256": .text(file.digest.hex), "examples": .integer(Int64(file.examples.count)),
      ])
    }
    let format = try encoding.format
    return .members([
      "tool": .text(Tool.nameAndVersion), "command": .text(command), "models": .object(models),
      "data": .object(data), "options": options, "task": .text(encoder.task.rawValue),
      "prompt": .text(format.template), "separator": .text(format.separator),
      "length": .integer(Int64(encoder.limit)),
      "end": encoder.end.map { .integer(Int64($0)) } ?? .null,
    ])
  }

  /// Where numbers are computed; they come back bit for bit on the same.
  var machine: JSONValue {
    .members([
      "blas_core": .text(Workers.blasCore), "blas": .text(Workers.blasBuild),
      "threads": .integer(Int64(workers.count)),
    ])
  }
}
