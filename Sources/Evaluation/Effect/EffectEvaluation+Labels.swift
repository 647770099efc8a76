import Compute
import Metrics
import Training
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Loss, probability and accuracy of the examples' own labels, and the distance to the oracle.
extension EffectEvaluation {
  mutating func addLabels(_ models: [Named], _ sets: EvaluationSets) throws(ComputationError) {
    let oracle = models.first { $0.subject == .oracle }
    let compared = models.filter { $0.subject != .oracle }
    for part in Part.allCases {
      guard let examples = sets.examples[part], !examples.isEmpty else { continue }
      let scores = try ExampleScores.of(
        compared.map(\.model), oracle: oracle?.model, on: examples,
        tokensPerPass: options.tokensPerPass)
      for (subject, scores) in zip(compared.map(\.subject) + [.oracle], scores) {
        self.scores[subject, default: [:]][part] = scores
      }
    }
    for (subject, _) in models {
      for part in Part.allCases {
        if let scores = scores[subject]?[part] { add(subject, part, scores) }
      }
    }
    for part in [Part.forget, .retain] {
      if oracle == nil {
        skip("oracle-distance", "jensen-shannon", part, because: "no oracle was given")
      } else if let scores = scores[.after]?[part], scores.divergences.isEmpty {
        skip(
          "oracle-distance", "jensen-shannon", part,
          because: "it is not defined for places of answers and for choices")
      }
    }
  }

  private mutating func add(_ subject: Subject, _ part: Part, _ scores: ExampleScores) {
    let means = scores.means
    enter(mean: means, "loss", "nats-per-label", subject, part)
    enter(mean: means.map { exp(-$0) }, "probability", "geometric-mean", subject, part)
    enter(share: scores.isRight, "accuracy", "teacher-forced-exact", subject, part)
    if !scores.divergences.isEmpty {
      enter(mean: scores.divergences, "oracle-distance", "jensen-shannon", subject, part)
    }
  }
}
