import Metrics
import Testing

struct MembershipDifferenceTests {
  @Test func `the value is the difference of the two areas`() throws {
    // Areas 1 and 0.25.
    let difference = try MembershipDifference(
      forget: [0, 1], holdout: [2, 3], oracleForget: [2, 1], oracleHoldout: [1.5, 0])
    #expect(difference.value == 0.75)
    var dice = Dice(seed: 1)
    for _ in 0..<50 {
      let values = [5, 7, 5, 7].map { dice.values($0) }
      let difference = try MembershipDifference(
        forget: values[0], holdout: values[1], oracleForget: values[2], oracleHoldout: values[3])
      let areas = (
        try MembershipAttack(forget: values[0], holdout: values[1]).auc,
        try MembershipAttack(forget: values[2], holdout: values[3]).auc
      )
      #expect(difference.value == areas.0 - areas.1)
      #expect((-1...1).contains(difference.value))
    }
  }

  @Test func `the interval holds the value, and repeats with its seed`() throws {
    var dice = Dice(seed: 2)
    for _ in 0..<10 {
      let difference = try MembershipDifference(
        forget: dice.values(30), holdout: dice.values(40, shift: 0.3),
        oracleForget: dice.values(30), oracleHoldout: dice.values(40))
      var (first, second) = (Dice(seed: 3), Dice(seed: 3))
      let interval = try difference.bootstrap(resamples: 500, using: &first)
      #expect(interval.lower <= difference.value && difference.value <= interval.upper)
      #expect(interval.lower < interval.upper && interval.lower >= -1 && interval.upper <= 1)
      #expect(try difference.bootstrap(resamples: 500, using: &second) == interval)
      let wider = try difference.bootstrap(resamples: 500, level: 0.99, using: &second)
      #expect(wider.upper - wider.lower > interval.upper - interval.lower)
    }
  }

  // Both scores of an example are drawn together.
  @Test func `equal models have no difference, nor has any resample`() throws {
    var dice = Dice(seed: 4)
    let (forget, holdout) = (dice.values(20), dice.values(15))
    let difference = try MembershipDifference(
      forget: forget, holdout: holdout, oracleForget: forget, oracleHoldout: holdout)
    let interval = try difference.bootstrap(using: &dice)
    #expect(difference.value == 0 && interval.lower == 0 && interval.upper == 0)
  }

  @Test func `other numbers of examples, none, or no numbers have no difference`() {
    expectUndefined("counts-differ") { () throws(Undefined) in
      try MembershipDifference(
        forget: [1, 2], holdout: [1], oracleForget: [1], oracleHoldout: [1])
    }
    expectUndefined("counts-differ") { () throws(Undefined) in
      try MembershipDifference(
        forget: [1], holdout: [1], oracleForget: [1], oracleHoldout: [1, 2])
    }
    expectUndefined("empty") { () throws(Undefined) in
      try MembershipDifference(forget: [], holdout: [1], oracleForget: [], oracleHoldout: [1])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try MembershipDifference(
        forget: [1], holdout: [1], oracleForget: [.nan], oracleHoldout: [1])
    }
  }
}
