/// Sequences of tokens that are computed together, packed one after the other: nothing is spent on padding.
public struct Batch: Sendable, Hashable {
  /// The tokens of all sequences.
  public let tokens: [Int32]
  /// The segment of each token; used by models that have segments.
  public let tokenTypes: [Int32]
  /// The place of each token in its sequence.
  public let positions: [Int32]
  /// The rows of each sequence.
  public let sequences: [Range<Int>]
  /// How many sequences in a row make one example: more than one for multiple choice.
  public let sequencesPerExample: Int

  /// Packs sequences.
  ///
  /// - Parameters:
  ///   - tokenTypes: As many as tokens, sequence by sequence; nil for zeros.
  ///   - sequencesPerExample: A divisor of the number of sequences.
  public init(_ sequences: [[Int32]], tokenTypes: [[Int32]]? = nil, sequencesPerExample: Int = 1) {
    precondition(sequences.count.isMultiple(of: sequencesPerExample))
    precondition(tokenTypes == nil || tokenTypes?.map(\.count) == sequences.map(\.count))
    var ranges: [Range<Int>] = []
    var positions: [Int32] = []
    for sequence in sequences {
      ranges.append(positions.count..<positions.count + sequence.count)
      positions += (0..<Int32(sequence.count))
    }
    tokens = Array(sequences.joined())
    self.tokenTypes =
      tokenTypes.map { Array($0.joined()) } ?? Array(repeating: 0, count: positions.count)
    self.positions = positions
    self.sequences = ranges
    self.sequencesPerExample = sequencesPerExample
  }

  /// Packs rows that were padded on the right to one length; what is beyond a row's own length is dropped.
  public init(padded rows: [[Int32]], lengths: [Int], tokenTypes: [[Int32]]? = nil) {
    precondition(rows.count == lengths.count)
    self.init(
      zip(rows, lengths).map { Array($0.prefix($1)) },
      tokenTypes: tokenTypes.map { zip($0, lengths).map { Array($0.prefix($1)) } })
  }

  /// One token for each sequence, at the given place in it.
  init(following tokens: [(position: Int32, token: Int32)]) {
    self.tokens = tokens.map(\.token)
    tokenTypes = Array(repeating: 0, count: tokens.count)
    positions = tokens.map(\.position)
    sequences = tokens.indices.map { $0..<$0 + 1 }
    sequencesPerExample = 1
  }

  /// The rows of each example.
  public var examples: [Range<Int>] {
    stride(from: 0, to: sequences.count, by: sequencesPerExample).map {
      sequences[$0].lowerBound..<sequences[$0 + sequencesPerExample - 1].upperBound
    }
  }

  /// How many tokens there are.
  public var count: Int { tokens.count }
}
