import Evaluation
import Metrics
import Testing
import Training
import Transformer

/// U-LiRA.
struct ShadowModelTests {
  private let options = EvaluationOptions(newTokens: nil)

  private func evaluation(_ model: Model<Float>, _ forget: [EncodedExample]) throws
    -> EffectEvaluation
  {
    try EffectEvaluation(
      after: model, on: EvaluationSets(examples: [.forget: forget]), options: options)
  }

  @Test func `a model that still knows is told from one that never knew, the latter is not`() throws
  {
    let towns = try Towns()
    let forget = try towns.encoded(Towns.forget)
    var shadows = ShadowModels()
    for steps in [18, 20, 22] {
      try shadows.add(
        try towns.taught(Towns.forget + Towns.retain, steps: steps), hasUnlearned: true, on: forget)
      try shadows.add(
        try towns.taught(Towns.retain, steps: steps), hasUnlearned: false, on: forget)
    }
    let (knows, never) = (
      try towns.taught(Towns.forget + Towns.retain, steps: 21),
      try towns.taught(Towns.retain, steps: 21)
    )
    let variant = "global-variance.3+3-shadows"
    var told = try evaluation(knows, forget)
    try told.addShadows(shadows, after: knows, oracle: never, on: forget)
    #expect(told.value(.after, .forget, "u-lira-accuracy", variant: variant) == 1)
    #expect(told.value(.after, .forget, "u-lira-auc", variant: variant) == 1)
    var same = try evaluation(never, forget)
    try same.addShadows(shadows, after: never, oracle: never, on: forget)
    #expect(same.value(.after, .forget, "u-lira-accuracy", variant: variant) == 0.5)
    #expect(same.value(.after, .forget, "u-lira-auc", variant: variant) == 0.5)
    let entry = same.entries.first { $0.measurement.name == "u-lira-accuracy" }
    #expect(entry?.measurement.count == 4 && entry?.measurement.interval != nil)
  }

  @Test func `no oracle, no shadow models, or other examples: no number`() throws {
    let towns = try Towns()
    let forget = try towns.encoded(Towns.forget)
    let model = try Towns.blank()
    var evaluation = try evaluation(model, forget)
    try evaluation.addShadows(ShadowModels(), after: model, oracle: nil, on: forget)
    #expect(
      evaluation.entries.last?.measurement.reason == "not run: no oracle was given")
    try evaluation.addShadows(ShadowModels(), after: model, oracle: model, on: forget)
    for entry in evaluation.entries.suffix(2) {
      #expect(entry.measurement.reason?.hasPrefix("not defined") == true)
    }
    var shadows = ShadowModels()
    try shadows.add(model, hasUnlearned: true, on: Array(forget.prefix(1)))
    try shadows.add(model, hasUnlearned: false, on: Array(forget.prefix(1)))
    #expect(throws: ComputationError.self) {
      try evaluation.addShadows(shadows, after: model, oracle: model, on: forget)
    }
  }
}
