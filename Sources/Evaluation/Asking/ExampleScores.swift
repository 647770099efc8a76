import Architecture
public import Compute
public import Training
public import Transformer

/// What a model makes of examples, example by example.
public struct ExampleScores: Sendable, Hashable {
  /// For each example the negative log-probability of its labels, summed, in nats.
  public private(set) var losses: [Double] = []
  /// For each example how many labels it has.
  public private(set) var counts: [Int] = []
  /// For each example how many labels are the model's first choice, each with the right ones before it.
  ///
  /// A label is none where a logit beside it is not a number.
  public private(set) var hits: [Int] = []
  /// For each example the Jensen–Shannon divergence from the oracle, the mean over its labels, in nats; empty
  /// without an oracle, and where the targets are places of answers or choices.
  public private(set) var divergences: [Double] = []

  /// The mean loss of each example's labels.
  public var means: [Double] { zip(losses, counts).map { $0 / Double($1) } }
  /// The mean loss over all labels.
  public var loss: Double { losses.reduce(0, +) / Double(counts.reduce(0, +)) }
  /// The losses of groups of examples that were scored in a row: of each question's answers.
  static func parted(_ values: [Double], like groups: [[EncodedExample]]) -> [[Double]] {
    var at = 0
    return groups.map { group in
      at += group.count
      return Array(values[at - group.count..<at])
    }
  }

  /// For each example whether every label is the first choice: the greedy answer is the right one.
  public var isRight: [Bool] { zip(hits, counts).map { $0 == $1 } }

  /// Scores examples under one model.
  ///
  /// - Parameter oracle: A model whose distributions are compared with; one of the same vocabulary.
  public init(
    of model: Model<Float>, on examples: [EncodedExample], oracle: Model<Float>? = nil,
    tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    self = try Self.of([model], oracle: oracle, on: examples, tokensPerPass: tokensPerPass)[0]
  }

  private init() {}

  /// These scores and those of further examples, as one.
  func followed(by other: ExampleScores) -> ExampleScores {
    var scores = self
    scores.losses += other.losses
    scores.counts += other.counts
    scores.hits += other.hits
    scores.divergences += other.divergences
    return scores
  }

  /// Scores examples under several models and, where there is one, under the oracle, once each.
  ///
  /// - Returns: One for each model, with divergences from the oracle; the oracle's own comes last.
  public static func of(
    _ models: [Model<Float>], oracle: Model<Float>? = nil, on examples: [EncodedExample],
    tokensPerPass: Int = 4096
  ) throws(ComputationError) -> [ExampleScores] {
    let all = models + (oracle.map { [$0] } ?? [])
    try check(all)
    var scores = Array(repeating: ExampleScores(), count: all.count)
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "evaluated") {
      switch pass.targets {
      case .tokens, .classes: try add(pass, models, oracle, to: &scores)
      case .spans, .choices:
        for (index, model) in all.enumerated() { try scores[index].add(places: pass, model) }
      }
    }
    return scores
  }

  private static func check(_ models: [Model<Float>]) throws(ComputationError) {
    let columns = models.map { $0.plan.output?.map.outputs }
    guard let first = columns.first, columns.allSatisfy({ $0 == first }) else {
      throw .mismatch("models with \(columns.map { $0 ?? 0 }) outputs can't be compared")
    }
  }

  /// Adds examples whose labels are columns of their rows.
  private static func add(
    _ pass: ExamplePass, _ models: [Model<Float>], _ oracle: Model<Float>?,
    to scores: inout [ExampleScores]
  ) throws(ComputationError) {
    guard let reference = models.first ?? oracle else { return }
    let (rows, labels) = labelled(pass, reference)
    let columns = reference.plan.output?.map.outputs ?? 0
    if let label = labels.first(where: { Int($0) >= columns }) {
      throw .mismatch("a label is \(label), the model has \(columns) outputs")
    }
    let labelScores = try computing { () throws(InputError) in
      var passes: [(model: Model<Float>, pass: ForwardPass<Float>)] = []
      for model in models {
        passes.append((model, try model.forward(pass.batch, for: pass.targets)))
      }
      var last: (model: Model<Float>, pass: ForwardPass<Float>)?
      if let oracle { last = (oracle, try oracle.forward(pass.batch, for: pass.targets)) }
      return try LabelScores.of(passes, oracle: last, rows: rows, labels: labels)
    }
    for (index, one) in labelScores.enumerated() {
      scores[index].add(one, rows: rows, labels: labels, pass.batch.examples)
    }
  }

  /// Sums the labels of each example.
  private mutating func add(
    _ scores: LabelScores, rows: [Int32], labels: [Int32], _ examples: [Range<Int>]
  ) {
    let isCompared = !scores.divergences.isEmpty
    var at = 0
    for range in examples {
      var (loss, hits, count, divergence) = (0.0, 0, 0, 0.0)
      while at < rows.count, Int(rows[at]) < range.upperBound {
        loss -= scores.logProbabilities[at]
        hits += scores.best[at] == labels[at] ? 1 : 0
        if isCompared { divergence += scores.divergences[at] }
        count += 1
        at += 1
      }
      losses.append(loss)
      counts.append(count)
      self.hits.append(hits)
      if isCompared { divergences.append(divergence / Double(count)) }
    }
  }

  /// Adds examples whose labels are rows: the places of an answer, or one of several sequences.
  private mutating func add(places pass: ExamplePass, _ model: Model<Float>)
    throws(ComputationError)
  {
    let (losses, logits) = try computing { () throws(InputError) in
      let forward = try model.forward(pass.batch, for: pass.targets)
      return (try model.losses(forward, pass.targets), try model.logits(forward))
    }
    self.losses += losses.sums
    counts += losses.counts
    func choice(_ rows: Range<Int>, _ column: Int) -> Int {
      firstChoice(rows.map { logits[$0, column] })
    }
    switch pass.targets {
    case .spans(let starts, let ends):
      for (index, sequence) in pass.batch.sequences.enumerated() {
        let isStart = choice(sequence, 0) == Int(starts[index])
        let isEnd = choice(sequence, 1) == Int(ends[index])
        hits.append((isStart ? 1 : 0) + (isEnd ? 1 : 0))
      }
    case .choices(let right):
      let width = pass.batch.sequencesPerExample
      for (index, label) in right.enumerated() {
        let isRight = choice(index * width..<(index + 1) * width, 0) == Int(label)
        hits.append(isRight ? 1 : 0)
      }
    case .tokens, .classes: break
    }
  }

  /// The rows that have a label, and the labels.
  private static func labelled(_ pass: ExamplePass, _ model: Model<Float>) -> (
    rows: [Int32], labels: [Int32]
  ) {
    switch pass.targets {
    case .tokens(let labels):
      let rows = labels.indices.filter { labels[$0] >= 0 }
      return (rows.map { Int32($0) }, rows.map { labels[$0] })
    case .classes(let classes): return (model.outputRows(pass.batch), classes)
    case .spans, .choices: return ([], [])
    }
  }
}
