import Compute
import Metrics

/// How well attacks tell the forget set from examples that were never seen, and how much better than under the oracle.
extension EffectEvaluation {
  /// The rate of false alarms at which an attack's hits are told.
  static let falsePositiveRate = 0.01

  /// The loss attack of forget against held-out examples: 1 where the forget set looks memorised, ½ where it
  /// looks like examples that were never seen.
  mutating func addMembership(_ subject: Subject) {
    guard let forget = scores[subject]?[.forget], let test = scores[subject]?[.test] else {
      return skip(
        "membership-auc", "loss", subject: subject, because: "no held-out examples were given")
    }
    addArea("loss", forget.means, test.means, subject)
  }

  /// The area of one attack under one model.
  mutating func addArea(
    _ variant: String, _ forget: [Double], _ holdout: [Double], _ subject: Subject
  ) {
    let measurement = Measurement(
      "membership-auc", variant: variant, count: forget.count + holdout.count,
      seeds: options.seeds,
      value: { () throws(Undefined) in
        try MembershipAttack(forget: forget, holdout: holdout).auc
      },
      interval: { () throws(Undefined) in
        try MembershipAttack(forget: forget, holdout: holdout).deLong()
      })
    enter(measurement, subject)
  }

  /// What all attacks tell: area, hits at few false alarms, and both beside the oracle.
  mutating func addAttacks(_ models: [Subject: MembershipScores]) {
    for subject in Subject.allCases {
      guard let scores = models[subject] else { continue }
      for attack in scores.attacks {
        if attack.variant != "loss" {
          addArea(attack.variant, attack.forget, attack.holdout, subject)
        }
        addHits(attack, subject)
      }
    }
    guard let oracle = models[.oracle] else {
      if models[.after] != nil {
        skip("membership-auc-difference", "loss", because: "no oracle was given")
        skip("priv-leak", "min-k(\(MembershipScore.defaultShare))", because: "no oracle was given")
      }
      return
    }
    for subject in Subject.allCases where subject != .oracle {
      guard let scores = models[subject] else { continue }
      for (attack, other) in zip(scores.attacks, oracle.attacks) {
        addDifference(attack, other, subject)
        if attack.variant.hasPrefix("min-k(") { addLeak(attack, other, subject) }
      }
    }
  }

  private mutating func addHits(_ attack: MembershipScores.Attack, _ subject: Subject) {
    let measurement = Measurement(
      "membership-tpr", variant: "\(attack.variant).fpr-\(Self.falsePositiveRate)",
      count: attack.forget.count + attack.holdout.count, seeds: options.seeds,
      value: { () throws(Undefined) in
        try MembershipAttack(forget: attack.forget, holdout: attack.holdout)
          .truePositiveRate(atFalsePositiveRate: Self.falsePositiveRate)
      })
    enter(measurement, subject)
  }

  private mutating func addDifference(
    _ attack: MembershipScores.Attack, _ oracle: MembershipScores.Attack, _ subject: Subject
  ) {
    func difference() throws(Undefined) -> MembershipDifference {
      try MembershipDifference(
        forget: attack.forget, holdout: attack.holdout, oracleForget: oracle.forget,
        oracleHoldout: oracle.holdout)
    }
    let measurement = Measurement(
      "membership-auc-difference", variant: attack.variant,
      count: attack.forget.count + attack.holdout.count, seeds: options.seeds,
      value: { () throws(Undefined) in try difference().value },
      interval: { () throws(Undefined) in
        var random = RandomNumbers(seed: 0)
        return try difference().bootstrap(using: &random)
      })
    enter(measurement, subject)
  }

  private mutating func addLeak(
    _ attack: MembershipScores.Attack, _ oracle: MembershipScores.Attack, _ subject: Subject
  ) {
    let count = attack.forget.count + attack.holdout.count
    for (name, value) in [
      ("priv-leak", PrivacyLeak.privLeak), ("rel-diff", PrivacyLeak.relativeDifference),
    ] {
      let measurement = Measurement(
        name, variant: attack.variant, count: count, seeds: options.seeds,
        value: { () throws(Undefined) in
          try value(
            MembershipAttack(forget: attack.forget, holdout: attack.holdout).auc,
            MembershipAttack(forget: oracle.forget, holdout: oracle.holdout).auc)
        })
      enter(measurement, subject)
    }
  }
}
