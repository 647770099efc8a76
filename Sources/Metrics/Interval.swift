/// Two bounds that contain the true value in a given share of repetitions, and how they were found.
public struct Interval: Hashable, Sendable {
  /// How the bounds were found.
  public enum Method: Hashable, Sendable {
    /// Wilson's score interval for a proportion.
    case wilson
    /// Student's t for a mean of few values, which are taken to be normal.
    case studentT
    /// Percentiles of a statistic over samples drawn with replacement.
    case percentileBootstrap(resamples: Int)
    /// DeLong's variance of an AUC, with a normal quantile.
    case deLong

    /// A stable name, for records that machines read.
    public var name: String {
      switch self {
      case .wilson: "wilson"
      case .studentT: "student-t"
      case .percentileBootstrap: "percentile-bootstrap"
      case .deLong: "delong"
      }
    }
  }

  /// The lower bound.
  public let lower: Double
  /// The upper bound.
  public let upper: Double
  /// The share of repetitions, such as 0.95.
  public let level: Double
  /// How the bounds were found.
  public let method: Method

  /// Takes bounds that were found elsewhere.
  public init(lower: Double, upper: Double, level: Double, method: Method) {
    (self.lower, self.upper, self.level, self.method) = (lower, upper, level, method)
  }

  /// Whether a value lies within the bounds or on one.
  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}
