@testable import Evaluation
import Metrics
import Testing
import Training

struct RelearningSourceTests {
  private typealias Source = EvaluationOptions.Relearning.Source
  private let attack = RelearningAttack(steps: [1], seed: 3)

  private func examples(_ count: Int) -> [EncodedExample] {
    (0..<count).map {
      EncodedExample(
        sequences: [[4, Int32($0)]], tokenTypes: [[0, 0]], target: .tokens([[-100, Int32($0)]]))
    }
  }

  @Test(arguments: [(2, 2), (7, 3), (10, 5), (5, 5)])
  func `folds are parts of the examples, each held once`(count: Int, folds: Int) throws {
    let all = examples(count)
    let splits = Source.folds(folds).splits(of: all, attack)
    #expect(splits.count == folds)
    for (leaked, held) in splits {
      #expect(leaked.count + held.count == count && Set(leaked + held) == Set(all))
      #expect(held.count == count / folds || held.count == count / folds + 1)
    }
    let held = splits.flatMap(\.held)
    #expect(held.count == count && Set(held) == Set(all))
    let again = Source.folds(folds).splits(of: all, attack)
    #expect(again.map(\.held) == splits.map(\.held))
  }

  @Test func `too few examples make no folds, and why is said`() {
    #expect(Source.folds(3).splits(of: examples(2), attack).isEmpty)
    #expect(Source.folds(1).splits(of: examples(2), attack).isEmpty)
    #expect(
      Source.folds(3).refusal(2) == "the forget set has 2 examples, which can't be parted in 3")
    #expect(Source.share(0.5).refusal(1).contains("parted in two"))
    #expect(Source.others([]).refusal(2) == "there are no other texts")
    #expect(Source.others(examples(1)).refusal(0) == "there are no forget examples")
  }

  @Test func `other texts leak whole, and every forget example is looked at`() {
    let (all, others) = (examples(3), Array(examples(5).suffix(2)))
    let splits = Source.others(others).splits(of: all, attack)
    #expect(splits.count == 1 && splits[0].leaked == others && splits[0].held == all)
    #expect(Source.others(others).name == "others" && Source.folds(4).name == "leaked(4-fold)")
  }

  @Test func `with folds each example is held under an attack that has not seen it`() throws {
    let towns = try Towns()
    let forget = Towns.forget + Towns.retain
    var evaluation = try EffectEvaluation(
      after: try Towns.blank(),
      on: EvaluationSets(examples: [.forget: try towns.encoded(forget)]),
      options: EvaluationOptions(
        newTokens: nil, relearning: .init(attack, on: .folds(2), limit: 256)))
    let course = try #require(evaluation.courses[.after])
    #expect(course.held.map(\.losses.count) == [4, 4])
    #expect(course.leaked.map(\.losses.count) == [4, 4])
    let gain = evaluation.entries.filter { $0.measurement.name == "relearning-gain" }
    #expect(gain.map(\.measurement.count) == [4, 4, 4, 4])
    #expect(
      gain.allSatisfy { $0.measurement.interval != nil || $0.measurement.intervalReason != nil })
    // Nothing can be parted in more parts than there are examples.
    evaluation = try EffectEvaluation(
      after: try Towns.blank(),
      on: EvaluationSets(examples: [.forget: try towns.encoded(forget)]),
      options: EvaluationOptions(newTokens: nil, relearning: .init(attack, on: .folds(5))))
    #expect(evaluation.courses.isEmpty && evaluation.notRun.contains("relearning"))
    evaluation = try EffectEvaluation(
      after: try Towns.blank(),
      on: EvaluationSets(examples: [.forget: try towns.encoded(forget)]),
      options: EvaluationOptions(newTokens: nil, relearning: .init(attack, on: .others([]))))
    #expect(
      evaluation.entries.first { $0.measurement.name == "relearning-gain" }?.measurement.reason
        == "not run: there are no other texts")
  }
}
