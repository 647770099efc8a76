import Storage
public import StrictJSON
public import Transformer

/// How a model is trained: all that decides its result besides model, data and machine.
public struct TrainingOptions: Sendable, Hashable {
  /// How parameters follow gradients.
  public var rule: UpdateRule
  /// The weight decay of matrices.
  public var decay: Double
  /// How the rate goes; its number of steps is the run's.
  public var schedule: Schedule
  /// How many examples a step is made of; the last step of an epoch may have fewer.
  public var batchSize: Int
  /// How many tokens are computed at once at most.
  ///
  /// A step is cut into passes of whole examples, which changes memory but not the sum.
  public var tokensPerPass: Int
  /// The largest norm of a step's gradient; nil for any.
  public var clip: Double?
  /// Decides the order of examples, the masks of masked language models, and new outputs.
  public var seed: UInt64
  /// The share of tokens that a masked language model must guess.
  public var maskedShare: Double
  /// Whether layers are computed twice, for memory (activation checkpointing).
  public var recomputes: Bool

  /// Describes a run of so many epochs over so many examples.
  public init(
    rule: UpdateRule = .adamW(), decay: Double = 0.01, rate: Double,
    shape: Schedule.Shape = .linear,
    warmup: Int = 0, epochs: Int, examples: Int, batchSize: Int = 16, tokensPerPass: Int = 4096,
    clip: Double? = 1, seed: UInt64 = 0, maskedShare: Double = 0.15, recomputes: Bool = false
  ) {
    self.rule = rule
    self.decay = decay
    self.batchSize = max(1, batchSize)
    let stepsPerEpoch = (examples + self.batchSize - 1) / self.batchSize
    schedule = Schedule(
      rate: rate, shape: shape, warmup: warmup,
      steps: stepsPerEpoch.multipliedReportingOverflow(by: max(0, epochs)).partialValue)
    self.tokensPerPass = tokensPerPass
    self.clip = clip
    self.seed = seed
    self.maskedShare = maskedShare
    self.recomputes = recomputes
  }

  /// The options as they stand in a record; numbers that are not whole are texts.
  public var json: JSONValue {
    var object = rule.json
    object["decay"] = .text("\(decay)")
    object["rate"] = .text("\(schedule.rate)")
    object["schedule"] = .text(schedule.shape.rawValue)
    object["warmup"] = .integer(Int64(schedule.warmup))
    object["steps"] = .integer(Int64(schedule.steps))
    object["batch"] = .integer(Int64(batchSize))
    object["tokens_per_pass"] = .integer(Int64(tokensPerPass))
    object["clip"] = clip.map { .text("\($0)") } ?? .null
    object["seed"] = .text("\(seed)")
    object["masked_share"] = .text("\(maskedShare)")
    object["recomputes"] = .bool(recomputes)
    return .object(object)
  }
}
