/// Count, mean and standard deviation of some values, such as one number for each seed.
public struct SampleSummary: Hashable, Sendable {
  /// How many values there are.
  public let count: Int
  /// Their mean.
  public let mean: Double
  /// `√(Σ(x − x̄)²/(n−1))`; nil for a single value, which has no spread.
  public let standardDeviation: Double?

  /// Summarises values, which must be finite.
  public init(_ values: [Double]) throws(Undefined) {
    try values.checkFinite("values")
    let mean = values.plainMean
    let deviation = (values.squaresAround(mean) / Double(max(1, values.count - 1))).squareRoot()
    guard mean.isFinite, deviation.isFinite else {
      throw Undefined(.outOfRange(.infinity), in: "sums over the values")
    }
    (count, self.mean) = (values.count, mean)
    standardDeviation = values.count > 1 ? deviation : nil
  }

  /// Student's interval for the mean, `x̄ ± t s/√n` with n − 1 degrees of freedom.
  public func interval(level: Double = 0.95) throws(Undefined) -> Interval {
    guard let standardDeviation else { throw Undefined(.tooFew(need: 2, have: 1), in: "values") }
    let t = try Quantile.twoSidedT(level: level, degreesOfFreedom: count - 1)
    let half = t * standardDeviation / Double(count).squareRoot()
    return Interval(lower: mean - half, upper: mean + half, level: level, method: .studentT)
  }
}
