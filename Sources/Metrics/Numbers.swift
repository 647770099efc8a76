/// A sum that keeps what rounding loses (Neumaier, 1974).
struct CompensatedSum {
  private var sum = 0.0
  private var lost = 0.0

  mutating func add(_ value: Double) {
    let next = sum + value
    lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
    sum = next
  }

  /// The sum; infinities add up as in IEEE 754, where the correction would be NaN.
  var value: Double { sum.isFinite ? sum + lost : sum }
}

extension Sequence where Element == Double {
  /// The sum, to the last digit or the one before.
  var compensatedSum: Double {
    var sum = CompensatedSum()
    for value in self { sum.add(value) }
    return sum.value
  }
}

extension Array where Element == Double {
  /// The mean; of no values, NaN: callers have checked.
  var plainMean: Double { compensatedSum / Double(count) }

  /// The sum of the squares of the differences from the mean.
  func squaresAround(_ mean: Double) -> Double {
    lazy.map { ($0 - mean) * ($0 - mean) }.compensatedSum
  }

  /// Refuses an empty list and NaN.
  func checkNumbers(_ subject: String) throws(Undefined) {
    guard !isEmpty else { throw Undefined(.empty, in: subject) }
    if let index = firstIndex(where: \.isNaN) {
      throw Undefined(.notANumber(index: index), in: subject)
    }
  }

  /// Refuses an empty list, NaN and infinities.
  func checkFinite(_ subject: String) throws(Undefined) {
    try checkNumbers(subject)
    if let index = firstIndex(where: \.isInfinite) {
      throw Undefined(.infinite(index: index), in: subject)
    }
  }

  /// Refuses an empty list and everything outside of 0 to 1.
  func checkShares(_ subject: String) throws(Undefined) {
    try checkNumbers(subject)
    if let value = first(where: { !(0...1).contains($0) }) {
      throw Undefined(.outOfRange(value), in: subject)
    }
  }
}

/// Refuses a NaN result, such as that of ∞ − ∞.
func checkedResult(_ value: Double, _ subject: String) throws(Undefined) -> Double {
  guard !value.isNaN else { throw Undefined(.notANumber(index: 0), in: subject) }
  return value
}

/// Refuses lists that should belong together and do not.
func checkCounts(_ left: Int, _ right: Int, _ subject: String) throws(Undefined) {
  guard left == right else { throw Undefined(.countsDiffer(left, right), in: subject) }
}

/// Refuses a confidence level that is not between 0 and 1, both excluded.
func checkLevel(_ level: Double) throws(Undefined) {
  guard !level.isNaN else { throw Undefined(.notANumber(index: 0), in: "confidence level") }
  guard level > 0, level < 1 else { throw Undefined(.outOfRange(level), in: "confidence level") }
}
