import Metrics
import Testing

@Suite("Measurements and curves") struct MeasurementTests {
  @Test func `a measurement keeps its number and interval`() throws {
    let share = try Proportion(successes: 3, of: 4)
    let accuracy = Measurement("accuracy", count: 4, seeds: [7]) { () throws(Undefined) in
      share.value
    } interval: { () throws(Undefined) in
      try share.wilson()
    }
    #expect(accuracy.value == 0.75 && accuracy.reason == nil)
    #expect(accuracy.interval == (try share.wilson()) && accuracy.intervalReason == nil)
  }

  @Test func `what is not defined or not run is said`() {
    let empty = Measurement("loss", count: 0, seeds: []) { () throws(Undefined) in
      try MembershipScore.loss([])
    }
    #expect(empty.value == nil && empty.reason == "not defined: log-probabilities: no values")
    let nan = Measurement("x", count: 1, seeds: []) { .nan }
    #expect(nan.outcome == .notDefined(Undefined(.notANumber(index: 0), in: "x")))
    let absent = Measurement.notRun("forgetQuality", because: "no oracle was given")
    #expect(absent.reason == "not run: no oracle was given" && absent.value == nil)
  }

  @Test func `an interval without a value keeps its reason`() {
    let single = Measurement("mean", count: 1, seeds: [1]) { () throws(Undefined) in
      0.5
    } interval: { () throws(Undefined) in
      try SampleSummary([0.5]).interval()
    }
    #expect(single.value == 0.5 && single.interval == nil)
    #expect(single.intervalReason?.reason == .tooFew(need: 2, have: 1))
  }

  @Test func `areas under a relearning curve are trapezoids over uneven steps`() throws {
    let curve = try RelearningCurve(
      steps: [0, 1, 4], unlearned: [0, 0.5, 1], original: [1, 1, 1], oracle: [0, 0, 0.25])
    #expect(try curve.gain(.unlearned) == 1 && curve.gain(.original) == 0)
    #expect(abs(try curve.area(.unlearned) - 2.5 / 4) < 1e-15)
    #expect(abs(try curve.recoveryArea(.oracle) - 0.375 / 4) < 1e-15)
    #expect(try curve.recoveryArea(.original) == 0)
    #expect(try curve.excessGain() == 0.75)
    #expect(abs(try curve.recoveredShare() - (2.5 - 0.375) / (4 - 0.375)) < 1e-15)
  }

  @Test func `an oracle relearns like itself, the original like the original`() throws {
    let (low, high) = ([0.1, 0.2, 0.3], [0.9, 0.95, 1])
    let same = try RelearningCurve(
      steps: [0, 5, 10], unlearned: low, original: high, oracle: low)
    #expect(try same.recoveredShare() == 0 && same.excessGain() == 0)
    let nothing = try RelearningCurve(
      steps: [0, 5, 10], unlearned: high, original: high, oracle: low)
    #expect(try nothing.recoveredShare() == 1)
  }

  @Test func `missing models, disorder and NaN are refused`() throws {
    let alone = try RelearningCurve(steps: [0, 1], unlearned: [0, 1])
    #expect(alone[.oracle] == nil && alone[.unlearned] == [0, 1])
    expectUndefined("empty") { () throws(Undefined) in try alone.excessGain() }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try RelearningCurve(steps: [0, 0], unlearned: [0, 1])
    }
    expectUndefined("counts-differ") { () throws(Undefined) in
      try RelearningCurve(steps: [0, 1], unlearned: [0, 1], oracle: [0])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try RelearningCurve(steps: [0, 1], unlearned: [0, .nan])
    }
    expectUndefined("zero-denominator") { () throws(Undefined) in
      try RelearningCurve(steps: [0, 1], unlearned: [0, 1], original: [0, 0], oracle: [0, 0])
        .recoveredShare()
    }
  }

  @Test func `a recovered share has an interval over examples, where each sample has a span`()
    throws
  {
    func curve(_ unlearned: Double, _ original: Double, _ oracle: Double) throws -> RelearningCurve
    {
      try RelearningCurve(
        steps: [0, 2], unlearned: [unlearned, unlearned], original: [original, original],
        oracle: [oracle, oracle])
    }
    var random = SystemRandomNumberGenerator()
    let interval = try RelearningCurve.bootstrapRecoveredShare(
      [curve(0.5, 1, 0), curve(0.5, 1, 0), curve(0.6, 1, 0.2)], resamples: 50, using: &random)
    #expect(interval.lower >= 0.5 - 1e-12 && interval.upper <= 0.5 + 1e-12)
    expectUndefined("not-a-number") { () throws(Undefined) in
      var random = SystemRandomNumberGenerator()
      let flat = try RelearningCurve(
        steps: [0, 2], unlearned: [1, 1], original: [0, 0], oracle: [0, 0])
      return try RelearningCurve.bootstrapRecoveredShare([flat, flat], using: &random)
    }
    expectUndefined("too-few") { () throws(Undefined) in
      var random = SystemRandomNumberGenerator()
      return try RelearningCurve.bootstrapRecoveredShare([], using: &random)
    }
  }
}
