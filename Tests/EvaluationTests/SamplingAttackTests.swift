import Evaluation
import Metrics
import Testing
import Training
import Transformer

struct SamplingAttackTests {
  @Test func `the same seed draws the same answers, another seed others`() throws {
    let towns = try Towns()
    let model = try towns.taught(Towns.forget, steps: 10)
    let set = try towns.questions(Towns.forget + Towns.retain)
    var attack = SamplingAttack(samples: 8, seed: 5)
    func scores() throws -> SamplingAttack.Scores {
      try attack.scores(of: model, on: set, newTokens: 4, tokensPerPass: 4096)
    }
    let first = try scores()
    #expect(try scores() == first)
    #expect(first.recalls.map(\.count) == [8, 8, 8, 8])
    #expect(first.isExact.joined().allSatisfy { $0 == 0 || $0 == 1 })
    attack.seed = 6
    #expect(try scores() != first)
  }

  @Test func `near temperature 0 every answer is the greedy one`() throws {
    let towns = try Towns()
    let model = try towns.taught(Towns.forget, steps: 20)
    let set = try towns.questions(Towns.forget + Towns.retain)
    let greedy = try AnswerScores(of: model, on: set, newTokens: 4)
    for temperature in [1e-3, 1e-6] {
      let sampled = try SamplingAttack(temperature: temperature, samples: 3)
        .scores(of: model, on: set, newTokens: 4, tokensPerPass: 4096)
      #expect(sampled.recalls == greedy.recalls.map { [$0, $0, $0] })
      #expect(sampled.isExact == greedy.isExact.map { Array(repeating: $0 ? 1 : 0, count: 3) })
    }
  }

  @Test func `no k above the number of answers is told, and more answers leak no less`() throws {
    let towns = try Towns()
    let set = try towns.questions(Towns.forget)
    let model = try towns.taught(Towns.forget, steps: 5)
    let attack = SamplingAttack(samples: 4, counts: [4, 0, -1, 1, 4, 5, 16])
    #expect(attack.counts == [1, 4, 5, 16])
    var evaluation = try EffectEvaluation(
      after: model, on: EvaluationSets(questions: [.forget: set]),
      options: EvaluationOptions(newTokens: nil))
    try evaluation.addSampling(
      attack, [(.before, try Towns.blank()), (.after, model)], on: set, newTokens: 4)
    let leaks = evaluation.entries.filter { $0.measurement.name.hasPrefix("leak@") }
    #expect(Set(leaks.map(\.measurement.name)) == ["leak@1", "leak@4"])
    #expect(leaks.count == 8 && leaks.allSatisfy { $0.values.count == 2 })
    for subject in [EffectEvaluation.Subject.before, .after] {
      let own = leaks.filter { $0.subject == subject }
      for name in ["exact-match", "rougeL"] {
        let values = try own.filter { $0.measurement.variant.hasPrefix(name) }
          .map { try #require($0.measurement.value) }
        #expect(values.count == 2 && values[0] <= values[1])
      }
    }
    #expect(
      leaks.allSatisfy { $0.measurement.variant.hasSuffix("sampled(t=1.0,top-p=1.0,n=4,seed=0)") })
  }
}
