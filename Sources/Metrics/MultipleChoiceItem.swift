/// A question with several answers, judged by the log-likelihood that a model gives to each.
public struct MultipleChoiceItem: Hashable, Sendable {
  /// One answer, as the model sees it after the question.
  public struct Choice: Hashable, Sendable {
    /// The sum of the log-probabilities of its tokens, in nats.
    public let logLikelihood: Double
    /// How many bytes of UTF-8 its text has.
    public let byteCount: Int
    /// How many tokens it has.
    public let tokenCount: Int

    /// Describes an answer.
    public init(logLikelihood: Double, byteCount: Int, tokenCount: Int) {
      self.logLikelihood = logLikelihood
      self.byteCount = byteCount
      self.tokenCount = tokenCount
    }
  }

  /// What the log-likelihood is divided by before answers are compared.
  public enum Normalization: String, Hashable, Sendable, CaseIterable {
    /// Nothing: where answers are the letters A to D, as in MMLU and WMDP (`acc` of lm-evaluation-harness).
    case plain
    /// The count of bytes (for ASCII texts equal to `acc_norm` of lm-evaluation-harness, which counts characters).
    case perByte
    /// The count of tokens.
    case perToken
  }

  /// The answers.
  public let choices: [Choice]
  /// The index of the right one.
  public let answer: Int

  /// Makes an item; the right answer must be among the choices.
  public init(choices: [Choice], answer: Int) throws(Undefined) {
    guard !choices.isEmpty else { throw Undefined(.empty, in: "choices") }
    guard choices.indices.contains(answer) else {
      throw Undefined(.outOfRange(Double(answer)), in: "index of the answer")
    }
    self.choices = choices
    self.answer = answer
  }

  /// The index of the most likely answer; of equal ones the first, as NumPy's `argmax`.
  ///
  /// Not defined if every answer is impossible, or one has no bytes or tokens to divide by.
  public func prediction(_ normalization: Normalization) throws(Undefined) -> Int {
    try choices.map(\.logLikelihood).checkNumbers("log-likelihoods")
    var best = (index: 0, score: -Double.infinity)
    for (index, choice) in choices.enumerated() {
      let divisor =
        switch normalization {
        case .plain: 1
        case .perByte: choice.byteCount
        case .perToken: choice.tokenCount
        }
      guard divisor > 0 else {
        throw Undefined(.zeroDenominator, in: "length of choice \(index)")
      }
      let score = choice.logLikelihood / Double(divisor)
      if score > best.score { best = (index, score) }
    }
    guard best.score.isFinite else {
      throw Undefined(.infinite(index: best.index), in: "log-likelihoods")
    }
    return best.index
  }

  /// The share of items whose most likely answer is the right one.
  public static func accuracy(
    _ items: [MultipleChoiceItem], _ normalization: Normalization
  ) throws(Undefined) -> Proportion {
    var successes = 0
    for item in items where try item.prediction(normalization) == item.answer { successes += 1 }
    return try Proportion(successes: successes, of: items.count)
  }
}
