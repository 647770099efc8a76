/// How well a score tells the forget set from a holdout set that was never trained on.
///
/// Scores are those of ``MembershipScore``: **lower means member**. `AUC = P(s_holdout > s_forget) + ½ P(equal)`, so
/// **1: the forget set looks memorised; ½: no difference; 0: it looks less known than what was never seen**, which is
/// over-forgetting and a failure too. Compare with the oracle's AUC, not with ½: the two sets may differ by themselves.
public struct MembershipAttack: Hashable, Sendable {
  /// The scores of the forget set, ascending.
  public let forget: [Double]
  /// The scores of the holdout set, ascending.
  public let holdout: [Double]

  /// Takes the scores of both sets; infinities rank like other numbers.
  public init(forget: [Double], holdout: [Double]) throws(Undefined) {
    try forget.checkNumbers("forget scores")
    try holdout.checkNumbers("holdout scores")
    self.forget = forget.sorted()
    self.holdout = holdout.sorted()
  }

  /// The area under the ROC curve (Mann–Whitney), exact with ties, from 0 to 1.
  ///
  /// - Complexity: O(*n* + *m*)
  public var auc: Double { Self.auc(forget, holdout) }

  /// The largest share of the forget set that is called member while at most a share of the holdout set is.
  ///
  /// Thresholds are scores that occur; nothing is interpolated, so the rate is reachable. At 0 the threshold is below
  /// every holdout score.
  public func truePositiveRate(atFalsePositiveRate limit: Double) throws(Undefined) -> Double {
    try [limit].checkShares("false positive rate")
    // The first holdout score that may not be called member.
    let allowed = holdout.indices.last { Double($0) / Double(holdout.count) <= limit } ?? 0
    let isAll = limit >= 1
    let caught = isAll ? forget.count : forget.count { $0 < holdout[allowed] }
    return Double(caught) / Double(forget.count)
  }

  /// DeLong's interval for the AUC (1988), with a normal quantile, cut at 0 and 1.
  ///
  /// Not defined where the sets are separated or all equal: the estimated variance is 0 there.
  public func deLong(level: Double = 0.95) throws(Undefined) -> Interval {
    let z = try Quantile.twoSidedNormal(level: level)
    let fewest = min(forget.count, holdout.count)
    guard fewest >= 2 else { throw Undefined(.tooFew(need: 2, have: fewest), in: "scores") }
    let variance =
      Self.placementVariance(holdout, among: forget) / Double(holdout.count)
      + Self.placementVariance(forget, among: holdout) / Double(forget.count)
    guard variance > 0 else { throw Undefined(.constant, in: "placements of the scores") }
    let half = z * variance.squareRoot()
    return Interval(
      lower: max(0, auc - half), upper: min(1, auc + half), level: level, method: .deLong)
  }

  /// A percentile bootstrap interval for the AUC; both sets are drawn anew, each from itself.
  public func bootstrap(
    resamples: Int = 2000, level: Double = 0.95, using random: inout some RandomNumberGenerator
  ) throws(Undefined) -> Interval {
    try Bootstrap.interval(resamples: resamples, level: level) {
      Self.auc(
        Bootstrap.sortedResample(forget, using: &random),
        Bootstrap.sortedResample(holdout, using: &random))
    }
  }

  static func auc(_ forget: [Double], _ holdout: [Double]) -> Double {
    var (below, upTo, doubled) = (0, 0, 0)
    for score in holdout {
      while below < forget.count, forget[below] < score { below += 1 }
      upTo = max(upTo, below)
      while upTo < forget.count, forget[upTo] <= score { upTo += 1 }
      doubled += below + upTo
    }
    return Double(doubled) / (2 * Double(forget.count) * Double(holdout.count))
  }

  /// The variance over one set of the share of the other that lies below, ties by half; both ascending.
  private static func placementVariance(_ values: [Double], among others: [Double]) -> Double {
    var (below, upTo) = (0, 0)
    let placements = values.map { value in
      while below < others.count, others[below] < value { below += 1 }
      upTo = max(upTo, below)
      while upTo < others.count, others[upTo] <= value { upTo += 1 }
      return Double(below + upTo) / (2 * Double(others.count))
    }
    return placements.squaresAround(placements.plainMean) / Double(placements.count - 1)
  }
}
