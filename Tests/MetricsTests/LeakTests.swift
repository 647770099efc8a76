import Metrics
import StrictJSON
import Testing

@Suite("leak@k") struct LeakTests {
  @Test func `expected maxima equal those in whole numbers`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("leaks") {
      deviation.add(
        try LeakAtK.expectedMaximum(of: try row[0].numbers(), k: try row[1].integer()),
        try row[2].number(), isRelative: true)
    }
    deviation.check(within: 1e-14, "leak@k")
  }

  @Test func `probabilities of a success equal those in whole numbers, small ones too`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("successes") {
      deviation.add(
        try LeakAtK.probability(
          successes: try row[0].integer(), of: try row[1].integer(), k: try row[2].integer()),
        try row[3].number(), isRelative: true)
    }
    deviation.check(within: 1e-12, "probability of a success")
  }

  @Test func `nothing overflows where binomial coefficients would`() throws {
    let scores = (0..<20_000).map { Double($0 % 2) }
    #expect(abs(try LeakAtK.expectedMaximum(of: scores, k: 5000) - 1) < 1e-12)
    #expect(
      abs(try LeakAtK.probability(successes: 1, of: .max, k: .max / 2) - 0.5) < 1e-15)
  }

  @Test func `prompts are averaged, and more answers than there are can't be asked for`() throws {
    #expect(abs(try LeakAtK.mean([[0, 1], [0.5, 0.25]], k: 1) - 0.4375) < 1e-15)
    #expect(try LeakAtK.mean([[0, 1], [0.5, 0.25]], k: 2) == 0.75)
    expectUndefined("too-few") { () throws(Undefined) in
      try LeakAtK.mean([[0, 1, 2], [0.5, 0.25]], k: 3)
    }
    expectUndefined("too-few") { () throws(Undefined) in
      try LeakAtK.probability(successes: 1, of: 4, k: 5)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try LeakAtK.expectedMaximum(of: [1], k: 0)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try LeakAtK.probability(successes: 5, of: 4, k: 1)
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try LeakAtK.expectedMaximum(of: [1, .nan], k: 1)
    }
    expectUndefined("infinite") { () throws(Undefined) in
      try LeakAtK.expectedMaximum(of: [1, .infinity], k: 1)
    }
    expectUndefined("empty") { () throws(Undefined) in try LeakAtK.mean([], k: 1) }
    expectUndefined("empty") { () throws(Undefined) in try LeakAtK.mean([[]], k: 1) }
  }
}
