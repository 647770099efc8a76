import Storage
public import StrictJSON
import Training
public import Transformer

/// How a gradient method is run: all that decides its result besides model, data, mask and machine.
public struct GradientUnlearning: Sendable, Hashable {
  /// When a run ends before its last step.
  public struct Stops: Sendable, Hashable {
    /// Ends once the mean loss over the forget set's labels has reached this, in nats.
    public var forgetLoss: Double?
    /// Ends, and goes back to the last state within it, once the mean retain loss has risen by more than this.
    public var retainBudget: Double?
    /// How many steps lie between two looks.
    public var interval: Int
    /// How many retain examples are looked at.
    public var retainExamples: Int

    /// Names the rules; nil for none.
    public init(
      forgetLoss: Double? = nil, retainBudget: Double? = nil, interval: Int = 5,
      retainExamples: Int = 256
    ) {
      self.forgetLoss = forgetLoss
      self.retainBudget = retainBudget
      self.interval = max(1, interval)
      self.retainExamples = retainExamples
    }
  }

  /// The loss.
  public var loss: UnlearningLoss
  /// How parameters follow gradients.
  public var rule: UpdateRule
  /// The weight decay of matrices.
  public var decay: Double
  /// How the rate goes; its number of steps is the run's.
  public var schedule: Schedule
  /// How many forget examples, and as many retain examples, make a step.
  public var batchSize: Int
  /// How many tokens are computed at once at most.
  public var tokensPerPass: Int
  /// The largest norm of a step's gradient; nil for any.
  public var clip: Double?
  /// Decides the order of examples.
  public var seed: UInt64
  /// When the run ends early.
  public var stops: Stops

  /// Describes a run.
  public init(
    _ loss: UnlearningLoss, rule: UpdateRule = .adamW(), decay: Double = 0, schedule: Schedule,
    batchSize: Int = 16, tokensPerPass: Int = 4096, clip: Double? = 1, seed: UInt64 = 0,
    stops: Stops = Stops()
  ) {
    self.loss = loss
    self.rule = rule
    self.decay = decay
    self.schedule = schedule
    self.batchSize = max(1, batchSize)
    self.tokensPerPass = tokensPerPass
    self.clip = clip
    self.seed = seed
    self.stops = stops
  }

  /// The run's settings as they stand in a statement; numbers that are not whole are texts.
  public var json: JSONValue {
    func text(_ value: Double?) -> JSONValue { value.map { .text("\($0)") } ?? .null }
    return .members([
      "loss": loss.json, "optimizer": .object(rule.json), "decay": text(decay),
      "rate": text(schedule.rate), "schedule": .text(schedule.shape.rawValue),
      "warmup": .integer(Int64(schedule.warmup)), "steps": .integer(Int64(schedule.steps)),
      "batch": .integer(Int64(batchSize)), "clip": text(clip), "seed": .text("\(seed)"),
      "stop_forget_loss": text(stops.forgetLoss), "stop_retain_budget": text(stops.retainBudget),
      "stop_interval": .integer(Int64(stops.interval)),
      "stop_retain_examples": .integer(Int64(stops.retainExamples)),
    ])
  }
}
