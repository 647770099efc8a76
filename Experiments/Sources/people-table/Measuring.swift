import Evaluation
import Compute
import Metrics
import Training
import Transformer
import Unlearning

/// Numbers by name, in order.
typealias Numbers = [(name: String, value: Double)]

/// Measures models.
struct Gauge {
  let data: PeopleData
  let settings: Protocol

  /// The mean over examples of the Jensen–Shannon divergence, the mean over labels.
  static func distance(
    _ model: Model<Float>, _ oracle: Model<Float>, on examples: [EncodedExample]
  ) throws -> Double {
    let scores = try ExampleScores(of: model, on: examples, oracle: oracle)
    return scores.divergences.reduce(0, +) / Double(scores.divergences.count)
  }

  /// The share of examples whose greedy answer is right, and the mean probability of a right label.
  static func success(_ scores: ExampleScores) -> (accuracy: Double, probability: Double) {
    let count = Double(scores.losses.count)
    return (
      Double(scores.isRight.count { $0 }) / count,
      scores.means.reduce(0) { $0 + exponential(-$1) } / count
    )
  }

  /// The short measurement that rates are chosen by.
  func tuning(_ model: Model<Float>, oracle: Model<Float>) throws -> Numbers {
    let retain = Array(data.sets.retain.prefix(settings.tuningRetain))
    let kept = try ExampleScores(of: model, on: retain, oracle: oracle)
    let forgotten = try ExampleScores(of: model, on: data.sets.forget, oracle: oracle)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    return [
      ("forget_accuracy", Self.success(forgotten).accuracy), ("forget_loss", forgotten.loss),
      ("retain_accuracy", Self.success(kept).accuracy), ("retain_loss", kept.loss),
      ("js_forget", mean(forgotten.divergences)), ("js_retain", mean(kept.divergences)),
    ]
  }

  /// All that is reported of a model.
  func report(
    _ model: Model<Float>, oracles: [Model<Float>], attackRate: Double, seed: UInt64
  ) throws -> Numbers {
    var numbers: Numbers = []
    var means: [String: [Double]] = [:]
    for (name, examples) in [
      ("forget", data.sets.forget), ("retain", data.sets.retain), ("test", data.sets.test),
    ] {
      let scores = try ExampleScores(of: model, on: examples)
      let success = Self.success(scores)
      means[name] = scores.means
      numbers += [
        (name + "_accuracy", success.accuracy), (name + "_loss", scores.loss),
        (name + "_probability", success.probability),
      ]
      guard name != "test", !oracles.isEmpty else { continue }
      var sum = 0.0
      for oracle in oracles { sum += try Self.distance(model, oracle, on: examples) }
      numbers.append(("js_" + name, sum / Double(oracles.count)))
    }
    if let forget = means["forget"], let test = means["test"] {
      numbers.append(("auc", try MembershipAttack(forget: forget, holdout: test).auc))
    }
    return try numbers + relearning(model, attackRate: attackRate, seed: seed)
  }

  /// What an attacker regains of facts that were not leaked; the mean over attack seeds.
  func relearning(_ model: Model<Float>, attackRate: Double, seed: UInt64) throws -> Numbers {
    let before = Self.success(try ExampleScores(of: model, on: data.held))
    let leakedBefore = Self.success(try ExampleScores(of: model, on: data.leaked))
    var (accuracy, probability, leaked) = (0.0, 0.0, 0.0)
    for attackSeed in settings.attackSeeds {
      let relearned = try Attack(settings: settings, rate: attackRate).run(
        model, on: data.leaked, seed: attackSeed &+ 1000 &* seed)
      let after = Self.success(try ExampleScores(of: relearned, on: data.held))
      accuracy += after.accuracy / Double(settings.attackSeeds.count)
      probability += after.probability / Double(settings.attackSeeds.count)
      leaked +=
        Self.success(try ExampleScores(of: relearned, on: data.leaked)).accuracy
        / Double(settings.attackSeeds.count)
    }
    return [
      ("held_accuracy_before", before.accuracy), ("held_accuracy_after", accuracy),
      ("held_probability_before", before.probability), ("held_probability_after", probability),
      ("leaked_accuracy_before", leakedBefore.accuracy), ("leaked_accuracy_after", leaked),
    ]
  }
}
