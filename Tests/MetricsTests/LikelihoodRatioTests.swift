import Metrics
import StrictJSON
import Testing

@Suite("Likelihood ratio attack") struct LikelihoodRatioTests {
  private typealias Example = LikelihoodRatioAttack.Example

  @Test func `scores equal SciPy's densities, for own and for pooled variances`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("shadows") {
      let examples = try row[0].elements().map { example in
        let parts = try example.elements()
        return Example(
          target: try parts[0].number(), unlearned: try parts[1].numbers(),
          unseen: try parts[2].numbers())
      }
      for (variance, column) in [(LikelihoodRatioAttack.Variance.perExample, 2), (.global, 3)] {
        let scores = try LikelihoodRatioAttack.scores(
          examples, variance: variance, floor: try row[1].number())
        for (score, expected) in zip(scores, try row[column].numbers()) {
          deviation.add(score, expected)
        }
      }
    }
    deviation.check(within: 1e-10, "log ratios")
  }

  @Test func `logits equal SciPy's and are cut where a probability has no more digits`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("logits") {
      deviation.add(
        try LikelihoodRatioAttack.logit(logProbability: try row[0].number()), try row[1].number())
    }
    deviation.check(within: 1e-9, "logits")
    #expect(try LikelihoodRatioAttack.logit(logProbability: -.infinity) == -30)
    #expect(try LikelihoodRatioAttack.logit(logProbability: 0) == 30)
    #expect(try LikelihoodRatioAttack.logit(logProbability: 1e-5) == 30)
    expectUndefined("out-of-range") { () throws(Undefined) in
      try LikelihoodRatioAttack.logit(logProbability: 0.5)
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try LikelihoodRatioAttack.logit(logProbability: .nan)
    }
  }

  @Test func `unlearned examples that look so are caught, and the sign decides`() throws {
    let (high, low) = ([2.0, 2.1, 1.9], [-1.0, -1.1, -0.9])
    let attack = try LikelihoodRatioAttack(
      unlearned: [
        Example(target: 2, unlearned: high, unseen: low),
        Example(target: -1, unlearned: high, unseen: low),
      ],
      unseen: [
        Example(target: -1, unlearned: high, unseen: low),
        Example(target: -0.5, unlearned: high, unseen: low),
      ], variance: .perExample)
    #expect(attack.unlearned[0] > 0 && attack.unlearned[1] < 0 && attack.unseen[0] < 0)
    #expect(try attack.accuracy() == Proportion(successes: 3, of: 4))
    #expect(attack.membership.auc == 0.625)
    #expect(try attack.membership.truePositiveRate(atFalsePositiveRate: 0) == 0.5)
  }

  @Test func `unlearning that leaves no trace has a score of 0 and is called unseen`() throws {
    let same = Example(target: 1, unlearned: [0, 1, 2], unseen: [2, 1, 0])
    for variance in LikelihoodRatioAttack.Variance.allCases {
      let attack = try LikelihoodRatioAttack(
        unlearned: [same, same], unseen: [same, same], variance: variance)
      #expect(attack.unlearned == [0, 0] && attack.membership.auc == 0.5)
      #expect(try attack.accuracy().value == 0.5)
    }
  }

  @Test func `one shadow model has no variance, but may share that of others`() throws {
    let single = Example(target: 1, unlearned: [0.5], unseen: [0.25])
    for variance in LikelihoodRatioAttack.Variance.allCases {
      expectUndefined("too-few") { () throws(Undefined) in
        try LikelihoodRatioAttack.scores([single, single], variance: variance)
      }
    }
    let several = Example(target: 1, unlearned: [0, 1], unseen: [0, 2])
    expectUndefined("too-few") { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([single, several], variance: .perExample)
    }
    let scores = try LikelihoodRatioAttack.scores([single, several], variance: .global)
    // Variances ½ and 2, each from the one example that has any.
    let expected = 0.5 * (1.3862943611198906 + 0.5625 / 2 - 0.25 / 0.5)
    #expect(abs(scores[0] - expected) < 1e-15)
  }

  @Test func `shadow models that agree have the least variance`() throws {
    let agreed = Example(target: 0, unlearned: [0, 0], unseen: [1, 1])
    for variance in LikelihoodRatioAttack.Variance.allCases {
      #expect(
        try LikelihoodRatioAttack.scores([agreed], variance: variance, floor: 0.25) == [2])
      #expect(
        abs(try LikelihoodRatioAttack.scores([agreed], variance: variance)[0] - 5e5) < 1e-6)
    }
    for floor in [0, -1, .infinity] {
      expectUndefined("out-of-range") { () throws(Undefined) in
        try LikelihoodRatioAttack.scores([agreed], variance: .global, floor: floor)
      }
    }
  }

  @Test func `missing, infinite and undefined statistics are refused`() {
    for variance in LikelihoodRatioAttack.Variance.allCases {
      func expect(_ reason: String, _ target: Double, _ unlearned: [Double], _ unseen: [Double]) {
        expectUndefined(reason) { () throws(Undefined) in
          try LikelihoodRatioAttack.scores(
            [Example(target: target, unlearned: unlearned, unseen: unseen)], variance: variance)
        }
      }
      expect("not-a-number", .nan, [0, 1], [0, 1])
      expect("not-a-number", 0, [0, .nan], [0, 1])
      expect("infinite", 0, [0, 1], [0, .infinity])
      expect("empty", 0, [], [0, 1])
      expect("out-of-range", 0, [-1e200, 1e200], [0, 1])
      let example = Example(target: 0, unlearned: [0, 1], unseen: [0, 1])
      expectUndefined("empty") { () throws(Undefined) in
        try LikelihoodRatioAttack(unlearned: [example], unseen: [], variance: variance)
      }
      expectUndefined("empty") { () throws(Undefined) in
        try LikelihoodRatioAttack(unlearned: [], unseen: [example], variance: variance)
      }
    }
  }
}
