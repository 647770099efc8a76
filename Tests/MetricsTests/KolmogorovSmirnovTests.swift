import Metrics
import StrictJSON
import Testing

@Suite("Forget quality") struct KolmogorovSmirnovTests {
  @Test func `samples, with ties and without, give SciPy's D and exact p`() throws {
    var (d, p) = (Deviation(), Deviation())
    for row in try Fixture.rows("ks") {
      let test = try KolmogorovSmirnov(try row[0].numbers(), try row[1].numbers())
      d.add(test.statistic, try row[2].number())
      p.add(test.p, try row[3].number(), isRelative: true)
    }
    d.check(within: 1e-15, "D")
    p.check(within: 1e-12, "p")
  }

  @Test func `p equals what counting paths in whole numbers gives`() throws {
    var (p, log) = (Deviation(), Deviation())
    for row in try Fixture.rows("ksSteps") {
      let test = try KolmogorovSmirnov(
        firstCount: try row[0].integer(), secondCount: try row[1].integer(),
        steps: try row[2].integer())
      let expected = try row[3].number()
      if expected > 1e-300 { p.add(test.p, expected, isRelative: true) }
      log.add(test.log10P, try row[4].number())
      let swapped = try KolmogorovSmirnov(
        firstCount: test.secondCount, secondCount: test.firstCount, steps: test.steps)
      p.add(swapped.p, test.p, isRelative: true)
    }
    p.check(within: 1e-12, "p")
    log.check(within: 1e-12, "log10 p")
  }

  @Test func `larger samples of other counts give SciPy's exact p`() throws {
    var (d, p) = (Deviation(), Deviation())
    for row in try Fixture.rows("ksUnequal") {
      let test = try KolmogorovSmirnov(try row[0].numbers(), try row[1].numbers())
      #expect(test.firstCount != test.secondCount)
      d.add(test.statistic, try row[2].number())
      p.add(test.p, try row[3].number(), isRelative: true)
    }
    d.check(within: 1e-15, "D")
    p.check(within: 1e-11, "p")
  }

  /// From logs that TOFU's authors published, and from SciPy; 1.06e-239 is a collapsed model in every table of TOFU.
  @Test(
    "published values, to the last digit",
    arguments: [
      (300, 119, "1.834066e-21"), (300, 123, "6.031912e-23"), (300, 104, "2.194274e-16"),
      (300, 107, "2.431128e-17"), (300, 9, "0.9993002"), (400, 400, "1.06359e-239"),
      (200, 200, "1.94264e-119"), (40, 40, "1.86034e-23"), (40, 13, "0.0286031"),
      (400, 120, "2.8e-16"), (40, 12, "0.054"),
    ] as [(Int, Int, Printed)])
  func published(_ n: Int, _ h: Int, _ p: Printed) throws {
    let test = try KolmogorovSmirnov(firstCount: n, secondCount: n, steps: h)
    #expect(p.rounds(test.p), "\(test.p)")
  }

  @Test(
    "the smallest D that is significant",
    arguments: [(40, 13), (50, 14), (100, 20), (200, 28), (300, 34), (400, 39)])
  func smallest(_ n: Int, _ h: Int) throws {
    #expect(try KolmogorovSmirnov(firstCount: n, secondCount: n, steps: h).p < 0.05)
    #expect(try KolmogorovSmirnov(firstCount: n, secondCount: n, steps: h - 1).p >= 0.05)
  }

  @Test func `p falls as D grows, and its logarithm agrees`() throws {
    for (n, m) in [(30, 30), (30, 20), (17, 31)] {
      var last = 1.0
      var (a, b) = (n, m)
      while b != 0 { (a, b) = (b, a % b) }
      for steps in 0...n * m / a {
        let test = try KolmogorovSmirnov(firstCount: n, secondCount: m, steps: steps)
        #expect(test.p <= last * (1 + 1e-12) && test.p > 0)
        last = test.p
      }
    }
    let tiny = try KolmogorovSmirnov(firstCount: 5000, secondCount: 5000, steps: 5000)
    #expect(tiny.p == 0 && tiny.log10P < -3000 && tiny.log10P.isFinite)
  }

  @Test func `monotone maps and order of values change nothing`() throws {
    var dice = Dice(seed: 2)
    let (x, y) = (dice.values(40, grid: 12), dice.values(33, grid: 12, shift: 0.1))
    let test = try KolmogorovSmirnov(x, y)
    #expect(test == (try KolmogorovSmirnov(x.reversed(), y.map { $0 })))
    #expect(test == (try KolmogorovSmirnov(x.map { 1 - 2 * $0 }, y.map { 1 - 2 * $0 })))
    #expect(abs(test.p - (try KolmogorovSmirnov(y, x)).p) < 1e-14)
    #expect(try KolmogorovSmirnov(x, x).p == 1)
  }

  @Test func `infinities are values, NaN and empty samples are refused`() throws {
    let test = try KolmogorovSmirnov([-.infinity, 0, .infinity], [1, .infinity, .infinity])
    #expect(test.steps == 2 && test.statistic == 2.0 / 3)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try KolmogorovSmirnov([1, .nan], [1])
    }
    expectUndefined("empty") { () throws(Undefined) in try KolmogorovSmirnov([], [1]) }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try KolmogorovSmirnov(firstCount: 4, secondCount: 4, steps: 5)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try KolmogorovSmirnov(firstCount: .max, secondCount: .max - 1, steps: 1)
    }
  }

  @Test func `p is never reported without D and n`() throws {
    let test = try KolmogorovSmirnov(firstCount: 40, secondCount: 40, steps: 13)
    let all = test.measurements("forgetQuality", variant: "truthRatio.geometric", seeds: [1])
    #expect(all.map(\.name) == ["forgetQuality.p", "forgetQuality.log10p", "forgetQuality.D"])
    #expect(all.allSatisfy { $0.count == 40 } && all[2].value == 0.325)
  }
}
