import Compute
import Metrics
import Tokenization
import Training
import Transformer

/// What single tokens tell: how much of an answer is known by heart, and whether it was trained on.
extension EffectEvaluation {
  mutating func addTokens(_ models: [Named], _ sets: EvaluationSets) throws(ComputationError) {
    guard options.measuresTokens else { return }
    guard let tokenizer = sets.tokenizer else {
      for strength in Memorization.ExtractionStrength.allCases {
        skip(
          "extraction-strength", strength.rawValue, .forget,
          because: "it is defined for language models")
      }
      return
    }
    var attacks: [Subject: MembershipScores] = [:]
    for (subject, model) in models {
      var scores: [Part: TokenScores] = [:]
      for part in Part.allCases {
        guard let examples = sets.examples[part], !examples.isEmpty else { continue }
        let tokens = try TokenScores(
          of: model, on: examples, tokensPerPass: options.tokensPerPass)
        addMemorization(tokens.withoutEnd(sets.end), subject, part)
        scores[part] = tokens
      }
      if let forget = scores[.forget], let test = scores[.test] {
        attacks[subject] = try membership(
          subject, model,
          MembershipScores(
            forget: forget, holdout: test, end: sets.end, tokenizer: tokenizer), sets)
      }
    }
    addAttacks(attacks)
  }

  /// Adds the attacks that are not made of one pass over tokens.
  private func membership(
    _ subject: Subject, _ model: Model<Float>, _ scores: MembershipScores, _ sets: EvaluationSets
  ) throws(ComputationError) -> MembershipScores {
    var scores = scores
    guard let forget = self.scores[subject]?[.forget]?.means,
      let holdout = self.scores[subject]?[.test]?.means
    else { return scores }
    scores.add("loss", forget: forget, holdout: holdout)
    if let first = referenceLosses[.forget], let second = referenceLosses[.test] {
      func less(_ losses: [Double], _ reference: [Double]) -> [Double] {
        zip(losses, reference).map { loss, reference in
          Self.numberOrNaN { () throws(Undefined) in
            try MembershipScore.referenceDifference(loss: loss, referenceLoss: reference)
          }
        }
      }
      scores.add("reference", forget: less(forget, first), holdout: less(holdout, second))
    }
    if options.measuresGradients {
      scores.add(
        "gradient-norm",
        forget: try GradientNorms.of(model, on: sets.examples[.forget] ?? [], end: sets.end),
        holdout: try GradientNorms.of(model, on: sets.examples[.test] ?? [], end: sets.end))
    }
    return scores
  }

  private mutating func addMemorization(
    _ answers: [[TokenScores.Token]], _ subject: Subject, _ part: Part
  ) {
    let hits = answers.map { $0.map(\.isFirst) }
    enter(
      mean: hits.map { hits in
        Self.numberOrNaN { () throws(Undefined) in try Memorization.exact(hits: hits) }
      }, "exact-memorization", "", subject, part)
    for strength in Memorization.ExtractionStrength.allCases {
      enter(
        mean: hits.map { hits in
          Self.numberOrNaN { () throws(Undefined) in try strength.value(hits: hits) }
        }, "extraction-strength", strength.rawValue, subject, part)
    }
  }

  static func numberOrNaN(_ value: () throws(Undefined) -> Double) -> Double {
    do throws(Undefined) { return try value() } catch { return .nan }
  }
}
