/// Percentile bootstrap intervals (Efron, 1979); the same generator state gives the same interval.
///
/// Percentiles are interpolated linearly between the sorted statistics, as NumPy does by default.
public enum Bootstrap {
  /// An interval for the mean of values, drawn anew with replacement.
  ///
  /// - Complexity: O(resamples · *n*)
  public static func mean(
    _ values: [Double], resamples: Int = 2000, level: Double = 0.95,
    using random: inout some RandomNumberGenerator
  ) throws(Undefined) -> Interval {
    try values.checkFinite("values")
    return try interval(resamples: resamples, level: level) {
      var sum = CompensatedSum()
      for _ in values { sum.add(values[index(below: values.count, using: &random)]) }
      return sum.value / Double(values.count)
    }
  }

  /// An interval for the mean of `left − right`, pairs drawn together.
  public static func pairedDifference(
    _ left: [Double], _ right: [Double], resamples: Int = 2000, level: Double = 0.95,
    using random: inout some RandomNumberGenerator
  ) throws(Undefined) -> Interval {
    try checkCounts(left.count, right.count, "pairs")
    try left.checkFinite("left values")
    try right.checkFinite("right values")
    return try mean(
      zip(left, right).map { $0 - $1 }, resamples: resamples, level: level, using: &random)
  }

  /// The interval of a statistic, which the closure computes for a new sample each time.
  static func interval(
    resamples: Int, level: Double, statistic: () -> Double
  ) throws(Undefined) -> Interval {
    try checkLevel(level)
    guard resamples >= 2 else {
      throw Undefined(.tooFew(need: 2, have: resamples), in: "resamples")
    }
    let statistics = (0..<resamples).map { _ in statistic() }.sorted()
    try statistics.checkFinite("resampled statistics")
    return Interval(
      lower: percentile(statistics, (1 - level) / 2),
      upper: percentile(statistics, (1 + level) / 2), level: level,
      method: .percentileBootstrap(resamples: resamples))
  }

  /// The value below which a share of ascending values lies.
  package static func percentile(_ sorted: [Double], _ share: Double) -> Double {
    let position = min(max(share, 0), 1) * Double(sorted.count - 1)
    let index = min(Int(position), sorted.count - 1)
    let next = min(index + 1, sorted.count - 1)
    return sorted[index] + (sorted[next] - sorted[index]) * (position - Double(index))
  }

  /// As many values as there are, drawn with replacement, ascending; the values must be ascending.
  static func sortedResample(
    _ values: [Double], using random: inout some RandomNumberGenerator
  ) -> [Double] {
    var counts = [Int](repeating: 0, count: values.count)
    for _ in values { counts[index(below: values.count, using: &random)] += 1 }
    return zip(values, counts).flatMap { repeatElement($0, count: $1) }
  }

  /// As many indices as there are values, drawn with replacement.
  static func indices(_ count: Int, using random: inout some RandomNumberGenerator) -> [Int] {
    (0..<count).map { _ in index(below: count, using: &random) }
  }

  /// A whole number from 0 below a bound, from 64 random bits.
  ///
  /// Not the standard library's way, which may change: records must stay reproducible. The bias is below count/2⁶⁴.
  private static func index(below count: Int, using random: inout some RandomNumberGenerator) -> Int
  {
    let bits: UInt64 = random.next()
    return Int(bits.multipliedFullWidth(by: UInt64(count)).high)
  }
}
