import Evaluation
import Metrics
import Storage
import StrictJSON
import Testing
import Training

struct OpenUnlearningLogTests {
  private func sets(_ towns: Towns) throws -> EvaluationSets {
    let pairs = zip(["ada", "bob", "eve", "dan"], Towns.towns)
    let forget = pairs.map { Towns.example($0, $1) }
    var sets = try towns.data()
    sets.examples[.forget] = try towns.encoded(forget)
    sets.examples[.test] = try towns.encoded([Towns.example("ada", "bern")])
    sets.questions[.forget] = try towns.questions(forget)
    (sets.tokenizer, sets.end) = (towns.tokenizer, towns.encoder.end)
    sets.truth = TruthExamples(
      right: try forget.map {
        guard case .answered(let one) = $0 else { return try towns.encoded([$0])[0] }
        return try towns.encoder.answer(one.answer, to: one.question)
      },
      wrong: try forget.map {
        guard case .answered(let one) = $0 else { return [] }
        return try one.perturbedAnswers.map { try towns.encoder.answer($0, to: one.question) }
      })
    return sets
  }

  private let options = EvaluationOptions(newTokens: 200, measuresTokens: true)

  private func record(_ evaluation: EffectEvaluation) -> EvaluationRecord {
    EvaluationRecord(evaluation, configuration: .null, machine: .null)
  }

