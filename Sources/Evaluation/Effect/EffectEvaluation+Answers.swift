import Compute
import Metrics
import Training
import Transformer

/// Answers in words: ROUGE-L recall where they are generated, exact match and F1.
extension EffectEvaluation {
  mutating func addAnswers(_ models: [Named], _ sets: EvaluationSets) throws(ComputationError) {
    guard let newTokens = options.newTokens else {
      return skipAnswers(because: "answers were not asked for")
    }
    guard !sets.questions.isEmpty else {
      return skipAnswers(because: "no questions with answers in words were given")
    }
    for (subject, model) in models {
      for part in Part.allCases {
        guard let set = sets.questions[part], !set.questions.isEmpty else { continue }
        let answers = try AnswerScores(
          of: model, on: set, newTokens: newTokens, tokensPerPass: options.tokensPerPass)
        self.answers[subject, default: [:]][part] = answers
        add(subject, part, answers, Self.rule(set, newTokens))
      }
    }
  }

  /// How answers were made, for variants: `greedy(200)`, and `gold*2` where no token ends them.
  static func rule(_ set: QuestionSet, _ newTokens: Int) -> String {
    if case .passage = set.questions.first?.source { return "span(\(SpanAnswer.longest))" }
    return set.end == nil ? "greedy(\(newTokens),gold*2)" : "greedy(\(newTokens))"
  }

  /// The name of recall with how answers were made.
  static func recallVariant(_ rule: String) -> String {
    "\(AnswerScores.rouge.variant(.recall)).\(rule)"
  }

  private mutating func add(
    _ subject: Subject, _ part: Part, _ answers: AnswerScores, _ rule: String
  ) {
    if answers.recalls.count == answers.texts.count {
      enter(mean: answers.recalls, "rouge", Self.recallVariant(rule), subject, part)
    } else if subject == .after {
      skip(
        "rouge", AnswerScores.rouge.variant(.recall), part,
        because: "the answers are parts of passages, not generated")
    }
    let variant = "\(answers.rule.rawValue).\(rule)"
    enter(share: answers.isExact, "exact-match", variant, subject, part)
    enter(mean: answers.f1, "answer-f1", variant, subject, part)
  }

  private mutating func skipAnswers(because reason: String) {
    skip("rouge", AnswerScores.rouge.variant(.recall), because: reason)
    skip("exact-match", AnswerScore.Rule.squad1.rawValue, because: reason)
    skip("answer-f1", AnswerScore.Rule.squad1.rawValue, because: reason)
  }
}
