import Compute
import Metrics
import Training
import Transformer

/// A classifier's four numbers (SalUn) and how far they are from those of the retrained model.
extension EffectEvaluation {
  /// How many known examples of each kind the attack is trained on at most.
  private static let knownLimit = 1000
  /// The attack and what it looks at.
  private static let attackVariant = "svc.rbf(C=3,gamma=scale).confidence"

  mutating func addClassification(_ models: [Named], _ sets: EvaluationSets)
    throws(ComputationError)
  {
    guard options.measuresTokens, let forget = sets.examples[.forget]?.first,
      case .label = forget.target
    else { return }
    var summaries: [Subject: ClassificationSummary] = [:]
    for (subject, _) in models {
      guard let scores = scores[subject], let forget = scores[.forget],
        let retain = scores[.retain], let test = scores[.test]
      else {
        skip(
          "membership-efficacy", Self.attackVariant, .forget, subject: subject,
          because: "a retain and a test set are needed")
        continue
      }
      let share = Result { () throws(Undefined) in
        // Equally many of both kinds, the first of each file.
        let count = min(retain.losses.count, test.losses.count, Self.knownLimit)
        let attack = try SupportVectorAttack(
          members: Self.confidences(retain, count), nonMembers: Self.confidences(test, count))
        return try attack.nonMemberShare(of: Self.confidences(forget, .max))
      }
      let measurement = Measurement(
        "membership-efficacy", variant: Self.attackVariant,
        count: forget.losses.count, seeds: options.seeds,
        value: { () throws(Undefined) in try share.get().value },
        interval: { () throws(Undefined) in try share.get().wilson() })
      enter(measurement, subject, .forget)
      do throws(Undefined) {
        summaries[subject] = try ClassificationSummary(
          forgetAccuracy: try Proportion(forget.isRight).value,
          retainAccuracy: try Proportion(retain.isRight).value,
          testAccuracy: try Proportion(test.isRight).value,
          membershipEfficacy: try share.get().value)
      } catch {
        // The measurement has the reason.
      }
    }
    addGaps(summaries)
  }

  private mutating func addGaps(_ summaries: [Subject: ClassificationSummary]) {
    guard let oracle = summaries[.oracle] else {
      return skip(
        "gap-to-retrain", "mean-of-4",
        because: scores[.oracle] == nil
          ? "no oracle was given" : "the oracle's numbers are not defined")
    }
    for subject in [Subject.before, .after] {
      guard let summary = summaries[subject] else { continue }
      for axis in ClassificationSummary.Axis.allCases {
        enterGap(axis.rawValue, summary.gap(axis, to: oracle), subject)
      }
      enterGap("mean-of-4", summary.meanGap(to: oracle), subject)
    }
  }

  private mutating func enterGap(_ variant: String, _ value: Double, _ subject: Subject) {
    let count = scores[subject]?[.forget]?.losses.count ?? 0
    enter(
      Measurement(
        "gap-to-retrain", variant: variant, count: count, seeds: options.seeds, value: { value }),
      subject)
  }

  /// The probability of each example's right class.
  private static func confidences(_ scores: ExampleScores, _ count: Int) -> [Double] {
    scores.means.prefix(count).map { loss in
      numberOrNaN { () throws(Undefined) in try Likelihood.probability(meanLoss: loss) }
    }
  }
}
