import Compute
import Metrics
import Training
import Transformer

/// What a relearning attack brings back, for each model under the same attack.
extension EffectEvaluation {
  mutating func addRelearning(_ models: [Named], _ data: UnlearningData) {
    guard let settings = options.relearning else {
      return skip("relearning-gain", "", .forget, because: "it was not asked for")
    }
    let examples = Array(data.forget.prefix(max(0, settings.limit)))
    let attack = settings.attack
    let (leaked, held) = attack.split(examples, leakedShare: settings.leakedShare)
    guard !leaked.isEmpty, !held.isEmpty else {
      return skip(
        "relearning-gain", "held.\(attack.variant)", .forget,
        because: "the forget set has \(examples.count) examples, which can't be parted in two")
    }
    guard attack.steps.count > 1 else {
      return skip(
        "relearning-gain", "held.\(attack.variant)", .forget, because: "the attack has no steps")
    }
    for (subject, model) in models {
      do throws(MethodError) {
        let course = try attack.course(
          of: model, leaked: leaked, held: held, tokensPerPass: options.tokensPerPass)
        courses[subject] = course
        add(course.leaked, "leaked", course.steps, attack, subject)
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
      let curves = [after, before, oracle].map { $0.held.map { measure.mean($0) } }
      let count = after.held.first?.losses.count ?? 0
      let share = Measurement(
        names[1], variant: variant, count: count, seeds: options.seeds,
        value: { () throws(Undefined) in
          try RelearningCurve(
            steps: attack.steps, unlearned: curves[0], original: curves[1], oracle: curves[2]
          ).recoveredShare()
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

  /// What each example gained from the first look to the last.
  func gains(_ scores: [ExampleScores]) -> [Double] {
    guard let first = scores.first, let last = scores.last else { return [] }
    return zip(values(last), values(first)).map { $0 - $1 }
  }
}
