import Evaluation
import Compute
import Metrics
import StrictJSON
import Testing
import Training
import Transformer

struct EffectEvaluationTests {
  private let greedy = "greedy(200)"

  private func reason(
    _ evaluation: EffectEvaluation, _ subject: EffectEvaluation.Subject, _ name: String
  ) -> String? {
    evaluation.entries.first { $0.subject == subject && $0.measurement.name == name }?
      .measurement.reason
  }

  @Test func `each measurement of three models has its number`() throws {
    let towns = try Towns()
    let before = try towns.taught(Towns.forget + Towns.retain)
    let oracle = try towns.taught(Towns.retain)
    let relearning = EvaluationOptions.Relearning(
      RelearningAttack(rate: 1e-3, batchSize: 1, steps: [2, 4]))
    let evaluation = try EffectEvaluation(
      before: before, after: try Towns.blank(), oracle: oracle, on: try towns.data(),
      options: EvaluationOptions(seeds: [5], relearning: relearning))
    for name in ["rouge", "exact-match", "answer-f1", "accuracy"] {
      #expect(evaluation.value(.before, .forget, name) == 1)
      #expect(evaluation.value(.oracle, .forget, name) != 1)
      #expect(evaluation.value(.oracle, .retain, name) == 1)
      #expect(evaluation.value(.after, .retain, name) != nil)
    }
    #expect(
      evaluation.value(.before, .forget, "rouge", variant: "rougeL.recall(stem).\(greedy)") == 1)
    #expect(evaluation.value(.before, .forget, "exact-match", variant: "squad1.\(greedy)") == 1)
    // The oracle's own answers are likely to it; those of a model that was taught nothing are not.
    func perplexity(_ subject: EffectEvaluation.Subject) throws -> Double {
      try #require(evaluation.value(subject, .retain, "answer-perplexity"))
    }
    #expect(try perplexity(.oracle) < 1.2)
    #expect(try perplexity(.before) < 1.2)
    #expect(try perplexity(.after) > 2)
    for variant in ["letters.zero-shot", "texts.zero-shot.per-byte"] {
      #expect(
        evaluation.value(.after, set: "towns", "choice-accuracy", variant: variant) != nil)
    }
    for subject in EffectEvaluation.Subject.allCases {
      let parts = ["retain", "world-facts"].flatMap { set in
        ["probability", "rouge", "truth-ratio"].map { evaluation.value(subject, set: set, $0) }
      }.compactMap { $0 }
      let utility = evaluation.value(
        subject, nil, "model-utility", variant: "harmonic-of-6.retain+world-facts")
      let mean = try ModelUtility.harmonicMean(parts)
      #expect(parts.count == 6 && utility == mean)
    }
    for name in ["probability", "rouge", "truth-ratio"] {
      #expect(evaluation.value(.before, set: "world-facts", name) ?? 0 > 0.9, "\(name)")
    }
    // The paraphrase was not taught: no number makes up for one that is 0.
    #expect(evaluation.value(.before, set: "retain", "truth-ratio") == 0)
    #expect(evaluation.value(.before, nil, "model-utility") == 0)
    let length = "held.accuracy.adamw(rate=0.001,batch=1,seed=0)"
    #expect(evaluation.value(.after, .forget, "relearning-excess-gain", variant: length) != nil)
    #expect(evaluation.value(.after, .forget, "relearning-recovered-share", variant: length) != nil)
    #expect(evaluation.courses.count == 3)
    #expect(evaluation.notRun == ["test-set", "membership-inference"])
    #expect(
      evaluation.entries.allSatisfy { $0.measurement.count > 0 || $0.measurement.value == nil })
  }

  @Test func `scores of several models are those of each alone`() throws {
    let towns = try Towns()
    let examples = try towns.encoded(Towns.forget + Towns.retain)
    let (first, second) = (try Towns.blank(), try towns.taught(Towns.forget, steps: 5))
    let together = try ExampleScores.of(
      [first, second], oracle: second, on: examples, tokensPerPass: 12)
    #expect(together.count == 3)
    #expect(
      together[0]
        == (try ExampleScores(of: first, on: examples, oracle: second, tokensPerPass: 12)))
    #expect(together[1].divergences.allSatisfy { abs($0) < 1e-6 })
    #expect(together[2] == (try ExampleScores(of: second, on: examples, tokensPerPass: 12)))
    #expect(together[2].losses == (try second.evaluate(examples, tokensPerPass: 12).losses))
  }

  @Test func `nothing more than examples leaves reasons`() throws {
    let towns = try Towns()
    let model = try Towns.blank()
    let data = EvaluationSets(examples: [.forget: try towns.encoded(Towns.forget)])
    let evaluation = try EffectEvaluation(before: model, after: model, on: data)
    #expect(
      reason(evaluation, .after, "exact-match")
        == "not run: no questions with answers in words were given")
    #expect(
      reason(evaluation, .after, "choice-accuracy")
        == "not run: no multiple-choice questions were given")
    #expect(
      reason(evaluation, .after, "model-utility")
        == "not run: no retain set with perturbed answers was given")
    #expect(reason(evaluation, .after, "relearning-gain") == "not run: it was not asked for")
    #expect(
      evaluation.notRun == [
        "relearning", "test-set", "membership-inference", "oracle-distance", "answers",
        "multiple-choice", "model-utility",
      ])
  }

  @Test func `without an oracle and with one example, what is not defined is said`() throws {
    let towns = try Towns()
    let model = try Towns.blank()
    let relearning = EvaluationOptions.Relearning(RelearningAttack(steps: [1]))
    var data = try towns.data()
    var evaluation = try EffectEvaluation(
      before: model, after: model, on: data, options: EvaluationOptions(relearning: relearning))
    #expect(
      reason(evaluation, .after, "relearning-excess-gain") == "not run: no oracle was given")
    #expect(evaluation.value(.after, .forget, "relearning-gain") != nil)
    data.examples[.forget] = Array(try #require(data.examples[.forget]).prefix(1))
    data.questions[.forget] = try towns.questions(Towns.forget, limit: 1)
    evaluation = try EffectEvaluation(
      before: model, after: model, on: data, options: EvaluationOptions(relearning: relearning))
    #expect(
      reason(evaluation, .after, "relearning-gain")
        == "not run: the forget set has 1 examples, which can't be parted in two")
    let entries = evaluation.entries.filter {
      $0.subject == .after && $0.part == .forget && $0.measurement.name == "rouge"
    }
    #expect(entries.count == 1 && entries[0].measurement.count == 1)
    #expect(entries[0].measurement.intervalReason?.reason == .tooFew(need: 2, have: 1))
    let texts = try evaluation.json.map {
      String(decoding: try CanonicalJSON.encode($0), as: UTF8.self)
    }
    #expect(texts.contains { $0.contains("\"intervalReason\":\"not defined: values: 1 values") })
    #expect(texts.contains { $0.contains("\"set\":\"world-facts\"") })
  }

  @Test func `a model whose outputs are no numbers has outcomes, not numbers`() throws {
    let towns = try Towns()
    let model = try towns.taught(Towns.retain, steps: 5)
    let evaluation = try EffectEvaluation(
      before: model, after: try Towns.broken(), oracle: model, on: try towns.data(),
      options: EvaluationOptions(
        newTokens: 3, relearning: EvaluationOptions.Relearning(RelearningAttack(steps: [1]))))
    for name in ["loss", "probability", "oracle-distance", "choice-accuracy", "model-utility"] {
      #expect(reason(evaluation, .after, name)?.hasPrefix("not defined") == true, "\(name)")
      #expect(reason(evaluation, .before, name) == nil, "\(name)")
    }
    #expect(evaluation.value(.after, .forget, "accuracy") == 0)
    #expect(evaluation.value(.after, .forget, "exact-match") == 0)
    #expect(reason(evaluation, .after, "relearning-gain")?.hasPrefix("not run: relearning") == true)
    #expect(evaluation.notRun.contains("relearning"))
  }

  @Test func `what was not asked for is not computed`() throws {
    let towns = try Towns()
    let model = try Towns.blank()
    let evaluation = try EffectEvaluation(
      before: model, after: model, on: try towns.data(),
      options: EvaluationOptions(newTokens: nil, measuresChoices: false))
    #expect(evaluation.answers.isEmpty)
    #expect(reason(evaluation, .after, "rouge") == "not run: answers were not asked for")
    #expect(reason(evaluation, .after, "model-utility") == "not run: answers were not asked for")
    #expect(
      reason(evaluation, .after, "choice-accuracy") == "not run: multiple choice was not asked for")
  }
}
