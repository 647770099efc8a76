public import Training

/// One of the sets that TOFU's model utility is made of: questions with right and wrong answers.
public struct UtilitySet: Sendable {
  /// How its numbers are computed.
  public enum Kind: String, Sendable, Hashable {
    /// TOFU's retain set: the answer's own probability, and the truth ratio against a paraphrase.
    case retained
    /// Real authors and world facts: the answer's share of the probability of all answers, and the truth ratio
    /// against the answer itself.
    case general
  }

  /// What it is called in records.
  public var name: String
  /// How its numbers are computed.
  public var kind: Kind
  /// The right answers.
  public var right: [EncodedExample]
  /// The same in other words; equal to the right ones where there are none, and for general sets.
  public var paraphrased: [EncodedExample]
  /// The wrong answers to each question; at least one.
  public var wrong: [[EncodedExample]]
  /// The questions.
  public var questions: QuestionSet

  /// Puts a set together; equally many of all.
  public init(
    _ name: String, _ kind: Kind, right: [EncodedExample], paraphrased: [EncodedExample],
    wrong: [[EncodedExample]], questions: QuestionSet
  ) {
    self.name = name
    self.kind = kind
    self.right = right
    self.paraphrased = paraphrased
    self.wrong = wrong
    self.questions = questions
  }

  /// Takes the first examples of a file that have perturbed answers; nil where none has.
  public init?(
    _ name: String, _ kind: Kind, of file: DataFile, _ encoder: ExampleEncoder, limit: Int
  ) throws(DataError) {
    try self.init(name, kind, of: file.examples, encoder, limit: limit, path: file.path)
  }

  /// The same of examples; errors name them as those of the file at the path.
  public init?(
    _ name: String, _ kind: Kind, of examples: [Example], _ encoder: ExampleEncoder, limit: Int,
    path: String
  ) throws(DataError) {
    var kept: [Example] = []
    var (right, paraphrased): ([EncodedExample], [EncodedExample]) = ([], [])
    var wrong: [[EncodedExample]] = []
    for example in examples where kept.count < limit {
      guard case .answered(let one) = example, !one.perturbedAnswers.isEmpty else { continue }
      kept.append(example)
      right.append(try encoder.answer(one.answer, to: one.question))
      let other = kind == .retained ? one.paraphrasedAnswer : nil
      paraphrased.append(try encoder.answer(other ?? one.answer, to: one.question))
      var answers: [EncodedExample] = []
      for answer in one.perturbedAnswers {
        answers.append(try encoder.answer(answer, to: one.question))
      }
      wrong.append(answers)
    }
    if kept.isEmpty { return nil }
    self.init(
      name, kind, right: right, paraphrased: paraphrased, wrong: wrong,
      questions: try encoder.questions(of: kept, limit: kept.count, name: path))
  }
}
