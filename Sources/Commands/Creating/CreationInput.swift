import Architecture
import Compute
import Evaluation
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
  /// What the models are asked when they are measured.
  let questions: EvaluationSets
  /// The data files, with how many examples each has.
  let files: [(name: String, file: DataFile, count: Int)]

  /// The model that unlearning begins with.
  var model: Model<Float> { loaded.model }

  init(
    _ model: String, _ data: UnlearningDataOptions, _ update: UpdateOptions,
    _ measuring: MeasuringOptions
  ) throws {
    let task = data.encoding.task
    loaded = try LoadedModel.trained(at: model, for: task, update.computing.workers)
    guard let checkpoint = loaded.checkpoint else {
      throw ProvenanceError(.usage, "--model names no model")
    }
    self.checkpoint = checkpoint
    map = try loaded.unitMap()
    let encoder = try data.encoding.encoder(for: loaded)
    var files: [(name: String, file: DataFile, count: Int)] = []
    let (forget, retain, test) = (
      try data.forget.map { try DataFile(path: $0) },
      try data.retain.map { try DataFile(path: $0) }, try data.test.map { try DataFile(path: $0) }
    )
    let (utility, choices) = (
      try MeasuringOptions.read(measuring.utility, "--utility"),
      try MeasuringOptions.read(measuring.choices, "--choices")
    )
    let questions = try EvaluationSets(
      encoder, forget: forget, retain: retain, test: test, utility: utility, choices: choices,
      limits: measuring.limits)
    var sets = UnlearningData(
      forget: questions.examples[.forget] ?? [], retain: questions.examples[.retain] ?? [],
      test: questions.examples[.test] ?? [])
    if let forget {
      try Self.addRefusals(to: forget, encoder, refusal: data.refusal, to: &sets)
    }
    for (name, file, count) in [
      ("forget", forget, sets.forget.count), ("retain", retain, sets.retain.count),
      ("test", test, sets.test.count),
    ] {
      if let file { files.append((name, file, count)) }
    }
    for named in utility + choices {
      files.append((named.name, named.file, named.file.examples.count))
    }
    self.sets = sets
    self.questions = questions
    self.files = files
    let loaded = self.loaded
    oracle = try data.oracle.map { try loaded.peer(at: $0, as: "the oracle", for: task).model }
  }

  /// The answers that methods of preference want, one for each example.
  private static func addRefusals(
    to file: DataFile, _ encoder: ExampleEncoder, refusal: String, to sets: inout UnlearningData
  ) throws {
    guard encoder.task == .languageModel else { return }
    for example in file.examples {
      guard case .answered(let answered) = example else { continue }
      sets.preferred.append(try encoder.answer(refusal, to: answered.question))
    }
    // Pairs need an answer to every example.
    if sets.preferred.count != sets.forget.count { sets.preferred = [] }
  }
}
