public import Compute
import Metrics
public import Training
public import Transformer

/// U-LiRA, which asks whether the unlearned model can be told from one that never saw the forget set.
///
/// Shadow models of both kinds give each forget example two distributions of its logit-scaled confidence; the model and
/// the oracle are judged by them. ½ is what exact unlearning would give. The oracle must be none of the shadow models.
public struct ShadowModels: Sendable {
  /// Each example's statistic under each model that learned and unlearned the forget set, model by model.
  private var unlearned: [[Double]] = []
  /// The same of models that never saw it.
  private var unseen: [[Double]] = []

  /// Begins without models.
  public init() {}

  /// Adds a shadow model's view of the forget examples.
  public mutating func add(
    _ model: Model<Float>, hasUnlearned: Bool, on forget: [EncodedExample],
    tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    let values = try Self.statistics(model, forget, tokensPerPass)
    if hasUnlearned { unlearned.append(values) } else { unseen.append(values) }
  }

  static func statistics(
    _ model: Model<Float>, _ examples: [EncodedExample], _ tokensPerPass: Int
  ) throws(ComputationError) -> [Double] {
    try ExampleScores(of: model, on: examples, tokensPerPass: tokensPerPass).means.map { loss in
      EffectEvaluation.numberOrNaN { () throws(Undefined) in
        try LikelihoodRatioAttack.logit(logProbability: -loss)
      }
    }
  }

  fileprivate func examples(_ target: [Double]) -> [LikelihoodRatioAttack.Example] {
    target.indices.map { index in
      LikelihoodRatioAttack.Example(
        target: target[index], unlearned: unlearned.map { $0[index] },
        unseen: unseen.map { $0[index] })
    }
  }

  fileprivate var counts: (unlearned: Int, unseen: Int) { (unlearned.count, unseen.count) }

  /// Whether every shadow model was shown so many examples.
  fileprivate func saw(_ count: Int) -> Bool {
    (unlearned + unseen).allSatisfy { $0.count == count }
  }
}

extension EffectEvaluation {
  /// Adds accuracy and area of U-LiRA on the model against the oracle.
  public mutating func addShadows(
    _ shadows: ShadowModels, after: Model<Float>, oracle: Model<Float>?,
    on forget: [EncodedExample]
  ) throws(ComputationError) {
    // Few models share one variance.
    let isFew = min(shadows.counts.unlearned, shadows.counts.unseen) < 16
    let variance: LikelihoodRatioAttack.Variance = isFew ? .global : .perExample
    let variant =
      "\(variance.rawValue).\(shadows.counts.unlearned)+\(shadows.counts.unseen)-shadows"
    guard shadows.saw(forget.count) else {
      throw .mismatch("shadow models were shown other examples than these \(forget.count)")
    }
    guard let oracle else {
      return skip("u-lira-accuracy", variant, .forget, because: "no oracle was given")
    }
    let (mine, theirs) = (
      shadows.examples(try ShadowModels.statistics(after, forget, options.tokensPerPass)),
      shadows.examples(try ShadowModels.statistics(oracle, forget, options.tokensPerPass))
    )
    let attack = Result { () throws(Undefined) in
      try LikelihoodRatioAttack(unlearned: mine, unseen: theirs, variance: variance)
    }
    let count = 2 * forget.count
    enter(
      Measurement(
        "u-lira-accuracy", variant: variant, count: count, seeds: options.seeds,
        value: { () throws(Undefined) in try attack.get().accuracy().value },
        interval: { () throws(Undefined) in try attack.get().accuracy().wilson() }), .after,
      .forget)
    enter(
      Measurement(
        "u-lira-auc", variant: variant, count: count, seeds: options.seeds,
        value: { () throws(Undefined) in try attack.get().membership.auc },
        interval: { () throws(Undefined) in try attack.get().membership.deLong() }), .after,
      .forget)
  }
}
