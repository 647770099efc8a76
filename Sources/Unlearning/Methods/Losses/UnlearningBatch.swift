public import Training

/// The examples of one step of a gradient method.
public struct UnlearningBatch: Sendable, Hashable {
  /// What is to be forgotten.
  public var forget: [EncodedExample]
  /// For each forget example the answer that is preferred; empty where the loss has none.
  public var preferred: [EncodedExample]
  /// What is to be kept; empty where the loss does not look at it.
  public var retain: [EncodedExample]
  /// For each forget example its summed loss under the reference model, where it is known already.
  public var referenceForget: [Double]?
  /// The same of the preferred answers.
  public var referencePreferred: [Double]?

  /// Takes examples; see ``LossStep/sums(of:on:)`` for reference losses that are computed once for a whole run.
  public init(
    forget: [EncodedExample], preferred: [EncodedExample] = [], retain: [EncodedExample] = [],
    referenceForget: [Double]? = nil, referencePreferred: [Double]? = nil
  ) {
    self.forget = forget
    self.preferred = preferred
    self.retain = retain
    self.referenceForget = referenceForget
    self.referencePreferred = referencePreferred
  }
}

/// What a loss came to.
public struct LossValue: Sendable, Hashable {
  /// The forget term, without its weight.
  public var forget = 0.0
  /// The retain term, without its weight.
  public var retain = 0.0
  /// Σ |θ| over what is trained, without its weight; 0 where the loss has no such term.
  public var magnitude = 0.0
  /// The weighted sum: what was differentiated.
  public var total = 0.0
  /// For each forget example the negative log-probability of its labels, summed; of preferred answers where those
  /// alone count; empty where the loss looks at hidden states.
  public var forgetSums: [Double] = []
  /// For each of these the number of labels.
  public var forgetCounts: [Int] = []
  /// How many forget examples are beyond ``UnlearningLoss/forgetLimit``.
  public var limited = 0
  /// For each forget example of DPO the preferred answer's sum.
  public var preferredSums: [Double] = []

  /// The mean negative log-probability of a forget label, in nats; NaN where it was not computed.
  public var forgetMean: Double {
    forgetSums.reduce(0, +) / Double(forgetCounts.reduce(0, +))
  }
}
