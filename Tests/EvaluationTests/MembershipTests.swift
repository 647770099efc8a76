import Evaluation
import Compute
import Metrics
import Testing
import Training
import Transformer

struct MembershipTests {
  /// Forget, retain and test set of the towns, with what single tokens need.
  private func sets(_ towns: Towns, test: [Example] = Towns.retain) throws -> EvaluationSets {
    var sets = EvaluationSets(
      examples: [
        .forget: try towns.encoded(Towns.forget), .retain: try towns.encoded(Towns.retain),
        .test: try towns.encoded(test),
      ])
    (sets.tokenizer, sets.end) = (towns.tokenizer, towns.encoder.end)
    return sets
  }

  private let options = EvaluationOptions(
    newTokens: nil, measuresChoices: false, measuresUtility: false, measuresTokens: true,
    measuresGradients: true)

  private let attacks = [
    "loss", "zlib", "min-k(0.4)", "min-k++(0.4)", "reference", "gradient-norm",
  ]

  private func entry(
    _ evaluation: EffectEvaluation, _ subject: EffectEvaluation.Subject, _ name: String,
    _ variant: String, _ part: EffectEvaluation.Part? = nil
  ) throws -> EffectEvaluation.Entry {
    try #require(
      evaluation.entries.first {
        $0.subject == subject && $0.part == part && $0.measurement.name == name
          && $0.measurement.variant == variant
      }, "\(subject) \(name) \(variant)")
  }

  @Test func `what was taught is extracted and memorised, what was not is not`() throws {
    let towns = try Towns()
    let evaluation = try EffectEvaluation(
      before: try towns.taught(Towns.forget), after: try Towns.blank(), on: try sets(towns),
      options: options)
    for variant in ["esExact", "esOpenUnlearning"] {
      #expect(
        evaluation.value(.before, .forget, "extraction-strength", variant: variant) == 1)
    }
    #expect(evaluation.value(.before, .forget, "exact-memorization") == 1)
    #expect(evaluation.value(.before, .retain, "exact-memorization") == 0)
    #expect(evaluation.value(.after, .forget, "exact-memorization") == 0)
    #expect(
      evaluation.value(.after, .forget, "extraction-strength", variant: "esExact") == 0)
    // open-unlearning's is never less than one token of an answer, and these have one.
    #expect(
      evaluation.value(.after, .forget, "extraction-strength", variant: "esOpenUnlearning") == 1)
    let values = try entry(evaluation, .before, "exact-memorization", "", .forget).values
    #expect(values == [1, 1])
  }

  @Test func `each attack has area, hits, difference and interval beside the oracle`() throws {
    let towns = try Towns()
    let before = try towns.taught(Towns.forget + [Towns.retain[0]])
    let oracle = try towns.taught([Towns.retain[0]])
    let evaluation = try EffectEvaluation(
      before: before, after: oracle, oracle: oracle, reference: try Towns.blank(),
      on: try sets(towns, test: [Towns.retain[1], Towns.example("ada", "lima")]),
      options: options)
    for attack in attacks {
      for subject in EffectEvaluation.Subject.allCases {
        let area = try entry(evaluation, subject, "membership-auc", attack).measurement
        #expect(area.count == 4 && area.value.map { (0...1).contains($0) } == true, "\(attack)")
        let hits = try entry(
          evaluation, subject, "membership-tpr", attack + ".fpr-0.01"
        ).measurement.value
        #expect(hits.map { (0...1).contains($0) } == true, "\(attack)")
      }
      let difference = try entry(
        evaluation, .before, "membership-auc-difference", attack
      ).measurement
      let areas = try [EffectEvaluation.Subject.before, .oracle].map {
        try #require(try entry(evaluation, $0, "membership-auc", attack).measurement.value)
      }
      #expect(difference.value == areas[0] - areas[1], "\(attack)")
      let interval = try #require(difference.interval, "\(attack)")
      #expect(
        interval.lower <= interval.upper && interval.method == .percentileBootstrap(resamples: 1000)
      )
      // The model is the oracle.
      let none = try entry(evaluation, .after, "membership-auc-difference", attack).measurement
      #expect(none.value == 0 && none.interval?.lower == 0 && none.interval?.upper == 0)
    }
    // The forget set was taught, the test set was not.
    #expect(evaluation.value(.before, nil, "membership-auc", variant: "loss") == 1)
    #expect(evaluation.value(.before, nil, "membership-auc", variant: "reference") == 1)
    #expect(evaluation.value(.before, nil, "membership-tpr", variant: "loss.fpr-0.01") == 1)
    #expect(evaluation.value(.after, nil, "priv-leak", variant: "min-k(0.4)") == 0)
    #expect(evaluation.value(.after, nil, "rel-diff", variant: "min-k(0.4)") == 0)
  }

  @Test func `without oracle, reference or test set the reasons are said`() throws {
    let towns = try Towns()
    let model = try Towns.blank()
    let evaluation = try EffectEvaluation(
      before: model, after: model, on: try sets(towns), options: options)
    for (name, variant) in [("membership-auc-difference", "loss"), ("priv-leak", "min-k(0.4)")] {
      let measurement = try entry(evaluation, .after, name, variant).measurement
      #expect(measurement.reason == "not run: no oracle was given")
    }
    #expect(!evaluation.entries.contains { $0.measurement.variant == "reference" })
    var bare = try sets(towns)
    bare.examples[.test] = nil
    let untold = try EffectEvaluation(after: model, oracle: model, on: bare, options: options)
    #expect(
      try entry(untold, .after, "membership-auc", "loss").measurement.reason
        == "not run: no held-out examples were given")
    #expect(!untold.entries.contains { $0.measurement.name == "membership-auc-difference" })
  }

  @Test func `a longer gradient has the example that is not known`() throws {
    let towns = try Towns()
    let evaluation = try EffectEvaluation(
      after: try towns.taught(Towns.forget), on: try sets(towns), options: options)
    #expect(evaluation.value(.after, nil, "membership-auc", variant: "gradient-norm") == 1)
  }

  @Test func `a model whose outputs are no numbers has no areas`() throws {
    let towns = try Towns()
    let evaluation = try EffectEvaluation(
      after: try Towns.broken(), oracle: try Towns.blank(), on: try sets(towns),
      options: options)
    for attack in attacks where attack != "reference" {
      for name in ["membership-auc", "membership-auc-difference"] {
        let measurement = try entry(evaluation, .after, name, attack).measurement
        #expect(measurement.value == nil && measurement.reason?.hasPrefix("not defined") == true)
      }
    }
    // No label is a first choice; that is a number.
    #expect(evaluation.value(.after, .forget, "exact-memorization") == 0)
  }
}
