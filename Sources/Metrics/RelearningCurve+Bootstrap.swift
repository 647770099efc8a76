extension RelearningCurve {
  /// A percentile bootstrap interval of ``recoveredShare()`` over the examples that a metric is the mean of.
  ///
  /// An example's three curves stay together. Not defined where, in a sample, the original knows no more than the
  /// oracle.
  ///
  /// - Parameter curves: For each example its curve, of all three models, over the same steps.
  /// - Complexity: O(resamples · examples)
  public static func bootstrapRecoveredShare(
    _ curves: [RelearningCurve], resamples: Int = 2000, level: Double = 0.95,
    using random: inout some RandomNumberGenerator
  ) throws(Undefined) -> Interval {
    guard curves.count >= 2 else {
      throw Undefined(.tooFew(need: 2, have: curves.count), in: "curves")
    }
    var areas: [(unlearned: Double, original: Double, oracle: Double)] = []
    for curve in curves {
      areas.append((try curve.area(.unlearned), try curve.area(.original), try curve.area(.oracle)))
    }
    // A mean's area is the mean of areas.
    return try Bootstrap.interval(resamples: resamples, level: level) {
      let drawn = Bootstrap.indices(areas.count, using: &random)
      let above = drawn.map { areas[$0].unlearned - areas[$0].oracle }.compensatedSum
      let span = drawn.map { areas[$0].original - areas[$0].oracle }.compensatedSum
      return span > 0 ? above / span : .nan
    }
  }
}
