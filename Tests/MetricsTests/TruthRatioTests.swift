import Metrics
import StrictJSON
import Testing

@Suite("TOFU") struct TruthRatioTests {
  @Test func `probabilities and both truth ratios equal NumPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("likelihoods") {
      let (right, wrong) = (try row[0].number(), try row[1].numbers())
      deviation.add(
        try Likelihood.normalizedProbability(rightLoss: right, wrongLosses: wrong),
        try row[2].number(), isRelative: true)
      for (variant, column) in [(TruthRatio.geometric, 3), (.arithmetic, 4)] {
        deviation.add(
          try variant.ratio(rightLoss: right, wrongLosses: wrong), try row[column].number(),
          isRelative: true)
      }
    }
    deviation.check(within: 1e-14, "likelihoods")
  }

  @Test func `the probability mean is the share of the right answer, and has no NaN`() throws {
    for row in try Fixture.rows("likelihoods") {
      let (right, wrong) = (try row[0].number(), try row[1].numbers())
      let share = try TruthRatio.probabilityMean(rightLoss: right, wrongLosses: wrong)
      let ratio = try TruthRatio.geometric.ratio(rightLoss: right, wrongLosses: wrong)
      #expect(abs(share - 1 / (1 + ratio)) < 1e-6)
    }
    #expect(
      try TruthRatio.probabilityMean(rightLoss: 0, wrongLosses: [0, 0]) == 1 / (2 + 1e-10))
    #expect(try TruthRatio.probabilityMean(rightLoss: .infinity, wrongLosses: [.infinity]) == 0)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try TruthRatio.probabilityMean(rightLoss: .nan, wrongLosses: [1])
    }
    expectUndefined("empty") { () throws(Undefined) in
      try TruthRatio.probabilityMean(rightLoss: 1, wrongLosses: [])
    }
  }

  @Test func `one wrong answer makes both variants equal`() throws {
    let ratios = try TruthRatio.allCases.map { variant throws(Undefined) in
      try variant.ratio(rightLoss: 0.7, wrongLosses: [2.5])
    }
    #expect(ratios[0] == ratios[1])
  }

  @Test func `the geometric ratio is at most the arithmetic one`() throws {
    var dice = Dice(seed: 1)
    for _ in 0..<50 {
      let wrong = dice.values(5)
      let geometric = try TruthRatio.geometric.ratio(rightLoss: 1, wrongLosses: wrong)
      #expect(
        geometric <= (try TruthRatio.arithmetic.ratio(rightLoss: 1, wrongLosses: wrong)) + 1e-15)
    }
  }

  @Test func `aggregates treat a ratio and its inverse as they say`() throws {
    let closer = TruthRatio.Aggregate.closerToOneIsBetter
    #expect(abs(try closer.value(of: [0.25]) - (try closer.value(of: [4]))) < 1e-10)
    #expect(abs(try closer.value(of: [1]) - 1) < 1e-9)
    #expect(try TruthRatio.Aggregate.trueIsBetter.value(of: [0, 0.5, 3]) == 0.5)
  }

  @Test func `infinite losses are probabilities of 0, NaN is refused`() throws {
    #expect(try Likelihood.probability(meanLoss: .infinity) == 0)
    #expect(try TruthRatio.geometric.ratio(rightLoss: 1, wrongLosses: [1, .infinity]) == 0)
    for variant in TruthRatio.allCases {
      expectUndefined("not-a-number") { () throws(Undefined) in
        try variant.ratio(rightLoss: 1, wrongLosses: [1, .nan])
      }
      expectUndefined("empty") { () throws(Undefined) in
        try variant.ratio(rightLoss: 1, wrongLosses: [])
      }
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try Likelihood.probability(meanLoss: -0.5)
    }
  }

  @Test func `utility is a harmonic mean, and 0 if any part is`() throws {
    #expect(abs(try ModelUtility.harmonicMean([0.5, 0.25, 1]) - 3.0 / 7) < 1e-15)
    #expect(try ModelUtility.harmonicMean([0.9, 0, 1]) == 0)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try ModelUtility.harmonicMean([0, .nan])
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try ModelUtility.harmonicMean([-0.1])
    }
  }

  @Test func `what each ratio counts adds up to the set's number`() throws {
    let ratios = [0.5, 1, 4]
    #expect(try TruthRatio.Aggregate.trueIsBetter.scores(of: ratios) == [0.5, 0, 0])
    let scores = try TruthRatio.Aggregate.closerToOneIsBetter.scores(of: ratios)
    let value = try TruthRatio.Aggregate.closerToOneIsBetter.value(of: ratios)
    #expect(abs(scores[2] - 0.25) < 1e-9 && abs(value - 1.75 / 3) < 1e-9)
  }

  @Test func `utility of means, and an interval that holds it`() throws {
    let sets = [[[1, 0], [0.25, 0.25]], [[1, 1, 1]]]
    #expect(abs(try ModelUtility.ofMeans(sets) - 3.0 / 7) < 1e-15)
    var random = Counter()
    let interval = try ModelUtility.bootstrap(sets, resamples: 200, using: &random)
    #expect(interval.lower == 0 && interval.upper == 0.5)
    #expect(interval.method == .percentileBootstrap(resamples: 200))
    let certain = try ModelUtility.bootstrap([[[0.5], [0.5]]], resamples: 10, using: &random)
    #expect(certain.lower == 0.5 && certain.upper == 0.5)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try ModelUtility.ofMeans([[[0.5, .nan]]])
    }
    expectUndefined("empty") { () throws(Undefined) in try ModelUtility.ofMeans([[[]]]) }
    expectUndefined("counts-differ") { () throws(Undefined) in
      var random = Counter()
      _ = try ModelUtility.bootstrap([[[1], [1, 1]]], using: &random)
      return 0
    }
  }

  /// Numbers that are spread evenly enough for a draw.
  private struct Counter: RandomNumberGenerator {
    var state: UInt64 = 1
    mutating func next() -> UInt64 {
      state = state &* 0x5851_F42D_4C95_7F2D &+ 0x1405_7B7E_F767_814F
      return state
    }
  }
}
