import Architecture
import Compute
import Evaluation
import Safetensors
import Storage
import TestSupport
import Testing
import Tokenization
import Training
import Transformer

/// Four people and where they live, for a model of 29 tokens and 24 positions.
struct Towns {
  static let words = [
    "where", "lives", "?", "ada", "bob", "eve", "dan", "rome", "oslo", "bern", "lima", "Question",
    ":", "Answer", ".", "A", "B", "C", "D", "the",
  ]
  static let towns = ["rome", "oslo", "bern", "lima"]
  let tokenizer: Tokenizer
  let encoder: ExampleEncoder

  init(end: Int32? = 3) throws {
    tokenizer = try Tokenizer(parsing: WordTokenizer.json(Self.words))
    encoder = ExampleEncoder(tokenizer, task: .languageModel, limit: 24, end: end)
  }

  static func tokens(_ text: String) -> [Int32] {
    text.split(separator: " ").map { Int32((words.firstIndex(of: String($0)) ?? -3) + 4) }
  }

  static func example(_ name: String, _ town: String) -> Example {
    .answered(
      .init(
        question: "where lives \(name) ?", answer: town, paraphrasedAnswer: "the \(town)",
        perturbedAnswers: towns.filter { $0 != town }))
  }

  static let forget = [example("ada", "rome"), example("bob", "oslo")]
  static let retain = [example("eve", "bern"), example("dan", "lima")]

  func encoded(_ examples: [Example]) throws -> [EncodedExample] {
    try examples.flatMap { try encoder.encode($0) }
  }

  func questions(_ examples: [Example], limit: Int = 100) throws -> QuestionSet {
    try encoder.questions(of: examples, limit: limit, name: "towns")
  }

  func utility(_ name: String, _ kind: UtilitySet.Kind, _ examples: [Example]) throws -> UtilitySet
  {
    try #require(
      try UtilitySet(name, kind, of: examples, encoder, limit: 100, path: "towns"))
  }

  func choices(subject: String? = nil) throws -> ChoiceSet {
    try encoder.choices(
      of: [
        .choice(question: " where lives ada ? ", choices: Self.towns, right: 0),
        .choice(question: "where lives bob ?", choices: Self.towns, right: 1),
      ], name: "towns", subject: subject, limit: 100, path: "towns")
  }

  /// What a request would be measured on.
  func data() throws -> EvaluationSets {
    EvaluationSets(
      examples: [.forget: try encoded(Self.forget), .retain: try encoded(Self.retain)],
      questions: [.forget: try questions(Self.forget), .retain: try questions(Self.retain)],
      choices: [try choices()],
      utility: [
        try utility("retain", .retained, Self.retain),
        try utility("world-facts", .general, Self.retain),
      ])
  }

  /// A model with random weights.
  static func blank() throws -> Model<Float> {
    try Self.fixture("gpt2")
  }

  /// One of the engine's own fixtures.
  static func fixture(_ name: String) throws -> Model<Float> {
    var random = RandomNumbers(seed: 1)
    let path = Paths.join(
      Paths.parent(of: #filePath), "../TransformerTests/Fixtures/\(name)")
    return try Model(try Checkpoint(path: path), workers: Workers(count: 2), random: &random)
  }

  /// A model that has learnt examples by heart.
  func taught(_ examples: [Example], steps: Int = 80) throws -> Model<Float> {
    var options = TrainingOptions(
      decay: 0, rate: 1e-2, shape: .constant, epochs: 1, examples: examples.count, batchSize: 4)
    options.schedule.steps = steps
    let model = try Self.blank()
    var trainer = try Trainer(
      model, training: .everything(of: model.plan), on: try encoded(examples), options)
    while !trainer.isFinished { _ = try trainer.step() }
    return trainer.model
  }

  /// A model whose every output is no number.
  static func broken() throws -> Model<Float> {
    var model = try blank()
    for index in model.parameters.indices {
      model.parameters[index] = Matrix(
        rows: model.parameters[index].rows, columns: model.parameters[index].columns,
        repeatElement(.nan, count: model.parameters[index].count))
    }
    return model
  }
}
