/// TOFU's model utility: the harmonic mean of what a model should still be able to do.
///
/// TOFU takes nine numbers: for each of retain set, real authors and world facts the probability (normalised for the
/// last two), ROUGE-L recall with stemming, and the truth ratio aggregated by `trueIsBetter`.
public enum ModelUtility {
  /// The harmonic mean `n / Σ 1/x`; 0 if any `x` is 0.
  ///
  /// All must be finite and at least 0.
  public static func harmonicMean(_ values: [Double]) throws(Undefined) -> Double {
    try values.checkFinite("utilities")
    if let value = values.first(where: { $0 < 0 }) {
      throw Undefined(.outOfRange(value), in: "utilities")
    }
    if values.contains(0) { return 0 }
    return Double(values.count) / values.map { 1 / $0 }.compensatedSum
  }

  /// The harmonic mean of the means of several numbers, each taken of the examples of its set.
  ///
  /// - Parameter sets: For each set its numbers, for each number a value for each example.
  public static func ofMeans(_ sets: [[[Double]]]) throws(Undefined) -> Double {
    let means = sets.flatMap { $0 }
    for values in means { try values.checkFinite("values of a set") }
    return try harmonicMean(means.map(\.plainMean))
  }

  /// A percentile bootstrap interval of ``ofMeans(_:)``.
  ///
  /// Each set's examples are drawn anew, and an example's numbers stay together.
  ///
  /// - Complexity: O(resamples · values)
  public static func bootstrap(
    _ sets: [[[Double]]], resamples: Int = 2000, level: Double = 0.95,
    using random: inout some RandomNumberGenerator
  ) throws(Undefined) -> Interval {
    _ = try ofMeans(sets)
    for set in sets {
      for values in set { try checkCounts(set[0].count, values.count, "numbers of a set") }
    }
    return try Bootstrap.interval(resamples: resamples, level: level) {
      var means: [Double] = []
      for set in sets {
        let drawn = Bootstrap.indices(set.first?.count ?? 0, using: &random)
        for values in set {
          means.append(drawn.map { values[$0] }.compensatedSum / Double(drawn.count))
        }
      }
      // As the harmonic mean itself; all are finite and at least 0.
      return means.contains(0) ? 0 : Double(means.count) / means.map { 1 / $0 }.compensatedSum
    }
  }
}
