import Metrics
import StrictJSON
import Testing

@Suite("Intervals") struct IntervalTests {
  @Test func `quantiles equal SciPy's`() throws {
    var (normal, t) = (Deviation(), Deviation())
    for row in try Fixture.rows("normal") {
      normal.add(
        try Quantile.twoSidedNormal(level: try row[0].number()), try row[1].number(),
        isRelative: true)
    }
    for row in try Fixture.rows("t") {
      t.add(
        try Quantile.twoSidedT(level: try row[0].number(), degreesOfFreedom: try row[1].integer()),
        try row[2].number(), isRelative: true)
    }
    normal.check(within: 1e-14, "normal")
    t.check(within: 1e-12, "t")
  }

  @Test func `Wilson intervals equal SciPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("wilson") {
      let share = try Proportion(successes: try row[0].integer(), of: try row[1].integer())
      let interval = try share.wilson(level: try row[2].number())
      deviation.add(interval.lower, try row[3].number())
      deviation.add(interval.upper, try row[4].number())
      #expect(interval.lower >= 0 && interval.upper <= 1 && interval.contains(share.value))
    }
    deviation.check(within: 1e-14, "Wilson")
    expectUndefined("empty") { () throws(Undefined) in try Proportion(successes: 0, of: 0) }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try Proportion(successes: 1, of: 2).wilson(level: 1)
    }
  }

  @Test func `means of few seeds equal SciPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("means") {
      let summary = try SampleSummary(try row[0].numbers())
      deviation.add(summary.mean, try row[1].number())
      deviation.add(try #require(summary.standardDeviation), try row[2].number())
      let interval = try summary.interval()
      deviation.add(interval.lower, try row[3].number())
      deviation.add(interval.upper, try row[4].number())
    }
    deviation.check(within: 1e-13, "means")
  }

  @Test func `one seed has no spread, and says so`() throws {
    let summary = try SampleSummary([0.5])
    #expect(summary.standardDeviation == nil)
    expectUndefined("too-few") { () throws(Undefined) in try summary.interval() }
    expectUndefined("not-a-number") { () throws(Undefined) in try SampleSummary([1, .nan]) }
    expectUndefined("infinite") { () throws(Undefined) in try SampleSummary([1, .infinity]) }
  }

  @Test func `bootstrap is reproducible, near Student's, and keeps pairs together`() throws {
    var dice = Dice(seed: 7)
    let left = dice.values(80, grid: 1000)
    var (one, two) = (Dice(seed: 8), Dice(seed: 8))
    for level in [0.5, 0.8, 0.95] {
      let interval = try Bootstrap.mean(left, resamples: 4000, level: level, using: &one)
      #expect(
        interval == (try Bootstrap.mean(left, resamples: 4000, level: level, using: &two)))
      let student = try SampleSummary(left).interval(level: level)
      #expect(abs(interval.lower - student.lower) < 0.005)
      #expect(abs(interval.upper - student.upper) < 0.005)
    }
    let shifted = left.map { $0 + 0.25 }
    let paired = try Bootstrap.pairedDifference(shifted, left, resamples: 50, using: &one)
    #expect(abs(paired.lower - 0.25) < 1e-12 && abs(paired.upper - 0.25) < 1e-12)
    expectUndefined("too-few") { () throws(Undefined) in
      try Bootstrap.mean(left, resamples: 1, using: &one)
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try Bootstrap.mean([.nan], using: &one)
    }
  }

  @Test func `percentiles are interpolated as NumPy interpolates`() throws {
    for row in try Fixture.rows("percentiles") {
      let percentile = Bootstrap.percentile(try row[0].numbers(), try row[1].number())
      #expect(abs(percentile - (try row[2].number())) < 1e-14)
    }
    #expect(Bootstrap.percentile([3], 0.975) == 3)
  }
}
