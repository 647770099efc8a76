import Compute
import Metrics
import Training
import Transformer

/// TOFU's truth ratio on the forget set, and forget quality where there is an oracle.
extension EffectEvaluation {
  mutating func addTruth(_ truth: TruthExamples, _ models: [Named]) throws(ComputationError) {
    guard !truth.right.isEmpty else {
      skip(
        "truth-ratio", "geometric", .forget,
        because: "the forget set has no paraphrased and perturbed answers")
      return
    }
    var ratios: [Subject: [Double]] = [:]
    for (subject, model) in models {
      let values = try self.ratios(truth, model)
      ratios[subject] = values
      let measurement = Measurement(
        "truth-ratio", variant: "geometric.closer-to-one", count: values.count,
        seeds: options.seeds,
        value: { () throws(Undefined) in
          try TruthRatio.Aggregate.closerToOneIsBetter.value(of: values)
        },
        interval: { () throws(Undefined) in
          try SampleSummary(TruthRatio.Aggregate.closerToOneIsBetter.scores(of: values)).interval()
        })
      enter(measurement, subject, .forget, values: values)
    }
    guard let oracle = ratios[.oracle] else {
      skip("forget-quality", "ks.geometric", .forget, because: "no oracle was given")
      return
    }
    for subject in [Subject.before, .after] {
      if let mine = ratios[subject] { addQuality(mine, oracle, subject) }
    }
  }

  /// R of each question; NaN where a loss is no number.
  private func ratios(_ truth: TruthExamples, _ model: Model<Float>) throws(ComputationError)
    -> [Double]
  {
    let right = try ExampleScores(
      of: model, on: truth.right, tokensPerPass: options.tokensPerPass
    ).means
    let wrong = try ExampleScores(
      of: model, on: Array(truth.wrong.joined()), tokensPerPass: options.tokensPerPass
    ).means
    return zip(right, ExampleScores.parted(wrong, like: truth.wrong)).map { loss, others in
      do throws(Undefined) {
        return try TruthRatio.geometric.ratio(rightLoss: loss, wrongLosses: others)
      } catch { return .nan }
    }
  }

  private mutating func addQuality(_ mine: [Double], _ oracle: [Double], _ subject: Subject) {
    do throws(Undefined) {
      let test = try KolmogorovSmirnov(mine, oracle)
      for measurement in test.measurements(
        "forget-quality", variant: "ks.geometric", seeds: options.seeds)
      {
        enter(measurement, subject, .forget)
      }
    } catch {
      let reason = error
      let measurement = Measurement(
        "forget-quality", variant: "ks.geometric", count: mine.count, seeds: options.seeds,
        value: { () throws(Undefined) in throw reason })
      enter(measurement, subject, .forget)
    }
  }
}
