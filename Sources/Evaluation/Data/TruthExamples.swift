public import Training

/// Questions with a right answer in other words and wrong answers of the same form, as TOFU has them.
public struct TruthExamples: Sendable {
  /// The right answers.
  public var right: [EncodedExample]
  /// The wrong answers to each question; at least one.
  public var wrong: [[EncodedExample]]

  /// Pairs answers.
  public init(right: [EncodedExample] = [], wrong: [[EncodedExample]] = []) {
    self.right = right
    self.wrong = wrong
  }

  /// Takes the questions of a file that have perturbed answers.
  init(of file: DataFile, _ encoder: ExampleEncoder) throws(DataError) {
    self.init()
    for example in file.examples {
      guard case .answered(let answered) = example, !answered.perturbedAnswers.isEmpty else {
        continue
      }
      right.append(
        try encoder.answer(answered.paraphrasedAnswer ?? answered.answer, to: answered.question))
      var others: [EncodedExample] = []
      for answer in answered.perturbedAnswers {
        others.append(try encoder.answer(answer, to: answered.question))
      }
      wrong.append(others)
    }
  }
}
