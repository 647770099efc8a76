public import Training

/// The examples of one request, encoded for one model.
public struct UnlearningData: Sendable {
  /// D_f: what is to be forgotten.
  public var forget: [EncodedExample]
  /// D_r: what is to be kept.
  public var retain: [EncodedExample]
  /// Held-out examples that the model never saw; empty where there are none.
  public var test: [EncodedExample]
  /// For each forget example the answer that is preferred to it; empty where the method has no use for one.
  public var preferred: [EncodedExample]
  /// Right and wrong answers to the forget set's questions; empty where the data have none.
  public var truth: TruthExamples
  /// What models are asked beside the examples when they are measured; empty where nothing is.
  public var evaluation = EvaluationSets()

  /// Puts the sets together.
  public init(
    forget: [EncodedExample], retain: [EncodedExample], test: [EncodedExample] = [],
    preferred: [EncodedExample] = [], truth: TruthExamples = TruthExamples()
  ) {
    self.forget = forget
    self.retain = retain
    self.test = test
    self.preferred = preferred
    self.truth = truth
  }
}

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
}
