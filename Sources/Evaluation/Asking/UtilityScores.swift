public import Compute
import Metrics
public import Training
public import Transformer

/// The three numbers of a utility set under one model, example by example; larger is better, from 0 to 1.
///
/// Source: TOFU (Maini et al., 2024), as open-unlearning computes it.
public struct UtilityScores: Sendable, Hashable {
  /// The probability of the right answer; for general sets its share of that of all answers.
  ///
  /// NaN where a model's losses are no numbers.
  public let probabilities: [Double]
  /// The ROUGE-L recall of the generated answer, with stemming.
  public let recalls: [Double]
  /// `max(0, 1 − R)` of the truth ratio R, with the geometric mean over wrong answers.
  public let truths: [Double]

  /// The three, in TOFU's order.
  public var numbers: [[Double]] { [probabilities, recalls, truths] }

  /// Scores a set.
  ///
  /// - Parameter answers: The model's answers to the set's questions.
  public init(
    of model: Model<Float>, on set: UtilitySet, answers: AnswerScores, tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    func losses(_ examples: [EncodedExample]) throws(ComputationError) -> [Double] {
      try ExampleScores(of: model, on: examples, tokensPerPass: tokensPerPass).means
    }
    let right = try losses(set.right)
    let paraphrased = set.paraphrased == set.right ? right : try losses(set.paraphrased)
    let wrong = ExampleScores.parted(
      try losses(Array(set.wrong.joined())), like: set.wrong)
    var (probabilities, truths): ([Double], [Double]) = ([], [])
    for (index, others) in wrong.enumerated() {
      do throws(Undefined) {
        switch set.kind {
        case .retained: probabilities.append(try Likelihood.probability(meanLoss: right[index]))
        case .general:
          probabilities.append(
            try Likelihood.normalizedProbability(rightLoss: right[index], wrongLosses: others))
        }
      } catch { probabilities.append(.nan) }
      do throws(Undefined) {
        let ratio = try TruthRatio.geometric.ratio(
          rightLoss: paraphrased[index], wrongLosses: others)
        truths += try TruthRatio.Aggregate.trueIsBetter.scores(of: [ratio])
      } catch { truths.append(.nan) }
    }
    guard answers.recalls.count == set.right.count else {
      throw .mismatch("\(answers.recalls.count) answers to \(set.right.count) questions")
    }
    self.probabilities = probabilities
    self.truths = truths
    recalls = answers.recalls
  }
}
