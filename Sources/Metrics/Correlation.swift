/// Correlations of two lists of numbers, from −1 to 1 (STS-B reports both).
public enum Correlation {
  /// Pearson's r: `Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²)`.
  ///
  /// Not defined if one list is constant.
  public static func pearson(_ x: [Double], _ y: [Double]) throws(Undefined) -> Double {
    try checkCounts(x.count, y.count, "x and y")
    try x.checkFinite("x")
    try y.checkFinite("y")
    guard x.contains(where: { $0 != x[0] }) else { throw Undefined(.constant, in: "x") }
    guard y.contains(where: { $0 != y[0] }) else { throw Undefined(.constant, in: "y") }
    let (left, right) = (centered(x), centered(y))
    let product = zip(left, right).map { $0 * $1 }.compensatedSum
    let scale = left.squaresAround(0).squareRoot() * right.squaresAround(0).squareRoot()
    return min(1, max(-1, try checkedResult(product / scale, "correlation")))
  }

  /// Spearman's ρ: Pearson's r of the ranks, ties at their mean rank.
  ///
  /// - Complexity: O(*n* log *n*)
  public static func spearman(_ x: [Double], _ y: [Double]) throws(Undefined) -> Double {
    try x.checkNumbers("x")
    try y.checkNumbers("y")
    return try pearson(ranks(x), ranks(y))
  }

  /// The ranks from 1, ties at their mean rank; infinities rank like other numbers.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for index in start..<end { ranks[order[index]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  /// The differences from the mean, scaled so that squares neither overflow nor vanish.
  private static func centered(_ values: [Double]) -> [Double] {
    let largest = values.reduce(0) { max($0, abs($1)) }
    // A power of two, so that values that differ still do.
    let scale = Double(sign: .plus, exponent: -max(largest.exponent, -1000), significand: 1)
    let scaled = values.map { $0 * scale }
    let mean = scaled.plainMean
    let differences = scaled.map { $0 - mean }
    let spread = differences.reduce(0) { max($0, abs($1)) }
    let relative = differences.map { $0 / spread }
    // Once more, for what rounding the first mean left.
    let remainder = relative.plainMean
    return relative.map { $0 - remainder }
  }
}
