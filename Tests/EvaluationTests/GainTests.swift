@testable import Evaluation
import Metrics
import Testing
import Training

/// What an attack that is no training gains.
struct GainTests {
  private func evaluation(_ examples: [Example], condition: String? = nil) throws
    -> EffectEvaluation
  {
    let towns = try Towns()
    var sets = EvaluationSets(
      examples: [.forget: try towns.encoded(examples), .retain: try towns.encoded(Towns.retain)])
    sets.truth = TruthExamples()
    return try EffectEvaluation(
      after: try towns.taught(Towns.forget, steps: 10), on: sets,
      options: EvaluationOptions(newTokens: nil, condition: condition))
  }

  @Test func `gains are differences example by example`() throws {
    let towns = try Towns()
    var plain = try evaluation(Towns.forget)
    let count = plain.entries.count
    let sets = EvaluationSets(
      examples: [
        .forget: try towns.encoded(Towns.forget), .retain: try towns.encoded(Towns.retain),
      ])
    let other = try EffectEvaluation(
      after: try Towns.blank(), on: sets,
      options: EvaluationOptions(newTokens: nil, condition: "weights.rtn4.per-output"))
    plain.add(other)
    let gains = plain.entries.filter { $0.measurement.name == "attack-gain" }
    #expect(plain.entries.count == count + other.entries.count + gains.count)
    #expect(
      gains.map { "\($0.part?.rawValue ?? "") \($0.measurement.variant)" }.sorted() == [
        "forget accuracy.teacher-forced-exact", "forget loss.nats-per-label",
        "forget probability.geometric-mean", "retain accuracy.teacher-forced-exact",
        "retain loss.nats-per-label", "retain probability.geometric-mean",
      ])
    for gain in gains {
      let part = try #require(gain.part)
      #expect(gain.condition == "weights.rtn4.per-output" && gain.values.count == 2)
      guard gain.measurement.variant.hasPrefix("loss") else { continue }
      let (before, after) = (plain.scores[.after]?[part]?.means, other.scores[.after]?[part]?.means)
      #expect(gain.values == zip(after ?? [], before ?? []).map { $0 - $1 })
      #expect(gain.measurement.value == (gain.values[0] + gain.values[1]) / 2)
      #expect(gain.measurement.interval != nil)
    }
  }

  @Test func `places pair an example with itself`() throws {
    let all = Towns.forget + Towns.retain
    var plain = try evaluation(all)
    let base = try #require(plain.scores[.after]?[.forget]?.means)
    let other = try evaluation([all[3], all[1]], condition: "prompt.polite")
    plain.add(other, places: [3, 1])
    let loss = try #require(
      plain.entries.first {
        $0.measurement.name == "attack-gain" && $0.part == .forget
          && $0.measurement.variant.hasPrefix("loss")
      })
    // The same questions of the same model: nothing is gained but rounding.
    #expect(loss.values.count == 2 && loss.values.allSatisfy { abs($0) < 1e-5 })
    #expect(abs(base[3] - base[0]) > 1e-3)
    // Other parts are the same examples in the same order.
    #expect(
      plain.entries.contains { $0.measurement.name == "attack-gain" && $0.part == .retain })
  }

  @Test func `answers to the first questions alone are paired as far as both have them`() throws {
    let towns = try Towns()
    let all = Towns.forget + Towns.retain
    func evaluation(_ examples: [Example], _ condition: String?) throws -> EffectEvaluation {
      try EffectEvaluation(
        after: try towns.taught(Towns.forget, steps: 40),
        on: EvaluationSets(
          examples: [.forget: try towns.encoded(examples)],
          questions: [.forget: try towns.questions(examples, limit: 2)]),
        options: EvaluationOptions(newTokens: 4, condition: condition))
    }
    var plain = try evaluation(all, nil)
    let recalls = try #require(plain.answers[.after]?[.forget]?.recalls)
    #expect(recalls.count == 2)
    let other = try evaluation(Array(all.dropFirst()), "prompt.typos")
    plain.add(other, places: [1, 2, 3])
    let gain = plain.entries.first {
      $0.measurement.name == "attack-gain" && $0.measurement.variant.hasPrefix("rouge.")
    }
    // The second question was answered twice; the third has no answer without the change.
    #expect(gain?.values == [0])
    let loss = plain.entries.first {
      $0.measurement.name == "attack-gain" && $0.measurement.variant.hasPrefix("loss.")
    }
    #expect(loss?.values.count == 3)
  }

  @Test func `what has no like without the attack gains nothing`() throws {
    var plain = try evaluation(Towns.forget)
    let count = plain.entries.count
    // Without a condition it is the same evaluation again.
    plain.add(try evaluation(Towns.forget))
    #expect(!plain.entries.contains { $0.measurement.name == "attack-gain" })
    #expect(plain.entries.count == 2 * count)
    plain.add(try evaluation(Towns.forget, condition: "prompt.polite"), places: [7, 8])
    #expect(
      !plain.entries.contains { $0.measurement.name == "attack-gain" && $0.part == .forget })
  }
}
