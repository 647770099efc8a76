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
}
