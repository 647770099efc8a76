import Architecture
import Compute
import Metrics
import Training
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whether a model still writes text: how likely its own answers are under the oracle, which never saw the forget set.
///
/// A model that unlearning has broken answers with what no one would write, and the oracle finds that improbable. What it
/// can't tell: a text that is repeated, or short, is probable as well.
extension EffectEvaluation {
  private static let perplexityName = "answer-perplexity"

  /// Takes the answers that were generated before.
  mutating func addFluency(_ models: [Named], _ sets: EvaluationSets) throws(ComputationError) {
    guard let newTokens = options.newTokens, !answers.isEmpty else { return }
    guard let oracle = models.first(where: { $0.subject == .oracle })?.model else {
      return skip(Self.perplexityName, "oracle", because: "no oracle given")
    }
    for (subject, _) in models {
      for part in Part.allCases {
        guard let set = sets.questions[part], let tokens = answers[subject]?[part]?.tokens,
          !tokens.isEmpty
        else { continue }
        let examples = zip(set.questions, tokens).compactMap {
          Self.example($0, answer: $1, positions: oracle.plan.sequenceLimit)
        }
        let scores =
          examples.isEmpty
          ? nil
          : try ExampleScores(of: oracle, on: examples, tokensPerPass: options.tokensPerPass)
        let measurement = Measurement(
          Self.perplexityName, variant: "oracle.\(Self.rule(set, newTokens))",
          count: examples.count,
          seeds: options.seeds,
          value: { () throws(Undefined) in try Self.perplexity(scores) })
        enter(measurement, subject, part, values: scores?.means ?? [])
      }
    }
  }

  /// `exp` of the mean negative log-probability over all tokens of all answers.
  private static func perplexity(_ scores: ExampleScores?) throws(Undefined) -> Double {
    guard let scores else { throw Undefined(.empty, in: "answers") }
    for (index, loss) in scores.losses.enumerated() where !loss.isFinite {
      throw Undefined(
        loss.isNaN ? .notANumber(index: index) : .infinite(index: index), in: "losses of answers")
    }
    return exp(scores.loss)
  }

  /// A prompt with the answer that was given to it as what is to be predicted, as far as the oracle has positions; nil
  /// where nothing was answered.
  private static func example(
    _ question: QuestionSet.Question, answer: [Int32], positions: Int
  ) -> EncodedExample? {
    guard case .prompt(let prompt, _) = question.source else { return nil }
    let answer = answer.prefix(max(0, positions - prompt.count))
    guard !answer.isEmpty else { return nil }
    let ignored = Array(repeating: ignoredLabel, count: prompt.count)
    let tokens = prompt + answer
    return EncodedExample(
      sequences: [tokens], tokenTypes: [Array(repeating: 0, count: tokens.count)],
      target: .tokens([ignored + answer]))
  }
}
