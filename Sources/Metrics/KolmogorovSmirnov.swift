#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The two-sided two-sample Kolmogorov–Smirnov test, exact at every size.
///
/// `D = max |F₁ − F₂|`; `p` is the share of all orders of the pooled sample whose `D` is at least as large (ties are
/// treated as SciPy treats them: as if there were none). TOFU's forget quality is `p` for the truth ratios of the
/// forget set under the unlearned model and under the oracle. It depends on n: D = 0.3 gives 0.054 at 40 and 2.8e-16
/// at 400; so D and both n belong to it. A large p is not evidence of equality, and a collapsed model can have one.
public struct KolmogorovSmirnov: Hashable, Sendable {
  /// How many values the first sample has.
  public let firstCount: Int
  /// How many values the second sample has.
  public let secondCount: Int
  /// D in steps of `1 / lcm(n₁, n₂)`, in which it is a whole number.
  public let steps: Int
  /// D, from 0 to 1.
  public let statistic: Double
  /// The probability of such a D or a larger one if both samples come from one distribution.
  public let p: Double
  /// The decimal logarithm of `p`, also where `p` is too small for a number.
  public let log10P: Double

  /// Compares two samples; infinities are values like others.
  ///
  /// - Complexity: O(*n* log *n*) for equal counts, O(*n*₁ · *n*₂) otherwise.
  public init(_ first: [Double], _ second: [Double]) throws(Undefined) {
    try first.checkNumbers("first sample")
    try second.checkNumbers("second sample")
    let (left, right) = (first.sorted(), second.sorted())
    let divisor = Self.greatestCommonDivisor(left.count, right.count)
    let (leftStep, rightStep) = (right.count / divisor, left.count / divisor)
    var (i, j, steps) = (0, 0, 0)
    while i < left.count, j < right.count {
      let value = min(left[i], right[j])
      while i < left.count, left[i] == value { i += 1 }
      while j < right.count, right[j] == value { j += 1 }
      steps = max(steps, abs(i * leftStep - j * rightStep))
    }
    try self.init(firstCount: left.count, secondCount: right.count, steps: steps)
  }

  /// Takes a known D as a whole number of steps of `1 / lcm(n₁, n₂)`; for equal counts n, of `1/n`.
  public init(firstCount: Int, secondCount: Int, steps: Int) throws(Undefined) {
    guard firstCount > 0, secondCount > 0 else { throw Undefined(.empty, in: "samples") }
    // So that no product of two counts overflows.
    if let count = [firstCount, secondCount].first(where: { $0 > Int32.max }) {
      throw Undefined(.outOfRange(Double(count)), in: "count of a sample")
    }
    let divisor = Self.greatestCommonDivisor(firstCount, secondCount)
    let multiple = firstCount / divisor * secondCount
    guard (0...multiple).contains(steps) else {
      throw Undefined(.outOfRange(Double(steps)), in: "steps")
    }
    self.firstCount = firstCount
    self.secondCount = secondCount
    self.steps = steps
    statistic = Double(steps) / Double(multiple)
    if steps == 0 {
      (p, log10P) = (1, 0)
    } else if firstCount == secondCount {
      (p, log10P) = Self.equalCounts(firstCount, steps)
    } else {
      let paths = LatticePaths(
        columns: firstCount, rows: secondCount, columnStep: secondCount / divisor,
        rowStep: firstCount / divisor, bound: steps)
      p = min(1, paths.shareTouching)
      log10P = p > 1e-290 ? log10(p) : paths.log10ShareTouching
    }
  }

  /// p for equal counts, by the reflection principle in Horner form (Gnedenko & Korolyuk, 1951; Hodges, 1958).
  ///
  /// `p = 2 q₀(1 − q₁(1 − q₂(…)))` with `q_k = C(2n, n−(k+1)h) / C(2n, n−kh)`; no term cancels another.
  private static func equalCounts(_ n: Int, _ h: Int) -> (p: Double, log10P: Double) {
    func factor(_ k: Int, _ j: Int) -> Double {
      Double(n - k * h - j) / Double(n + k * h + j + 1)
    }
    func quotient(_ k: Int) -> Double { (0..<h).reduce(1.0) { $0 * factor(k, $1) } }
    let rest = (1...n / h).reversed().reduce(0.0) { quotient($1) * (1 - $0) }
    let p = 2 * quotient(0) * (1 - rest)
    if p > 1e-290 { return (min(1, p), min(0, log10(p))) }
    let logarithm = (0..<h).map { log10(factor(0, $0)) }.compensatedSum
    return (p, log10(2) + logarithm + log1p(-rest) / log(10))
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

/// Monotone paths from a corner of a grid to the opposite one, and the share of them that reaches two lines.
///
/// A point `(i, j)` is on or beyond a line if `|i · columnStep − j · rowStep| ≥ bound`. The share of the paths to a
/// point that has touched a line is `share(i−1, j) · i/(i+j) + share(i, j−1) · j/(i+j)`, and 1 beyond the lines:
/// nothing is subtracted, so small shares keep their digits.
private struct LatticePaths {
  let columns: Int
  let rows: Int
  let columnStep: Int
  let rowStep: Int
  let bound: Int

  var shareTouching: Double {
    corner(outside: 1, start: 0) { left, below, i, j in
      (left * Double(i) + below * Double(j)) / Double(i + j)
    }
  }

  /// The same in logarithms; slower, for shares that a number can't hold.
  var log10ShareTouching: Double {
    corner(outside: 0, start: -.infinity) { left, below, i, j in
      let (a, b) = (left + log(Double(i)), below + log(Double(j)))
      let larger = max(a, b)
      return larger == -.infinity
        ? larger : larger + log1p(exp(min(a, b) - larger)) - log(Double(i + j))
    } / log(10)
  }

  private func corner(
    outside: Double, start: Double, step: (Double, Double, Int, Int) -> Double
  ) -> Double {
    var shares = [Double](repeating: start, count: columns + 1)
    for j in 0...rows {
      for i in 0...columns {
        if abs(i * columnStep - j * rowStep) >= bound {
          shares[i] = outside
        } else if i + j > 0 {
          shares[i] = step(i > 0 ? shares[i - 1] : start, j > 0 ? shares[i] : start, i, j)
        }
      }
    }
    return shares[columns]
  }
}