  @Test func `what is written reads back equal`() throws {
    let towns = try Towns()
    let sets = try sets(towns)
    let evaluation = try EffectEvaluation(
      before: try towns.taught(Towns.forget, steps: 20), after: try Towns.blank(),
      oracle: try towns.taught(Towns.retain, steps: 20), on: sets, options: options)
    for subject in EffectEvaluation.Subject.allCases {
      let log = OpenUnlearningLog(record(evaluation), subject: subject)
      for name in [
        "forget_Q_A_Prob", "forget_Q_A_ROUGE", "forget_truth_ratio", "exact_memorization",
        "extraction_strength", "model_utility", "mia_loss", "mia_zlib", "mia_min_k",
        "mia_min_k_plus_plus", "retain_Q_A_Prob", "retain_Q_A_ROUGE", "retain_Truth_Ratio",
      ] {
        if name == "model_utility" { continue }
        #expect(log.metrics[name]?.aggregate != nil, "\(subject) \(name)")
      }
      #expect((log.metrics["forget_quality"] != nil) == (subject != .oracle))
      #expect((log.metrics["privleak"] != nil) == (subject != .oracle))
      #expect(log.metrics["forget_Q_A_Prob"]?.values.count == 4)
      #expect(log.metrics["mia_loss"]?.values.isEmpty == true)
      let bytes = try CanonicalJSON.encodeForPeople(log.json, keepsNumbers: true)
      #expect(try OpenUnlearningLog(parsing: bytes) == log)
    }
    #expect(
      OpenUnlearningLog(record(evaluation), subject: .after).metrics["forget_Q_A_Prob"]?.aggregate
        == evaluation.value(.after, .forget, "probability"))
    // What was measured under an attack is none of it.
    var attacked = options
    attacked.condition = "prompt.polite"
    let other = try EffectEvaluation(after: try Towns.blank(), on: sets, options: attacked)
    #expect(OpenUnlearningLog(record(other), subject: .after).metrics.isEmpty)
  }

  @Test func `a log of the other program is read`() throws {
    let text = """
      {"forget_Q_A_Prob": {"agg_value": 0.5, "value_by_index":
         {"1": {"prob": 0.75, "avg_loss": 0.28}, "0": {"prob": 0.25, "avg_loss": 1.38}}},
       "forget_Q_A_ROUGE": {"agg_value": 1, "value_by_index":
         {"0": {"rouge1_recall": 1.0, "rougeL_f1": 1.0, "rougeL_recall": 0.5}}},
       "forget_truth_ratio": {"value_by_index": {"0": {"score": 0.5}, "1": null, "2": {"score": 2},
         "10": {"score": 1e-3}}, "agg_value": null, "note": [1, {"a": null}]},
       "mia_min_k": {"auc": 0.4, "agg_value": 0.4, "acc": 0.5},
       "forget_quality": {"agg_value": 1.0e-2}, "privleak": {"agg_value": null},
       "config": "text", "seed": 0, "list": []}
      """
    let log = try OpenUnlearningLog(parsing: Array(text.utf8))
    #expect(log.metrics["forget_Q_A_Prob"]?.values == [0.25, 0.75])
    #expect(log.metrics["forget_Q_A_Prob"]?.member == "prob")
    #expect(log.metrics["forget_Q_A_ROUGE"]?.values == [0.5])
    #expect(log.metrics["forget_Q_A_ROUGE"]?.aggregate == 1)
    let ratios = try #require(log.metrics["forget_truth_ratio"])
    #expect(ratios.aggregate == nil && ratios.values.count == 4)
    #expect(ratios.values[0] == 0.5 && ratios.values[1].isNaN && ratios.values[3] == 1e-3)
    #expect(log.metrics["mia_min_k"]?.aggregate == 0.4)
    #expect(log.metrics["privleak"]?.aggregate == nil)
    #expect(log.metrics["config"] == nil && log.metrics["seed"] == nil)
  }

  @Test(arguments: [
    "", "[]", "1", #"{"a": {}, "a": {}}"#, #"{"a": {"value_by_index": {"x": {}}}}"#,
    #"{"a": {"value_by_index": {"-1": {"score": 1}}}}"#,
    #"{"a": {"value_by_index": {"1.5": {"score": 1}}}}"#,
    #"{"a": {"value_by_index": {"99999999999999999999": {"score": 1}}}}"#,
    #"{"a": {"value_by_index": {"0": {"score": 1}, "00": {"score": 2}}}}"#,
    #"{"a": {"value_by_index": {"0": {"score": 1}, "+0": {"score": 2}}}}"#,
    #"{"a": {"agg_value": NaN}}"#, #"{"a": {"agg_value": 1e999}}"#, #"{"a": {"agg_value": 1}"#,
    #"{"a": [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}"#,
  ])
  func `what is no log is refused`(text: String) {
    #expect(throws: JSONDocumentError.self) { try OpenUnlearningLog(parsing: Array(text.utf8)) }
  }

  @Test func `the oracle's log stands for the oracle`() throws {
    let towns = try Towns()
    let sets = try sets(towns)
    let (before, oracle) = (
      try towns.taught(Towns.forget, steps: 20), try towns.taught(Towns.retain, steps: 20)
    )
    let direct = try EffectEvaluation(
      before: before, after: try Towns.blank(), oracle: oracle, on: sets, options: options)
    let written = OpenUnlearningLog(
      record(try EffectEvaluation(after: oracle, on: sets, options: options)), subject: .after)
    let log = try OpenUnlearningLog(
      parsing: try CanonicalJSON.encode(written.json, keepsNumbers: true))
    var against = try EffectEvaluation(
      before: before, after: try Towns.blank(), on: sets, options: options)
    against.add(oracleLog: log)
    for subject in [EffectEvaluation.Subject.before, .after] {
      for name in ["forget-quality.p", "forget-quality.D"] {
        let value = direct.value(subject, .forget, name, variant: "ks.geometric")
        #expect(value != nil)
        #expect(
          against.value(subject, .forget, name, variant: "ks.geometric.oracle-log") == value)
      }
      let leak = direct.value(subject, nil, "priv-leak", variant: "min-k(0.4)")
      #expect(
        against.value(subject, nil, "priv-leak", variant: "min-k(0.4).oracle-log") == leak)
    }
    #expect(
      !against.entries.contains {
        ["forget-quality", "priv-leak"].contains($0.measurement.name)
          && $0.measurement.reason?.contains("no oracle") == true
      })
  }

  @Test func `what a log lacks, or what is no number in it, has a reason`() throws {
    let towns = try Towns()
    let sets = try sets(towns)
    func reasons(_ text: String) throws -> [String] {
      var evaluation = try EffectEvaluation(
        after: try Towns.blank(), on: sets, options: options)
      evaluation.add(oracleLog: try OpenUnlearningLog(parsing: Array(text.utf8)))
      return evaluation.entries.filter { $0.measurement.variant.hasSuffix("oracle-log") }
        .compactMap(\.measurement.reason)
    }
    #expect(
      try reasons("{}") == [
        "not run: the log has no forget_truth_ratio", "not run: the log has no mia_min_k",
      ])
    let odd = try reasons(
      """
      {"forget_truth_ratio": {"value_by_index": {"0": {"score": 1}, "1": {}}},
       "mia_min_k": {"agg_value": 1.5}}
      """)
    #expect(odd.count == 2 && odd.allSatisfy { $0.hasPrefix("not defined") }, "\(odd)")
  }
}
