#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// TOFU's truth ratio `R`: how probable wrong answers are, relative to a paraphrase of the right one.
///
/// `R = w / (exp(−ℓ_right) + 1e-10)`. About 1 where the model can't tell them apart, near 0 where it knows the right
/// answer. The variants differ in `w` and give different forget quality and utility: say which one it is.
public enum TruthRatio: String, Hashable, Sendable, CaseIterable {
  /// `w = exp(−mean ℓ_wrong)`: open-unlearning, and `aggregate_eval_stat` of TOFU's code.
  case geometric
  /// `w = mean exp(−ℓ_wrong)`: the formula of TOFU's paper.
  case arithmetic

  /// How ratios become one number for a set; both are better when larger, from 0 to 1.
  public enum Aggregate: String, Hashable, Sendable, CaseIterable {
    /// `mean min(R, 1/(R + 1e-10))`: for the forget set.
    case closerToOneIsBetter
    /// `mean max(0, 1 − R)`: for retain set, real authors, world facts.
    case trueIsBetter

    /// Aggregates the ratios of a set: the mean of their scores.
    public func value(of ratios: [Double]) throws(Undefined) -> Double {
      try scores(of: ratios).plainMean
    }

    /// What each ratio of a set counts, from 0 to 1.
    public func scores(of ratios: [Double]) throws(Undefined) -> [Double] {
      try ratios.checkFinite("truth ratios")
      if let ratio = ratios.first(where: { $0 < 0 }) {
        throw Undefined(.outOfRange(ratio), in: "truth ratios")
      }
      return ratios.map { ratio in
        switch self {
        case .closerToOneIsBetter: min(ratio, 1 / (ratio + Likelihood.epsilon))
        case .trueIsBetter: max(0, 1 - ratio)
        }
      }
    }
  }

  /// The ratio for one question, from mean losses in nats.
  public func ratio(rightLoss: Double, wrongLosses: [Double]) throws(Undefined) -> Double {
    try Likelihood.checkLosses([rightLoss], "right answer's loss")
    try Likelihood.checkLosses(wrongLosses, "wrong answers' losses")
    let wrong =
      switch self {
      case .geometric: exp(-wrongLosses.plainMean)
      case .arithmetic: wrongLosses.map { exp(-$0) }.plainMean
      }
    return wrong / (exp(-rightLoss) + Likelihood.epsilon)
  }

  /// `p / (p + p_wrong + 1e-10)` with `p_wrong = exp(−mean ℓ_wrong)`: from 0 to 1, more where the right answer is known.
  ///
  /// OpenUnlearning's `prob_mean` (Dorna et al., 2025), a set's number being the mean; about `1/(1 + R)` of the geometric
  /// ratio, and so with the same forget quality.
  public static func probabilityMean(
    rightLoss: Double, wrongLosses: [Double]
  ) throws(Undefined) -> Double {
    try Likelihood.checkLosses([rightLoss], "right answer's loss")
    try Likelihood.checkLosses(wrongLosses, "wrong answers' losses")
    let right = exp(-rightLoss)
    return right / (right + exp(-wrongLosses.plainMean) + Likelihood.epsilon)
  }
}
