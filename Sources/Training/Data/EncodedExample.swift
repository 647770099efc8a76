import Compute
public import Transformer

/// An example in tokens, with what should come out.
public struct EncodedExample: Sendable, Hashable {
  /// What should come out.
  public enum Target: Sendable, Hashable {
    /// For each sequence the label of each token at its own place (not shifted), `ignoredLabel` where none
    /// counts.
    case tokens([[Int32]])
    /// The same, for a model that predicts the token at its own place: a class, or what a mask hides.
    case places([[Int32]])
    /// A class.
    case label(Int32)
    /// The first and the last token of an answer.
    case span(start: Int32, end: Int32)
    /// The right one of the sequences.
    case choice(Int32)
  }

  /// The tokens; several sequences for multiple choice.
  public var sequences: [[Int32]]
  /// The segment of each token.
  public var tokenTypes: [[Int32]]
  /// What should come out.
  public var target: Target

  /// Takes an example in tokens; as many segments as tokens.
  public init(sequences: [[Int32]], tokenTypes: [[Int32]], target: Target) {
    self.sequences = sequences
    self.tokenTypes = tokenTypes
    self.target = target
  }

  /// How many tokens there are.
  public var count: Int { sequences.reduce(0) { $0 + $1.count } }

  /// How many labels count.
  public var labelCount: Int {
    switch target {
    case .tokens(let labels): labels.reduce(0) { $0 + $1.dropFirst().count { $0 >= 0 } }
    case .places(let labels): labels.reduce(0) { $0 + $1.count { $0 >= 0 } }
    case .label, .choice: 1
    case .span: 2
    }
  }

  /// Cuts examples of the given lengths into passes of whole examples, of so many tokens at most each.
  package static func passes(_ lengths: [Int], tokens limit: Int) -> [Range<Int>] {
    var passes: [Range<Int>] = []
    var (start, sum) = (0, 0)
    for (index, length) in lengths.enumerated() {
      if index > start, sum + length > limit {
        passes.append(start..<index)
        (start, sum) = (index, 0)
      }
      sum += length
    }
    if start < lengths.count { passes.append(start..<lengths.count) }
    return passes
  }

  /// Packs examples whose targets are of one kind and that have equally many sequences.
  public static func pack(_ examples: some Collection<EncodedExample>) -> (Batch, Targets) {
    let batch = Batch(
      examples.flatMap(\.sequences), tokenTypes: examples.flatMap(\.tokenTypes),
      sequencesPerExample: examples.first?.sequences.count ?? 1)
    var labels: [Int32] = []
    var ends: [Int32] = []
    for example in examples {
      switch example.target {
      case .tokens(let sequences), .places(let sequences): labels += sequences.joined()
      case .label(let label), .choice(let label): labels.append(label)
      case .span(let start, let end):
        labels.append(start)
        ends.append(end)
      }
    }
    let targets: Targets =
      switch examples.first?.target {
      case .tokens, nil: .nextTokens(batch, labels: labels)
      case .places: .tokens(labels)
      case .label: .classes(labels)
      case .span: .spans(starts: labels, ends: ends)
      case .choice: .choices(labels)
      }
    return (batch, targets)
  }
}
