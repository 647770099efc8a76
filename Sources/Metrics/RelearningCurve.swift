/// How fast training brings a forgotten skill back: one metric by steps, for three models under the same training.
///
/// The metric is one that is higher when more is known, such as accuracy on held-out facts. The oracle never knew; what
/// the unlearned model gains beyond it was hidden, not gone.
public struct RelearningCurve: Hashable, Sendable {
  /// Which of the models.
  public enum Model: String, Hashable, Sendable, CaseIterable {
    /// The model under test.
    case unlearned
    /// The model before unlearning.
    case original
    /// A model retrained without the forget set.
    case oracle
  }

  /// Training steps at which the metric was taken, ascending from 0.
  public let steps: [Int]
  private let values: [Model: [Double]]

  /// Takes the metric at each step; the unlearned model is needed, the others may be missing.
  public init(
    steps: [Int], unlearned: [Double], original: [Double]? = nil, oracle: [Double]? = nil
  ) throws(Undefined) {
    guard steps.count >= 2 else {
      throw Undefined(.tooFew(need: 2, have: steps.count), in: "steps")
    }
    guard steps[0] == 0, zip(steps, steps.dropFirst()).allSatisfy(<) else {
      throw Undefined(.outOfRange(Double(steps[0])), in: "steps, which must ascend from 0")
    }
    var values: [Model: [Double]] = [:]
    for (model, series) in [(.unlearned, unlearned), (.original, original), (.oracle, oracle)]
      as [(Model, [Double]?)]
    {
      guard let series else { continue }
      try checkCounts(steps.count, series.count, "steps and values of \(model.rawValue)")
      try series.checkFinite("values of \(model.rawValue)")
      values[model] = series
    }
    (self.steps, self.values) = (steps, values)
  }

  /// The metric of a model at each step, if it was taken.
  public subscript(model: Model) -> [Double]? { values[model] }

  /// What a model gained from the first step to the last, in units of the metric.
  public func gain(_ model: Model) throws(Undefined) -> Double {
    let series = try series(model)
    return series[series.count - 1] - series[0]
  }

  /// The area under a model's curve by trapezoids, divided by the count of steps: its mean height.
  public func area(_ model: Model) throws(Undefined) -> Double {
    let series = try series(model)
    let whole = steps[steps.count - 1]
    return steps.indices.dropFirst().map {
      (series[$0] + series[$0 - 1]) / 2 * Double(steps[$0] - steps[$0 - 1]) / Double(whole)
    }.compensatedSum
  }

  /// The area under the recovery curve, `∫ (y − y(0))` by trapezoids, divided by the count of steps.
  ///
  /// It grows with how much and how early a model relearns; 0 where nothing comes back.
  public func recoveryArea(_ model: Model) throws(Undefined) -> Double {
    try area(model) - series(model)[0]
  }

  /// What the unlearned model gained more than the oracle did, in units of the metric.
  public func excessGain() throws(Undefined) -> Double { try gain(.unlearned) - gain(.oracle) }

  /// Where the unlearned model's mean height lies between the oracle's (0) and the original's (1).
  ///
  /// Below 0 it knows less than the oracle all along; not defined unless the original knows more than the oracle.
  public func recoveredShare() throws(Undefined) -> Double {
    let floor = try area(.oracle)
    let span = try area(.original) - floor
    guard span > 0 else { throw Undefined(.zeroDenominator, in: "original less oracle") }
    return (try area(.unlearned) - floor) / span
  }

  private func series(_ model: Model) throws(Undefined) -> [Double] {
    guard let series = values[model] else {
      throw Undefined(.empty, in: "values of \(model.rawValue)")
    }
    return series
  }
}
