import Compute
import Metrics
import Training
import Transformer

/// TOFU's model utility, with the numbers that it is made of.
extension EffectEvaluation {
  mutating func addUtility(_ models: [Named], _ sets: EvaluationSets) throws(ComputationError) {
    func reason() -> String? {
      if !options.measuresUtility { return "it was not asked for" }
      if options.newTokens == nil { return "answers were not asked for" }
      return sets.utility.contains { $0.kind == .retained }
        ? nil : "no retain set with perturbed answers was given"
    }
    guard let newTokens = options.newTokens, reason() == nil else {
      return skip("model-utility", "harmonic", because: reason() ?? "")
    }
    let variant =
      "harmonic-of-\(3 * sets.utility.count)." + sets.utility.map(\.name).joined(separator: "+")
    for (subject, model) in models {
      var numbers: [[[Double]]] = []
      for set in sets.utility {
        let scores = try UtilityScores(
          of: model, on: set,
          answers: try answers(subject, model, set, sets.questions[.retain], newTokens),
          tokensPerPass: options.tokensPerPass)
        add(scores, set, subject, Self.rule(set.questions, newTokens))
        numbers.append(scores.numbers)
      }
      add(numbers, variant, subject)
    }
  }

  /// A model's answers to a set's questions; those that it has given already where they are the same.
  private func answers(
    _ subject: Subject, _ model: Model<Float>, _ set: UtilitySet, _ retain: QuestionSet?,
    _ newTokens: Int
  ) throws(ComputationError) -> AnswerScores {
    if set.kind == .retained, let retain, retain.questions == set.questions.questions,
      let given = answers[subject]?[.retain]
    {
      return given
    }
    return try AnswerScores(
      of: model, on: set.questions, newTokens: newTokens, tokensPerPass: options.tokensPerPass)
  }

  private mutating func add(
    _ scores: UtilityScores, _ set: UtilitySet, _ subject: Subject, _ rule: String
  ) {
    let probability = set.kind == .retained ? "geometric-mean" : "geometric-mean.normalised"
    enter(mean: scores.probabilities, "probability", probability, subject, set: set.name)
    enter(mean: scores.recalls, "rouge", Self.recallVariant(rule), subject, set: set.name)
    enter(
      mean: scores.truths, "truth-ratio", "geometric.true-is-better", subject, set: set.name)
  }

  /// The harmonic mean of the means; the bootstrap draws each set's examples anew.
  private mutating func add(_ numbers: [[[Double]]], _ variant: String, _ subject: Subject) {
    let count = numbers.reduce(0) { $0 + ($1.first?.count ?? 0) }
    let measurement = Measurement(
      "model-utility", variant: variant, count: count, seeds: options.seeds,
      value: { () throws(Undefined) in try ModelUtility.ofMeans(numbers) },
      interval: { () throws(Undefined) in
        var random = RandomNumbers(seed: 0)
        return try ModelUtility.bootstrap(numbers, resamples: 1000, using: &random)
      })
    enter(measurement, subject)
  }
}
