#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Scores that tell whether a text was trained on; **lower means member** for all of them.
///
/// Source: open-unlearning's attacks. Log-probabilities are those of the answer's tokens, in nats; LOSS counts the
/// end-of-text token, Min-K and Min-K++ are given the tokens without it.
public enum MembershipScore {
  /// The share of tokens that open-unlearning uses for Min-K and Min-K++.
  public static let defaultShare = 0.4

  /// LOSS (Yeom et al., 2018): `−mean log p`.
  public static func loss(_ logProbabilities: [Double]) throws(Undefined) -> Double {
    try checkLogProbabilities(logProbabilities)
    return -logProbabilities.plainMean
  }

  /// Min-K (Shi et al., 2024): minus the mean of the `max(1, ⌊kT⌋)` lowest `log p`.
  public static func minK(
    _ logProbabilities: [Double], share: Double = defaultShare
  ) throws(Undefined) -> Double {
    try checkLogProbabilities(logProbabilities)
    return try lowest(logProbabilities, share)
  }

  /// Min-K++ (Zhang et al., 2025): as Min-K, of `z = (log p − μ) / √max(σ², 1e-6)`.
  ///
  /// `μ` and `σ²` are mean and variance of `log p` over the vocabulary, weighted by `p`, at each token.
  public static func minKPlusPlus(
    _ logProbabilities: [Double], means: [Double], variances: [Double],
    share: Double = defaultShare
  ) throws(Undefined) -> Double {
    try checkLogProbabilities(logProbabilities)
    try checkCounts(logProbabilities.count, means.count, "log-probabilities and means")
    try checkCounts(logProbabilities.count, variances.count, "log-probabilities and variances")
    try means.checkFinite("means")
    try variances.checkFinite("variances")
    if let variance = variances.first(where: { $0 < -1e-3 }) {
      throw Undefined(.outOfRange(variance), in: "variances")
    }
    let scores = logProbabilities.indices.map {
      (logProbabilities[$0] - means[$0]) / max(variances[$0], 1e-6).squareRoot()
    }
    return try lowest(scores, share)
  }

  /// The reference attack: the loss less that of a model that never saw the text, `ℓ − ℓ_ref`.
  public static func referenceDifference(
    loss: Double, referenceLoss: Double
  ) throws(Undefined) -> Double {
    try [loss, referenceLoss].checkNumbers("losses")
    return try checkedResult(loss - referenceLoss, "difference of losses")
  }

  /// The mean over the vocabulary of `log p` under `p`, and its variance, for Min-K++.
  ///
  /// Tokens of probability 0 count for nothing.
  public static func moments(
    _ logProbabilities: Span<Float>
  ) throws(Undefined) -> (mean: Double, variance: Double) {
    guard !logProbabilities.isEmpty else { throw Undefined(.empty, in: "log-probabilities") }
    var (total, first) = (CompensatedSum(), CompensatedSum())
    for index in logProbabilities.indices {
      let value = Double(logProbabilities[index])
      guard !value.isNaN else {
        throw Undefined(.notANumber(index: index), in: "log-probabilities")
      }
      let p = exp(value)
      total.add(p)
      if p > 0 { first.add(p * value) }
    }
    try Divergence.checkTotal(total.value)
    var second = CompensatedSum()
    for index in logProbabilities.indices {
      let value = Double(logProbabilities[index])
      let p = exp(value)
      if p > 0 { second.add(p * (value - first.value) * (value - first.value)) }
    }
    return (first.value, second.value)
  }

  private static func checkLogProbabilities(_ values: [Double]) throws(Undefined) {
    try values.checkNumbers("log-probabilities")
    // A little above 0 is rounding; more is a logit.
    if let value = values.first(where: { $0 > 1e-3 }) {
      throw Undefined(.outOfRange(value), in: "log-probabilities")
    }
  }

  private static func lowest(_ values: [Double], _ share: Double) throws(Undefined) -> Double {
    guard share > 0, share <= 1 else {
      throw share.isNaN
        ? Undefined(.notANumber(index: 0), in: "share of tokens")
        : Undefined(.outOfRange(share), in: "share of tokens")
    }
    let count = max(1, Int(share * Double(values.count)))
    return -Array(values.sorted().prefix(count)).plainMean
  }
}
