import Metrics

/// How measurements are entered.
extension EffectEvaluation {
  mutating func enter(
    _ measurement: Measurement, _ subject: Subject, _ part: Part? = nil, set: String? = nil,
    under condition: String? = nil, values: [Double] = []
  ) {
    entries.append(
      Entry(
        subject: subject, part: part, set: set, condition: condition ?? options.condition,
        measurement: measurement, values: values))
  }

  /// The mean of a value for each example, with Student's interval.
  mutating func enter(
    mean values: [Double], _ name: String, _ variant: String, _ subject: Subject,
    _ part: Part? = nil, set: String? = nil, under condition: String? = nil
  ) {
    let measurement = Measurement(
      name, variant: variant, count: values.count, seeds: options.seeds,
      value: { () throws(Undefined) in try SampleSummary(values).mean },
      interval: { () throws(Undefined) in try SampleSummary(values).interval() })
    enter(measurement, subject, part, set: set, under: condition, values: values)
  }

  /// The share of examples, with Wilson's interval.
  mutating func enter(
    share outcomes: [Bool], _ name: String, _ variant: String, _ subject: Subject,
    _ part: Part? = nil, set: String? = nil
  ) {
    let measurement = Measurement(
      name, variant: variant, count: outcomes.count, seeds: options.seeds,
      value: { () throws(Undefined) in try Proportion(outcomes).value },
      interval: { () throws(Undefined) in try Proportion(outcomes).wilson() })
    enter(measurement, subject, part, set: set, values: outcomes.map { $0 ? 1 : 0 })
  }

  /// What was not run, entered with the result of unlearning.
  mutating func skip(
    _ name: String, _ variant: String, _ part: Part? = nil, set: String? = nil,
    subject: Subject = .after, because reason: String
  ) {
    enter(.notRun(name, variant: variant, because: reason), subject, part, set: set)
  }
}
