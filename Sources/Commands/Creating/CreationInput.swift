import Architecture
import Compute
import Provenance
import Safetensors
import Storage
import Training
import Transformer
import Unlearning

/// What `create` reads: the model, its units, the oracle, and the examples encoded for the model.
struct CreationInput {
  let loaded: LoadedModel
  let checkpoint: Safetensors.Checkpoint
  let map: UnitMap
  let oracle: Model<Float>?
  let sets: UnlearningData
  /// The data files, with how many examples each has.
  let files: [(name: String, file: DataFile, count: Int)]

  /// The model that unlearning begins with.
  var model: Model<Float> { loaded.model }

  init(
    _ model: String, _ data: UnlearningDataOptions, _ update: UpdateOptions,
    _ measuring: MeasuringOptions
  ) throws {
    let workers = update.computing.workers
    loaded = try Self.load(model, data, seed: update.seed, workers)
    guard let checkpoint = loaded.checkpoint else {
      throw ProvenanceError(.usage, "--model names no model")
    }
    if loaded.model.plan.parameters.contains(where: \.isNew) {
      throw ProvenanceError(
        .state, "\(model): has no output for this task; fine-tune it first, or name another --task")
    }
    self.checkpoint = checkpoint
    map = try loaded.unitMap()
    let encoder = try data.encoding.encoder(for: loaded)
    var files: [(name: String, file: DataFile, count: Int)] = []
    func read(_ name: String, _ path: String?) throws -> (DataFile?, [EncodedExample]) {
      guard let path else { return (nil, []) }
      let file = try DataFile(path: path)
      let examples = try encoder.encode(file)
      files.append((name, file, examples.count))
      return (file, examples)
    }
    let (forgetFile, forget) = try read("forget", data.forget)
    let (retainFile, retain) = try read("retain", data.retain)
    let (testFile, test) = try read("test", data.test)
    var sets = UnlearningData(forget: forget, retain: retain, test: test)
    if let forgetFile {
      try Self.addAnswers(of: forgetFile, encoder, refusal: data.refusal, to: &sets)
      let (utility, choices) = (
        try MeasuringOptions.read(measuring.utility, "--utility"),
        try MeasuringOptions.read(measuring.choices, "--choices")
      )
      for named in utility + choices {
        files.append((named.name, named.file, named.file.examples.count))
      }
      sets.evaluation = try EvaluationSets(
        encoder, forget: forgetFile, retain: retainFile, test: testFile,
        utility: utility.map { EvaluationSets.NamedFile($0.name, $0.file) },
        choices: choices.map { EvaluationSets.NamedFile($0.name, $0.file, subject: $0.subject) },
        limits: EvaluationSets.Limits(
          questions: measuring.questions, choices: measuring.choiceLimit))
    }
    self.sets = sets
    self.files = files
    guard let path = data.oracle else {
      oracle = nil
      return
    }
    let other = try Self.load(path, data, seed: update.seed, workers).model
    guard other.plan.vocabulary == loaded.model.plan.vocabulary else {
      throw ProvenanceError(.invalid, "\(path): the oracle has another vocabulary than the model")
    }
    oracle = other
  }

  /// Loads another model for the same task.
  static func load(
    _ path: String, _ data: UnlearningDataOptions, seed: UInt64, _ workers: Workers
  ) throws -> LoadedModel {
    var random = RandomNumbers(seed: seed)
    return try ModelSourceOptions.of(path).load(
      task: data.encoding.task, labels: nil, workers, &random)
  }

  /// The preferred answers, and the right and wrong ones for the truth ratio.
  private static func addAnswers(
    of file: DataFile, _ encoder: ExampleEncoder, refusal: String, to sets: inout UnlearningData
  ) throws {
    guard encoder.task == .languageModel else { return }
    for example in file.examples {
      guard case .answered(let answered) = example else { continue }
      sets.preferred.append(try encoder.answer(refusal, to: answered.question))
      guard !answered.perturbedAnswers.isEmpty else { continue }
      sets.truth.right.append(
        try encoder.answer(
          answered.paraphrasedAnswer ?? answered.answer, to: answered.question))
      sets.truth.wrong.append(
        try answered.perturbedAnswers.map { try encoder.answer($0, to: answered.question) })
    }
    // Pairs need an answer to every example.
    if sets.preferred.count != sets.forget.count { sets.preferred = [] }
  }
}
