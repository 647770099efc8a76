#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Probabilities of answers from their mean losses `ℓ = −(1/T) Σ log p(token)`, in nats.
///
/// Source: TOFU (Maini et al., 2024) as open-unlearning computes it; `T` counts the end-of-text token there.
public enum Likelihood {
  /// What is added to denominators, as open-unlearning does.
  public static let epsilon = 1e-10

  /// The geometric mean of an answer's token probabilities, `exp(−ℓ)`.
  ///
  /// An infinite loss is a probability of 0.
  public static func probability(meanLoss: Double) throws(Undefined) -> Double {
    try checkLosses([meanLoss], "answer loss")
    return exp(-meanLoss)
  }

  /// The share of the right answer, `p / (p + Σ wrong + 1e-10)` with each `p = exp(−ℓ)`.
  ///
  /// TOFU uses it where there are several answers to choose from (real authors, world facts).
  public static func normalizedProbability(
    rightLoss: Double, wrongLosses: [Double]
  ) throws(Undefined) -> Double {
    try checkLosses([rightLoss], "right answer's loss")
    try checkLosses(wrongLosses, "wrong answers' losses")
    let right = exp(-rightLoss)
    return right / (right + wrongLosses.map { exp(-$0) }.compensatedSum + epsilon)
  }

  /// Refuses NaN and negative losses, which no probability has; a little below 0 is rounding.
  static func checkLosses(_ losses: [Double], _ subject: String) throws(Undefined) {
    try losses.checkNumbers(subject)
    if let loss = losses.first(where: { $0 < -1e-3 }) {
      throw Undefined(.outOfRange(loss), in: subject)
    }
  }
}
