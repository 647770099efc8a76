import Architecture
public import Compute
import Metrics
public import Training
public import Transformer

/// What a language model says of each label of examples, token by token.
public struct TokenScores: Sendable, Hashable {
  /// One label under teacher forcing.
  public struct Token: Sendable, Hashable {
    /// The label.
    public let label: Int32
    /// Its log-probability, in nats; NaN where a logit is no number.
    public let logProbability: Double
    /// Whether it is the model's first choice.
    public let isFirst: Bool
    /// The mean of log p over the vocabulary under p; NaN where logits are no distribution.
    public let mean: Double
    /// The variance of the same.
    public let variance: Double
  }

  /// For each example its labels, in their order.
  public private(set) var examples: [[Token]] = []

  /// Scores examples whose targets are the next tokens.
  public init(
    of model: Model<Float>, on examples: [EncodedExample], tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    let columns = model.plan.output?.map.outputs ?? 0
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "evaluated") {
      guard case .tokens(let labels) = pass.targets else {
        throw .unsupported("scores of tokens are defined for language models")
      }
      let rows = labels.indices.filter { labels[$0] >= 0 }.map { Int32($0) }
      let wanted = rows.map { labels[Int($0)] }
      if let label = wanted.first(where: { Int($0) >= columns }) {
        throw .mismatch("a label is \(label), the model has \(columns) outputs")
      }
      let tokens = try computing { () throws(InputError) in
        let forward = try model.forward(pass.batch, for: pass.targets)
        var tokens: [Token] = []
        for part in model.outputParts(rows.count, columns: columns) {
          tokens += Self.tokens(
            try model.logits(forward, rows: Array(rows[part])), Array(wanted[part]), model.workers)
        }
        return tokens
      }
      var at = 0
      for range in pass.batch.examples {
        let start = at
        while at < rows.count, Int(rows[at]) < range.upperBound { at += 1 }
        self.examples.append(Array(tokens[start..<at]))
      }
    }
  }

  /// Each example without the token that ends it.
  public func withoutEnd(_ end: Int32?) -> [[Token]] {
    examples.map { $0.last?.label == end && end != nil ? Array($0.dropLast()) : $0 }
  }

  private static func tokens(
    _ logits: Matrix<Float>, _ labels: [Int32], _ workers: Workers
  ) -> [Token] {
    let (sums, logProbabilities) = workers.logSoftmax(logits, labels: labels)
    return workers.map(tasks: labels.count) { row in
      let values = logits.row(row)
      let distribution = values.map { $0 - sums[row] }
      var moments = (mean: Double.nan, variance: Double.nan)
      do throws(Undefined) { moments = try MembershipScore.moments(distribution.span) } catch {
        // The token keeps NaN, and what is computed of it says so.
      }
      return Token(
        label: labels[row], logProbability: Double(logProbabilities[row]),
        isFirst: firstChoice(values) == Int(labels[row]), mean: moments.mean,
        variance: moments.variance)
    }
  }
}
