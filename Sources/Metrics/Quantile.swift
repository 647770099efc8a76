#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bound within which the middle share of a symmetric distribution lies.
public enum Quantile {
  /// z with `P(|Z| ≤ z) = level` for the standard normal distribution.
  public static func twoSidedNormal(level: Double) throws(Undefined) -> Double {
    try checkLevel(level)
    // Each function where it keeps its digits.
    return 2.0.squareRoot()
      * bisection(0, 30) { level < 0.5 ? erf($0) < level : erfc($0) > 1 - level }
  }

  /// t with `P(|T| ≤ t) = level` for Student's distribution with whole degrees of freedom.
  ///
  /// The relative error is about 1e-16 for each degree of freedom, and 1e-13 for few.
  ///
  /// - Complexity: O(degrees of freedom)
  public static func twoSidedT(level: Double, degreesOfFreedom: Int) throws(Undefined) -> Double {
    try checkLevel(level)
    guard degreesOfFreedom >= 1 else {
      throw Undefined(.tooFew(need: 1, have: degreesOfFreedom), in: "degrees of freedom")
    }
    let angle = bisection(0, .pi / 2) { middleShare($0, degreesOfFreedom) < level }
    return Double(degreesOfFreedom).squareRoot() * tan(angle)
  }

  /// `P(|T| ≤ √ν tan θ)`: the finite sums of Abramowitz & Stegun 26.7.3 and 26.7.4, whose terms are all positive.
  private static func middleShare(_ angle: Double, _ degreesOfFreedom: Int) -> Double {
    let (sine, cosine) = (sin(angle), cos(angle))
    let isOdd = degreesOfFreedom % 2 == 1
    var term = isOdd ? cosine : 1
    var sum = degreesOfFreedom == 1 ? 0 : term
    for k in stride(from: isOdd ? 2 : 1, to: degreesOfFreedom - 2, by: 2) {
      term *= Double(k) / Double(k + 1) * cosine * cosine
      sum += term
    }
    return isOdd ? 2 / .pi * (angle + sine * sum) : sine * sum
  }

  /// Where a rising function stops being too low, to the last bit.
  private static func bisection(
    _ start: Double, _ end: Double, isTooLow: (Double) -> Bool
  ) -> Double {
    var (low, high) = (start, end)
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return high }
      if isTooLow(middle) { low = middle } else { high = middle }
    }
  }
}
