import Metrics
import StrictJSON
import Testing

@Suite("Membership and memorisation") struct MembershipTests {
  @Test func `AUC, rates, DeLong and the best threshold equal the references`() throws {
    var (auc, rate, bound, accuracy) = (Deviation(), Deviation(), Deviation(), Deviation())
    for row in try Fixture.rows("roc") {
      let (forget, holdout) = (try row[0].numbers(), try row[1].numbers())
      let attack = try MembershipAttack(forget: forget, holdout: holdout)
      auc.add(attack.auc, try row[2].number())
      for pair in try row[3].elements() {
        let pair = try pair.numbers()
        rate.add(try attack.truePositiveRate(atFalsePositiveRate: pair[0]), pair[1])
      }
      if let expected = try row[4].optional?.numbers() {
        let interval = try attack.deLong()
        bound.add(interval.lower, expected[0])
        bound.add(interval.upper, expected[1])
      } else {
        expectUndefined("constant") { () throws(Undefined) in try attack.deLong() }
      }
      let best = try ConfidenceAttack(
        members: forget.map { -$0 }, nonMembers: holdout.map { -$0 })
      accuracy.add(best.balancedAccuracy, try row[5].number())
      accuracy.add(
        best.balancedAccuracy, (1 + best.truePositiveRate - best.falsePositiveRate) / 2)
      #expect(
        try best.memberShare(of: forget.map { -$0 }).value == best.truePositiveRate)
    }
    auc.check(within: 1e-15, "AUC")
    rate.check(within: 1e-15, "rates")
    bound.check(within: 1e-13, "DeLong")
    accuracy.check(within: 1e-15, "balanced accuracy")
  }

  @Test func `AUC says 1 for memorised, a half for no difference, 0 for over-forgotten`() throws {
    #expect(try MembershipAttack(forget: [0.1, 0.2], holdout: [3, 4]).auc == 1)
    #expect(try MembershipAttack(forget: [1, 1], holdout: [1, 1, 1]).auc == 0.5)
    #expect(try MembershipAttack(forget: [7, .infinity], holdout: [3, 4]).auc == 0)
  }

  @Test func `AUC of exchanged sets adds up to 1 and ignores monotone maps`() throws {
    var dice = Dice(seed: 4)
    for _ in 0..<20 {
      let (forget, holdout) = (dice.values(31), dice.values(17, shift: 0.125))
      let auc = try MembershipAttack(forget: forget, holdout: holdout).auc
      #expect(abs(auc + (try MembershipAttack(forget: holdout, holdout: forget)).auc - 1) < 1e-15)
      let mapped = try MembershipAttack(
        forget: forget.map { $0 * $0 * $0 - 9 }, holdout: holdout.map { $0 * $0 * $0 - 9 })
      #expect(auc == mapped.auc)
      var pairs = 0.0
      for x in forget { for y in holdout { pairs += x < y ? 1 : x == y ? 0.5 : 0 } }
      #expect(abs(auc - pairs / (31 * 17)) < 1e-15)
    }
  }

  @Test func `bootstrap intervals are reproducible and contain the AUC`() throws {
    var dice = Dice(seed: 5)
    let attack = try MembershipAttack(forget: dice.values(60), holdout: dice.values(40, shift: 0.2))
    var (one, two) = (Dice(seed: 6), Dice(seed: 6))
    let interval = try attack.bootstrap(resamples: 400, using: &one)
    #expect(interval == (try attack.bootstrap(resamples: 400, using: &two)))
    #expect(
      interval.contains(attack.auc) && interval.method == .percentileBootstrap(resamples: 400))
    let deLong = try attack.deLong()
    #expect(abs(interval.lower - deLong.lower) < 0.03 && abs(interval.upper - deLong.upper) < 0.03)
  }

  @Test func `scores equal NumPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("tokens") {
      let logs = try row[0].numbers()
      deviation.add(try MembershipScore.loss(logs), try row[3].number())
      deviation.add(try MembershipScore.minK(logs), try row[4].number())
      deviation.add(
        try MembershipScore.minKPlusPlus(
          logs, means: try row[1].numbers(), variances: try row[2].numbers()),
        try row[5].number())
    }
    deviation.check(within: 1e-14, "scores")
    #expect(try MembershipScore.referenceDifference(loss: 2, referenceLoss: 3) == -1)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try MembershipScore.referenceDifference(loss: .infinity, referenceLoss: .infinity)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try MembershipScore.minK([-1], share: 0)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try MembershipScore.loss([-1, 2.5])
    }
    expectUndefined("counts-differ") { () throws(Undefined) in
      try MembershipScore.minKPlusPlus([-1, -2], means: [0], variances: [1, 1])
    }
    #expect(try MembershipScore.loss([-1, -.infinity]) == .infinity)
  }

  @Test func `compressed lengths equal Python's, and the score is the loss over them`() throws {
    for row in try Fixture.rows("zlib") {
      let text = String(repeating: try row[0].text(), count: try row[1].integer())
      let count = try row[2].integer()
      #expect(Zlib.compressedByteCount(of: Array(text.utf8)) == count)
      #expect(try MembershipScore.zlib(loss: 1.5, text: text) == 1.5 / Double(count))
    }
    #expect(try MembershipScore.zlib(loss: .infinity, text: "x") == .infinity)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try MembershipScore.zlib(loss: .nan, text: "x")
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try MembershipScore.zlib(loss: -1, text: "x")
    }
  }

  @Test func `the gradient norm is the mean of norms, not the norm of all`() throws {
    #expect(try MembershipScore.gradientNorm(squaredNorms: [9, 16, 0]) == 7.0 / 3)
    #expect(try MembershipScore.gradientNorm(squaredNorms: [4, .infinity]) == .infinity)
    expectUndefined("out-of-range") { () throws(Undefined) in
      try MembershipScore.gradientNorm(squaredNorms: [1, -1])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try MembershipScore.gradientNorm(squaredNorms: [.nan])
    }
    expectUndefined("empty") { () throws(Undefined) in
      try MembershipScore.gradientNorm(squaredNorms: [])
    }
  }

  @Test func `a model that is sure says member, and NaN is refused`() throws {
    let attack = try ConfidenceAttack(members: [0.99, 0.9, 0.8], nonMembers: [0.7, 0.85, 0.2])
    #expect(attack.threshold == 0.9 && attack.falsePositiveRate == 0)
    #expect(try attack.memberShare(of: [0.95, 0.5, 0.9, 0.1]).value == 0.5)
    let none = try ConfidenceAttack(members: [0.5], nonMembers: [0.5])
    #expect(none.balancedAccuracy == 0.5 && none.threshold == .infinity)
    expectUndefined("not-a-number") { () throws(Undefined) in
      try ConfidenceAttack(members: [.nan], nonMembers: [0.5])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try MembershipAttack(forget: [1], holdout: [.nan])
    }
    expectUndefined("empty") { () throws(Undefined) in
      try MembershipAttack(forget: [1], holdout: [])
    }
  }

  @Test func `privacy leak has the signs of MUSE`() throws {
    #expect(abs(try PrivacyLeak.privLeak(auc: 1, oracleAUC: 0.4) + 100) < 1e-6)
    #expect(try PrivacyLeak.privLeak(auc: 0.4, oracleAUC: 0.4) == 0)
    #expect(try PrivacyLeak.privLeak(auc: 0.1, oracleAUC: 0.4) > 49.9)
    #expect(abs(try PrivacyLeak.relativeDifference(auc: 0.6, oracleAUC: 0.4) - 50) < 1e-12)
    expectUndefined("zero-denominator") { () throws(Undefined) in
      try PrivacyLeak.relativeDifference(auc: 0.5, oracleAUC: 0)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try PrivacyLeak.privLeak(auc: 1.5, oracleAUC: 0.5)
    }
  }

  @Test(
    "extraction strength",
    arguments: [
      ([true, true, true, true], 1, 1), ([true, true, true, false], 0, 0.25),
      ([false, false, false, true], 0.25, 0.25), ([false, true, true, true], 0.75, 0.75),
      ([true, false, true, true], 0.5, 0.5), ([false, false, false, false], 0, 0.25),
      ([false], 0, 1), ([true], 1, 1),
    ] as [([Bool], Double, Double)])
  func extraction(_ hits: [Bool], _ exact: Double, _ open: Double) throws {
    #expect(try Memorization.ExtractionStrength.exact.value(hits: hits) == exact)
    #expect(try Memorization.ExtractionStrength.openUnlearning.value(hits: hits) == open)
  }

  @Test func `an answer without tokens has no exact strength`() throws {
    #expect(try Memorization.ExtractionStrength.openUnlearning.value(hits: []) == 0)
    expectUndefined("empty") { () throws(Undefined) in
      try Memorization.ExtractionStrength.exact.value(hits: [])
    }
    expectUndefined("empty") { () throws(Undefined) in try Memorization.exact(hits: []) }
    #expect(try Memorization.exact(hits: [true, false, true, true]) == 0.75)
    #expect(Memorization.ExtractionStrength.exact.rawValue == "esExact")
  }
}
