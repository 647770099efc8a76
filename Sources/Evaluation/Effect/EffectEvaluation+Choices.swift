import Compute
import Metrics
import Training
import Transformer

/// Multiple choice as lm-evaluation-harness scores it, without examples in the prompt.
extension EffectEvaluation {
  mutating func addChoices(_ models: [Named], _ sets: EvaluationSets) throws(ComputationError) {
    let given = sets.choices.filter { !$0.items.isEmpty }
    guard options.measuresChoices, !given.isEmpty else {
      return skip(
        "choice-accuracy", "letters.zero-shot",
        because: options.measuresChoices
          ? "no multiple-choice questions were given" : "multiple choice was not asked for")
    }
    for (subject, model) in models {
      for set in given {
        let scores = try ChoiceScores(of: model, on: set, tokensPerPass: options.tokensPerPass)
        let shots = set.subject == nil ? "zero-shot" : "zero-shot(subject)"
        add(scores.letters, .plain, "letters.\(shots)", subject, set)
        add(scores.texts, .perByte, "texts.\(shots).per-byte", subject, set)
      }
    }
  }

  private mutating func add(
    _ items: [MultipleChoiceItem], _ normalization: MultipleChoiceItem.Normalization,
    _ variant: String, _ subject: Subject, _ set: ChoiceSet
  ) {
    let measurement = Measurement(
      "choice-accuracy", variant: variant, count: items.count, seeds: options.seeds,
      value: { () throws(Undefined) in
        try MultipleChoiceItem.accuracy(items, normalization).value
      },
      interval: { () throws(Undefined) in
        try MultipleChoiceItem.accuracy(items, normalization).wilson()
      })
    enter(measurement, subject, set: set.name)
  }
}
