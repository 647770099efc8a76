import Compute
import Metrics
import Training
import Transformer

/// What a relearning attack brings back, for each model under the same attack.
extension EffectEvaluation {
  mutating func addRelearning(_ models: [Named], _ sets: EvaluationSets) {
    guard let settings = options.relearning else {
      return skip("relearning-gain", "", .forget, because: "it was not asked for")
    }
    let examples = Array((sets.examples[.forget] ?? []).prefix(max(0, settings.limit)))
    let attack = settings.attack
    let splits = settings.source.splits(of: examples, attack)
    guard !splits.isEmpty, splits.allSatisfy({ !$0.leaked.isEmpty && !$0.held.isEmpty }) else {
      return skip(
        "relearning-gain", "held.\(attack.variant)", .forget,
        because: settings.source.refusal(examples.count))
    }
    guard attack.steps.count > 1 else {
      return skip(
        "relearning-gain", "held.\(attack.variant)", .forget, because: "the attack has no steps")
    }
    for (subject, model) in models {
      do throws(ComputationError) {
        var course: RelearningAttack.Course?
        for split in splits {
          let next = try attack.course(
            of: model, leaked: split.leaked, held: split.held,
            tokensPerPass: options.tokensPerPass)
          course = course?.followed(by: next) ?? next
        }
        guard let course else { continue }
        courses[subject] = course
        add(course.leaked, settings.source.name, course.steps, attack, subject)
        add(course.held, "held", course.steps, attack, subject)
      } catch {
        skip(
          "relearning-gain", "held.\(attack.variant)", .forget, subject: subject,
          because: error.description)
      }
    }
    addRecovery(attack)
  }

  /// The curve of one model on one half, and what it gained.
  private mutating func add(
    _ scores: [ExampleScores], _ half: String, _ steps: [Int], _ attack: RelearningAttack,
    _ subject: Subject
  ) {
    for (step, score) in zip(steps, scores) {
      let variant = "\(half).step-\(step).\(attack.variant)"
      enter(share: score.isRight, "relearning-accuracy", variant, subject, .forget)
      enter(mean: score.means, "relearning-loss", variant, subject, .forget)
    }
    guard let length = steps.last else { return }
    for measure in RelearningMeasure.allCases {
      enter(
        mean: measure.gains(scores), "relearning-gain",
        "\(half).\(measure.rawValue).step-\(length).\(attack.variant)", subject, .forget)
    }
  }

  /// What the unlearned model regained of what the attacker does not have, beside the oracle and the original.
  private mutating func addRecovery(_ attack: RelearningAttack) {
    let names = ["relearning-excess-gain", "relearning-recovered-share"]
    guard let after = courses[.after] else { return }
    for measure in RelearningMeasure.allCases {
      let variant = "held.\(measure.rawValue).\(attack.variant)"
      guard let oracle = courses[.oracle] else {
        let reason =
          scores[.oracle] == nil ? "no oracle was given" : "the oracle could not be attacked"
        for name in names { skip(name, variant, .forget, because: reason) }
        continue
      }
      let (mine, theirs) = (measure.gains(after.held), measure.gains(oracle.held))
      enter(mean: zip(mine, theirs).map { $0 - $1 }, names[0], variant, .after, .forget)
      guard let before = courses[.before] else {
        skip(names[1], variant, .forget, because: "the model before could not be attacked")
        continue
      }
      let held = [after.held, before.held, oracle.held]
      let share = Measurement(
        names[1], variant: variant, count: held[0].first?.losses.count ?? 0, seeds: options.seeds,
        value: { () throws(Undefined) in
          let means = held.map { $0.map { measure.mean($0) } }
          return try RelearningCurve(
            steps: attack.steps, unlearned: means[0], original: means[1], oracle: means[2]
          ).recoveredShare()
        },
        interval: { () throws(Undefined) in
          var random = RandomNumbers(seed: 0)
          return try RelearningCurve.bootstrapRecoveredShare(
            measure.curves(held, attack.steps), resamples: 1000, using: &random)
        })
      enter(share, .after, .forget)
    }
  }
}

/// What a relearning curve is drawn of: higher where more is known.
private enum RelearningMeasure: String, CaseIterable {
  case accuracy
  case logLikelihood = "log-likelihood"

  /// Each example's value: 1 for a right greedy answer, else 0; or the mean log-probability of its labels.
  func values(_ scores: ExampleScores) -> [Double] {
    switch self {
    case .accuracy: scores.isRight.map { $0 ? 1 : 0 }
    case .logLikelihood: scores.means.map { -$0 }
    }
  }

  func mean(_ scores: ExampleScores) -> Double {
    let values = values(scores)
    return values.reduce(0, +) / Double(values.count)
  }

  /// Each example's curve under the unlearned model, the original and the oracle, in this order.
  func curves(_ scores: [[ExampleScores]], _ steps: [Int]) throws(Undefined) -> [RelearningCurve] {
    let values = scores.map { $0.map { self.values($0) } }
    var curves: [RelearningCurve] = []
    for example in values[0].first?.indices ?? 0..<0 {
      curves.append(
        try RelearningCurve(
          steps: steps, unlearned: values[0].map { $0[example] },
          original: values[1].map { $0[example] }, oracle: values[2].map { $0[example] }))
    }
    return curves
  }

  /// What each example gained from the first look to the last.
  func gains(_ scores: [ExampleScores]) -> [Double] {
    guard let first = scores.first, let last = scores.last else { return [] }
    return zip(values(last), values(first)).map { $0 - $1 }
  }
}
