/// One number of a report with all that is needed to read it, or why there is none.
public struct Measurement: Hashable, Sendable {
  /// What came of it.
  public enum Outcome: Hashable, Sendable {
    /// The number; never NaN.
    case value(Double)
    /// It was computed, and has no value for these data.
    case notDefined(Undefined)
    /// It was not computed, for a reason that is told to the reader.
    case notRun(String)
  }

  /// What was measured: `forgetQuality`.
  public let name: String
  /// Which definition: `truthRatio.geometric`; empty where there is only one.
  public let variant: String
  /// What came of it.
  public let outcome: Outcome
  /// How many examples it rests on.
  public let count: Int
  /// The seeds of the models it rests on; one where there is a single model.
  public let seeds: [UInt64]
  /// Where the true value lies, if that was estimated.
  public let interval: Interval?
  /// Why there is no interval, where one was asked for and has no value.
  public let intervalReason: Undefined?

  private init(
    _ name: String, _ variant: String, _ outcome: Outcome, _ count: Int, _ seeds: [UInt64],
    _ interval: Interval?, _ intervalReason: Undefined?
  ) {
    (self.name, self.variant, self.outcome) = (name, variant, outcome)
    (self.count, self.seeds) = (count, seeds)
    (self.interval, self.intervalReason) = (interval, intervalReason)
  }

  /// Computes a number and keeps it, or the reason why it is not defined; a NaN is not defined.
  public init(
    _ name: String, variant: String = "", count: Int, seeds: [UInt64],
    value: () throws(Undefined) -> Double,
    interval: () throws(Undefined) -> Interval? = { () throws(Undefined) in nil }
  ) {
    let outcome: Outcome
    var bounds: Interval?
    var reason: Undefined?
    do throws(Undefined) {
      outcome = .value(try checkedResult(try value(), name))
      do throws(Undefined) { bounds = try interval() } catch { reason = error }
    } catch { outcome = .notDefined(error) }
    self.init(name, variant, outcome, count, seeds, bounds, reason)
  }

  /// Says that something was not measured, and why.
  public static func notRun(_ name: String, variant: String = "", because reason: String) -> Self {
    Self(name, variant, .notRun(reason), 0, [], nil, nil)
  }

  /// The number, if there is one.
  public var value: Double? { if case .value(let value) = outcome { value } else { nil } }

  /// Why there is no number, in one line.
  public var reason: String? {
    switch outcome {
    case .value: nil
    case .notDefined(let error): "not defined: \(error)"
    case .notRun(let reason): "not run: \(reason)"
    }
  }
}

extension KolmogorovSmirnov {
  /// The test as the numbers that belong together: p, its decimal logarithm, and D.
  ///
  /// The count is that of the first sample where both are equal, else of the smaller one.
  public func measurements(_ name: String, variant: String, seeds: [UInt64]) -> [Measurement] {
    let count = min(firstCount, secondCount)
    return [(".p", p), (".log10p", log10P), (".D", statistic)].map { part, number in
      Measurement(name + part, variant: variant, count: count, seeds: seeds, value: { number })
    }
  }
}
