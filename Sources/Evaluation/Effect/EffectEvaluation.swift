public import Compute
public import Metrics
public import Training
public import Transformer

/// What unlearning did: the same measurements of the model after it, of the one before, and of an oracle, where they
/// are there.
public struct EffectEvaluation: Sendable {
  /// Which model was measured.
  public enum Subject: String, Sendable, Hashable, CaseIterable {
    case before, after, oracle
  }

  /// Which examples it was measured on.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    case forget, retain, test
  }

  /// One measurement with what it is of.
  public struct Entry: Sendable {
    /// The model.
    public let subject: Subject
    /// The examples; nil for what compares two sets, and for sets of their own.
    public let part: Part?
    /// The set, by its name, where it is none of the three.
    public let set: String?
    /// What was done to the models or their prompts before, such as `weights.rtn4`; nil where nothing was.
    public let condition: String?
    /// The value, or why there is none.
    public let measurement: Measurement
    /// Each example's value, in the order of the file; empty where the number is no mean over examples.
    public let values: [Double]
  }

  /// A model with its name.
  typealias Named = (subject: Subject, model: Model<Float>)

  /// What was asked for.
  public let options: EvaluationOptions
  /// The measurements.
  public internal(set) var entries: [Entry] = []
  /// The scores that they were made of.
  public internal(set) var scores: [Subject: [Part: ExampleScores]] = [:]
  /// The losses of a model that attacks compare with; none where there is none.
  private(set) var referenceLosses: [Part: [Double]] = [:]
  /// The answers that models gave, with their scores; in memory alone.
  public internal(set) var answers: [Subject: [Part: AnswerScores]] = [:]
  /// What relearning attacks saw.
  public internal(set) var courses: [Subject: RelearningAttack.Course] = [:]

  /// Measures models on a request's examples, and on what else they were given to be asked.
  ///
  /// - Parameters:
  ///   - before: The model that was unlearned; nil where it is not at hand.
  ///   - after: What came of it, or any model that is to be measured.
  ///   - oracle: The model that was trained without the forget set, by the same recipe; nil where there is none.
  ///   - reference: A model of the same vocabulary that never saw the forget set, for the reference attack.
  ///   - sets: What they are asked.
  public init(
    before: Model<Float>? = nil, after: Model<Float>, oracle: Model<Float>? = nil,
    reference: Model<Float>? = nil, on sets: EvaluationSets, options: EvaluationOptions
  ) throws(ComputationError) {
    self.options = options
    var models: [Named] = [(.after, after)]
    if let before { models.insert((.before, before), at: 0) }
    if let oracle { models.append((.oracle, oracle)) }
    if let reference {
      for part in [Part.forget, .test] {
        guard let examples = sets.examples[part], !examples.isEmpty else { continue }
        referenceLosses[part] = try ExampleScores(
          of: reference, on: examples, tokensPerPass: options.tokensPerPass
        ).means
      }
    }
    try addLabels(models, sets)
    for (subject, _) in models { addMembership(subject) }
    try addTruth(sets.truth, models)
    try addTokens(models, sets)
    try addAnswers(models, sets)
    try addFluency(models, sets)
    try addContinuations(models, sets)
    try addChoices(models, sets)
    try addClassification(models, sets)
    try addUtility(models, sets)
    addRelearning(models, sets)
  }

  /// Measures the same; nothing that needs options besides seeds and the size of passes.
  public init(
    before: Model<Float>? = nil, after: Model<Float>, oracle: Model<Float>? = nil,
    on sets: EvaluationSets, seeds: [UInt64] = [], tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    try self.init(
      before: before, after: after, oracle: oracle, on: sets,
      options: EvaluationOptions(seeds: seeds, tokensPerPass: tokensPerPass))
  }

  /// A measurement's value on one of the three sets; nil where it was not run or is not defined.
  ///
  /// - Parameter variant: The definition; nil for the first of the name.
  public func value(
    _ subject: Subject, _ part: Part?, _ name: String, variant: String? = nil
  ) -> Double? {
    entries.first {
      $0.subject == subject && $0.part == part && $0.set == nil && $0.measurement.name == name
        && (variant == nil || $0.measurement.variant == variant)
    }?.measurement.value
  }

  /// A measurement's value on a set of its own; nil where it was not run or is not defined.
  public func value(
    _ subject: Subject, set: String, _ name: String, variant: String? = nil
  ) -> Double? {
    entries.first {
      $0.subject == subject && $0.set == set && $0.measurement.name == name
        && (variant == nil || $0.measurement.variant == variant)
    }?.measurement.value
  }
}
