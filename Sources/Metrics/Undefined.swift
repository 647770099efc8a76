/// Why a number is not defined for the values it was asked of.
///
/// No function of this module returns NaN: what has no answer throws, and ``Measurement`` keeps the reason.
public struct Undefined: Error, Hashable, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  public enum Reason: Hashable, Sendable {
    /// There are no values.
    case empty
    /// The value at an index is not a number.
    case notANumber(index: Int)
    /// The value at an index is infinite where only finite ones have a meaning.
    case infinite(index: Int)
    /// Two lists that belong together have these counts.
    case countsDiffer(Int, Int)
    /// More values are needed.
    case tooFew(need: Int, have: Int)
    /// There are more values than are worked on.
    case tooMany(limit: Int, have: Int)
    /// All values are equal, so that a ratio to their spread has no meaning.
    case constant
    /// A value is outside of what the formula is defined for.
    case outOfRange(Double)
    /// Probabilities do not add up to 1; logits in place of log-probabilities look like this.
    case notADistribution(sum: Double)
    /// The formula divides by a quantity that is 0.
    case zeroDenominator

    /// A stable name, for records that machines read.
    public var name: String {
      switch self {
      case .empty: "empty"
      case .notANumber: "not-a-number"
      case .infinite: "infinite"
      case .countsDiffer: "counts-differ"
      case .tooFew: "too-few"
      case .tooMany: "too-many"
      case .constant: "constant"
      case .outOfRange: "out-of-range"
      case .notADistribution: "not-a-distribution"
      case .zeroDenominator: "zero-denominator"
      }
    }
  }

  /// The rule that was broken.
  public var reason: Reason
  /// Which of the values: `forget scores`.
  public var subject: String

  /// Says what is wrong with which values.
  public init(_ reason: Reason, in subject: String) {
    self.reason = reason
    self.subject = subject
  }

  /// What and where, in one line.
  public var description: String {
    switch reason {
    case .empty: "\(subject): no values"
    case .notANumber(let index): "\(subject): value \(index) is not a number"
    case .infinite(let index): "\(subject): value \(index) is infinite"
    case .countsDiffer(let left, let right): "\(subject): \(left) and \(right) values"
    case .tooFew(let need, let have): "\(subject): \(have) values where \(need) are needed"
    case .tooMany(let limit, let have): "\(subject): \(have) values where \(limit) are the most"
    case .constant: "\(subject): all values are equal"
    case .outOfRange(let value): "\(subject): \(value) is out of range"
    case .notADistribution(let sum): "\(subject): probabilities add up to \(sum)"
    case .zeroDenominator: "\(subject): division by zero"
    }
  }
}
