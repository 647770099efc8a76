import Evaluation
import Compute
import Metrics
import Testing
import Training
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct UtilityTests {
  private func probability(_ towns: Towns, _ model: Model<Float>, _ answer: String) throws -> Double
  {
    let example = try towns.encoder.answer(answer, to: "where lives eve ?")
    return exp(-(try model.evaluate([example]).loss))
  }

  @Test func `numbers are those of the formulas`() throws {
    let towns = try Towns()
    let model = try towns.taught(Towns.retain, steps: 10)
    let right = try probability(towns, model, "bern")
    let wrong = try ["rome", "oslo", "lima"].map { try probability(towns, model, $0) }
    let mean = pow(wrong.reduce(1, *), 1.0 / 3)
    let examples = [Towns.retain[0]]
    let retained = try towns.utility("retain", .retained, examples)
    let answers = try AnswerScores(["oslo bern"], of: retained.questions)
    var scores = try UtilityScores(of: model, on: retained, answers: answers)
    let other = try probability(towns, model, "the bern")
    #expect(abs(scores.probabilities[0] - right) < 1e-5)
    #expect(abs(scores.truths[0] - max(0, 1 - mean / other)) < 1e-5)
    #expect(scores.recalls == [1] && scores.numbers.map(\.count) == [1, 1, 1])
    let general = try towns.utility("world-facts", .general, examples)
    #expect(general.paraphrased == general.right)
    scores = try UtilityScores(of: model, on: general, answers: answers)
    #expect(abs(scores.probabilities[0] - right / (right + wrong.reduce(0, +))) < 1e-5)
    #expect(abs(scores.truths[0] - max(0, 1 - mean / right)) < 1e-5)
  }

  @Test func `the first examples with perturbed answers are taken`() throws {
    let towns = try Towns()
    let plain = Example.answered(.init(question: "where ?", answer: "rome"))
    let set = try UtilitySet(
      "retain", .retained, of: [plain] + Towns.forget, towns.encoder, limit: 1, path: "f")
    #expect(set?.questions.questions.map(\.golds) == [["rome"]] && set?.wrong[0].count == 3)
    #expect(
      try UtilitySet("x", .general, of: [plain], towns.encoder, limit: 9, path: "f") == nil)
  }
}
