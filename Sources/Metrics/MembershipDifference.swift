/// By how much an attack tells the forget set from a holdout set better under one model than under another.
///
/// `AUC − AUC_oracle`, from −1 to 1: above 0 the forget set looks more memorised than to a model that never saw it,
/// below 0 less, which is over-forgetting. Scores of one example under both models stand at the same index.
public struct MembershipDifference: Sendable {
  private let forget: [(model: Double, oracle: Double)]
  private let holdout: [(model: Double, oracle: Double)]
  /// The difference of the two areas.
  public let value: Double

  /// Takes each example's score under both models; lower means member.
  public init(
    forget: [Double], holdout: [Double], oracleForget: [Double], oracleHoldout: [Double]
  ) throws(Undefined) {
    try checkCounts(forget.count, oracleForget.count, "forget scores of model and oracle")
    try checkCounts(holdout.count, oracleHoldout.count, "holdout scores of model and oracle")
    value =
      try MembershipAttack(forget: forget, holdout: holdout).auc
      - MembershipAttack(forget: oracleForget, holdout: oracleHoldout).auc
    self.forget = Array(zip(forget, oracleForget))
    self.holdout = Array(zip(holdout, oracleHoldout))
  }

  /// A percentile bootstrap interval: examples are drawn anew in each set, their two scores together.
  public func bootstrap(
    resamples: Int = 1000, level: Double = 0.95, using random: inout some RandomNumberGenerator
  ) throws(Undefined) -> Interval {
    try Bootstrap.interval(resamples: resamples, level: level) {
      let first = Bootstrap.indices(forget.count, using: &random).map { forget[$0] }
      let second = Bootstrap.indices(holdout.count, using: &random).map { holdout[$0] }
      return MembershipAttack.auc(first.map(\.model).sorted(), second.map(\.model).sorted())
        - MembershipAttack.auc(first.map(\.oracle).sorted(), second.map(\.oracle).sorted())
    }
  }
}
