/// A count of successes in a count of trials.
public struct Proportion: Hashable, Sendable {
  /// How many succeeded.
  public let successes: Int
  /// How many there were.
  public let count: Int

  /// Takes counts; there must be a trial, and no more successes than trials.
  public init(successes: Int, of count: Int) throws(Undefined) {
    guard count > 0 else { throw Undefined(.empty, in: "trials") }
    guard (0...count).contains(successes) else {
      throw Undefined(.outOfRange(Double(successes)), in: "successes")
    }
    self.successes = successes
    self.count = count
  }

  /// Counts the true ones.
  public init(_ outcomes: [Bool]) throws(Undefined) {
    try self.init(successes: outcomes.count { $0 }, of: outcomes.count)
  }

  /// The share of equal elements at the same place: accuracy, or the agreement of two models' predictions.
  public init<Label: Equatable>(agreementOf left: [Label], _ right: [Label]) throws(Undefined) {
    try checkCounts(left.count, right.count, "labels")
    try self.init(zip(left, right).map { $0 == $1 })
  }

  /// The share, from 0 to 1.
  public var value: Double { Double(successes) / Double(count) }

  /// Wilson's score interval (1927), without continuity correction.
  ///
  /// `(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)` with the normal quantile z of the level.
  public func wilson(level: Double = 0.95) throws(Undefined) -> Interval {
    let z = try Quantile.twoSidedNormal(level: level)
    let (n, p) = (Double(count), value)
    let center = p + z * z / (2 * n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return Interval(
      lower: successes == 0 ? 0 : (center - half) / scale,
      upper: successes == count ? 1 : (center + half) / scale, level: level, method: .wilson)
  }
}
