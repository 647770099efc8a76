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
  public private(set) var hits: [Int] = []
  /// For each example the Jensen–Shannon divergence from the oracle, the mean over its labels, in nats; empty
  /// without an oracle.
  public private(set) var divergences: [Double] = []

  /// The mean loss of each example's labels.
  public var means: [Double] { zip(losses, counts).map { $0 / Double($1) } }
  /// The mean loss over all labels.
  public var loss: Double { losses.reduce(0, +) / Double(counts.reduce(0, +)) }
  /// For each example whether every label is the first choice: the greedy answer is the right one.
  public var isRight: [Bool] { zip(hits, counts).map { $0 == $1 } }

  /// Scores examples whose labels are tokens or classes.
  ///
  /// - Parameter oracle: A model whose distributions are compared with; one of the same vocabulary.
  public init(
    of model: Model<Float>, on examples: [EncodedExample], oracle: Model<Float>? = nil,
    tokensPerPass: Int = 4096
  ) throws(MethodError) {
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "evaluated") {
      let (rows, labels) = try Self.labelled(pass, model)
      var scoring = try computing { () throws(InputError) in
        let forward = try model.forward(pass.batch, for: pass.targets)
        var scoring = LabelScoring(
          rows: rows, labels: labels,
          oracle: try oracle.map { oracle throws(InputError) in
            (oracle, try oracle.forward(pass.batch, for: pass.targets))
          })
        try model.evaluate(&scoring, forward)
        return scoring
      }
      if let failure = scoring.failure { throw .mismatch("the oracle: \(failure)") }
      scoring = consume scoring
      var at = 0
      for range in pass.batch.examples {
        var (loss, hits, count, divergence) = (0.0, 0, 0, 0.0)
        while at < rows.count, Int(rows[at]) < range.upperBound {
          loss -= scoring.logProbabilities[at]
          hits += scoring.best[at] == labels[at] ? 1 : 0
          if oracle != nil { divergence += scoring.divergences[at] }
          count += 1
          at += 1
        }
        losses.append(loss)
        counts.append(count)
        self.hits.append(hits)
        if oracle != nil { divergences.append(divergence / Double(count)) }
      }
    }
  }

  /// The rows that have a label, and the labels.
  private static func labelled(_ pass: ExamplePass, _ model: Model<Float>) throws(MethodError) -> (
    rows: [Int32], labels: [Int32]
  ) {
    switch pass.targets {
    case .tokens(let labels):
      let rows = labels.indices.filter { labels[$0] >= 0 }
      return (rows.map { Int32($0) }, rows.map { labels[$0] })
    case .classes(let classes): return (model.outputRows(pass.batch), classes)
    case .spans, .choices:
      throw .unsupported("answers' places and choices are not scored label by label")
    }
  }
}
