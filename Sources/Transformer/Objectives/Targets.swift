import Compute

/// What a batch's outputs should be.
public enum Targets: Sendable, Hashable {
  /// A label for each token row, `ignoredLabel` where none counts. For language models the label is the
  /// *next* token; see ``nextTokens(_:labels:)``.
  case tokens([Int32])
  /// A class for each sequence.
  case classes([Int32])
  /// The first and the last token of the answer in each sequence.
  case spans(starts: [Int32], ends: [Int32])
  /// For each example the right one of its sequences.
  case choices([Int32])

  /// Labels for a language model: at each row the token that follows in its sequence.
  ///
  /// - Parameter labels: One for each token, `ignoredLabel` for those that do not count; nil for the tokens.
  public static func nextTokens(_ batch: Batch, labels: [Int32]? = nil) -> Targets {
    let labels = labels ?? batch.tokens
    precondition(labels.count == batch.count)
    var next = Array(repeating: ignoredLabel, count: batch.count)
    for sequence in batch.sequences where sequence.count > 1 {
      for row in sequence.dropLast() { next[row] = labels[row + 1] }
    }
    return .tokens(next)
  }
}

/// What one label's loss counts in the sum that is differentiated.
public enum Weighting: Sendable, Hashable {
  /// The mean over all labels of the batch.
  case mean
  /// The sum over all labels.
  case sum
  /// For each example the mean over its labels, and the sum of these over examples.
  case meanOfEachExample
  /// For each example a factor of the sum over its labels.
  case examples([Double])
  /// Every label's loss times the factor.
  case factor(Double)
}

/// The losses of a batch: negative log-probabilities of its labels.
public struct Losses: Sendable, Hashable {
  /// For each example the sum over its labels.
  public internal(set) var sums: [Double]
  /// For each example the number of its labels.
  public internal(set) var counts: [Int]
  /// The log-probability of each label, in the order of rows.
  public internal(set) var logProbabilities: [Double]

  /// The sum over all labels.
  public var total: Double { sums.reduce(0, +) }
  /// How many labels there are.
  public var count: Int { counts.reduce(0, +) }
  /// The mean over all labels; NaN without any.
  public var mean: Double { total / Double(count) }
}

extension Weighting {
  /// The factor of each label, from the example of each.
  func factors(of examples: [Int], exampleCount: Int) -> [Double] {
    switch self {
    case .mean: return Array(repeating: 1 / Double(max(1, examples.count)), count: examples.count)
    case .sum: return Array(repeating: 1, count: examples.count)
    case .factor(let factor): return Array(repeating: factor, count: examples.count)
    case .examples(let factors):
      precondition(factors.count == exampleCount, "one factor for each example")
      return examples.map { factors[$0] }
    case .meanOfEachExample:
      var counts = Array(repeating: 0, count: exampleCount)
      for example in examples { counts[example] += 1 }
      return examples.map { 1 / Double(counts[$0]) }
    }
  }
}
