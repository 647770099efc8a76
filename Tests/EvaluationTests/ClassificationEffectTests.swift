import Evaluation
import Compute
import Metrics
import Testing
import Training
import Transformer

/// A classifier's four numbers and their distance to the oracle's.
struct ClassificationEffectTests {
  private func examples(_ firsts: ClosedRange<Int32>, label: Int32) -> [EncodedExample] {
    firsts.map {
      EncodedExample(sequences: [[$0, 5, 2]], tokenTypes: [[0, 0, 0]], target: .label(label))
    }
  }

  private func taught(_ examples: [EncodedExample]) throws -> Model<Float> {
    var options = TrainingOptions(
      decay: 0, rate: 1e-2, shape: .constant, epochs: 1, examples: examples.count, batchSize: 4)
    options.schedule.steps = 60
    let model = try Towns.fixture("gpt2-sequence")
    var trainer = try Trainer(
      model, training: .everything(of: model.plan), on: examples, options)
    while !trainer.isFinished { _ = try trainer.step() }
    return trainer.model
  }

  private var sets: EvaluationSets {
    EvaluationSets(
      examples: [
        .forget: examples(6...9, label: 1), .retain: examples(10...17, label: 0),
        .test: examples(18...25, label: 1),
      ])
  }

  private let options = EvaluationOptions(newTokens: nil, measuresTokens: true)

  @Test func `the four numbers and their gaps to the oracle`() throws {
    let sets = self.sets
    let known = sets.examples[.retain] ?? []
    let before = try taught(known + (sets.examples[.forget] ?? []))
    let oracle = try taught(known)
    let evaluation = try EffectEvaluation(
      before: before, after: oracle, oracle: oracle, on: sets, options: options)
    for subject in EffectEvaluation.Subject.allCases {
      let scores = try #require(evaluation.scores[subject])
      func confidences(_ part: EffectEvaluation.Part) throws -> [Double] {
        try #require(scores[part]).means.map { try Likelihood.probability(meanLoss: $0) }
      }
      let attack = try SupportVectorAttack(
        members: try confidences(.retain), nonMembers: try confidences(.test))
      let share = try attack.nonMemberShare(of: try confidences(.forget)).value
      #expect(evaluation.value(subject, .forget, "membership-efficacy") == share)
    }
    #expect(evaluation.value(.before, .forget, "accuracy") == 1)
    #expect(evaluation.value(.oracle, .forget, "accuracy") == 0)
    var sum = 0.0
    for (axis, name, part) in [
      ("UA", "accuracy", EffectEvaluation.Part.forget), ("RA", "accuracy", .retain),
      ("TA", "accuracy", .test), ("MIA", "membership-efficacy", .forget),
    ] {
      let values = try [EffectEvaluation.Subject.before, .oracle].map {
        try #require(evaluation.value($0, part, name))
      }
      let gap = try #require(evaluation.value(.before, nil, "gap-to-retrain", variant: axis))
      #expect(gap == (axis == "UA" ? values[1] - values[0] : values[0] - values[1]), "\(axis)")
      sum += abs(gap)
      #expect(evaluation.value(.after, nil, "gap-to-retrain", variant: axis) == 0)
    }
    let mean = try #require(
      evaluation.value(.before, nil, "gap-to-retrain", variant: "mean-of-4"))
    #expect(abs(mean - sum / 4) < 1e-12 && mean > 0)
    #expect(evaluation.value(.after, nil, "gap-to-retrain", variant: "mean-of-4") == 0)
    let none = evaluation.entries.first { $0.measurement.name == "extraction-strength" }
    #expect(none?.measurement.reason == "not run: it is defined for language models")
  }

  @Test func `without oracle or test set the reasons are said`() throws {
    let model = try Towns.fixture("gpt2-sequence")
    var sets = self.sets
    func reason(_ name: String) throws -> String? {
      let evaluation = try EffectEvaluation(after: model, on: sets, options: options)
      return evaluation.entries.first { $0.measurement.name == name }?.measurement.reason
    }
    #expect(try reason("gap-to-retrain") == "not run: no oracle was given")
    sets.examples[.test] = nil
    #expect(try reason("membership-efficacy") == "not run: a retain and a test set are needed")
  }
}
