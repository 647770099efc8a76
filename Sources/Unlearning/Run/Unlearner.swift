public import Compute
public import Training
public import Transformer

/// What one step of a gradient method did.
public struct UnlearningStep: Sendable, Hashable {
  /// The step, counted from 1.
  public let number: Int
  /// What was differentiated, before the update.
  public let total: Double
  /// The forget term, without its weight.
  public let forget: Double
  /// The retain term, without its weight.
  public let retain: Double
  /// The mean negative log-probability of a forget label, in nats; NaN where the loss does not compute it.
  public let forgetMean: Double
  /// The norm of the gradient before it was clipped.
  public let gradientNorm: Double
}

/// A gradient method under way: the model, its optimiser, and where in the run it stands.
///
/// Trains the given slices alone; nothing else is read or written by the optimiser.
public struct Unlearner: Sendable {
  /// Why a run ended.
  public enum End: String, Sendable, Hashable {
    /// All steps were made.
    case steps
    /// The forget loss was reached.
    case forgetLoss = "forget-loss"
    /// The retain budget was spent.
    case retainBudget = "retain-budget"
  }

  /// The settings.
  public let settings: GradientUnlearning
  /// What is trained.
  public let trainable: Trainable
  /// The model as it stands.
  public private(set) var model: Model<Float>
  /// The steps so far.
  public private(set) var steps: [UnlearningStep] = []
  /// Why the run ended; nil while it goes on.
  public private(set) var end: End?
  /// The mean retain loss at the beginning, where a budget asks for it.
  public private(set) var retainLossBefore: Double?
  private let data: UnlearningData
  private let step: LossStep<Float>
  private let referenceForget: [Double]
  private let referencePreferred: [Double]
  private let forgetOrder: ExampleOrder
  private let retainOrder: ExampleOrder
  private let looked: [EncodedExample]
  private var optimizer: Optimizer<Float>
  private var gradients: Gradients<Float>
  private var lastWithinBudget: Model<Float>

  /// Begins a run.
  ///
  /// The model that it begins with is the reference that losses compare with.
  public init(
    _ model: Model<Float>, training trainable: Trainable, on data: UnlearningData,
    _ settings: GradientUnlearning
  ) throws(ComputationError) {
    guard !trainable.regions.isEmpty else { throw .missing("nothing is selected to be updated") }
    guard !data.forget.isEmpty else { throw .missing("there are no forget examples") }
    self.model = model
    self.trainable = trainable
    self.data = data
    self.settings = settings
    step = LossStep(
      settings.loss, reference: settings.loss.needsReference ? model : nil,
      tokensPerPass: settings.tokensPerPass)
    let needsSums = settings.loss.forget.needsReference
    referenceForget = needsSums ? try step.sums(of: model, on: data.forget) : []
    referencePreferred =
      needsSums && settings.loss.forget.needsPreferred
      ? try step.sums(of: model, on: data.preferred) : []
    forgetOrder = ExampleOrder(
      count: data.forget.count, batchSize: min(settings.batchSize, data.forget.count),
      seed: settings.seed)
    retainOrder = ExampleOrder(
      count: max(1, data.retain.count),
      batchSize: min(settings.batchSize, max(1, data.retain.count)), seed: settings.seed &+ 1)
    gradients = Gradients(trainable, of: model.plan)
    optimizer = Optimizer(settings.rule, decay: settings.decay, for: gradients)
    lastWithinBudget = model
    var random = RandomNumbers(seed: settings.seed &+ 2)
    looked = random.permutation(data.retain.count).prefix(settings.stops.retainExamples)
      .map { data.retain[$0] }
    if settings.stops.retainBudget != nil {
      retainLossBefore = try Self.meanLoss(model, looked, settings.tokensPerPass)
    }
  }

  /// Makes the next step, and looks whether the run is over.
  public mutating func advance() throws(ComputationError) -> UnlearningStep {
    let index = steps.count
    let forget = forgetOrder.examples(ofStep: index)
    let retain = settings.loss.needsRetain ? retainOrder.examples(ofStep: index) : []
    let needsPreferred = settings.loss.forget.needsPreferred
    let batch = UnlearningBatch(
      forget: forget.map { data.forget[$0] },
      preferred: needsPreferred ? forget.map { data.preferred[$0] } : [],
      retain: retain.map { data.retain[$0] },
      referenceForget: referenceForget.isEmpty ? nil : forget.map { referenceForget[$0] },
      referencePreferred: referencePreferred.isEmpty
        ? nil : forget.map { referencePreferred[$0] })
    gradients.reset()
    let value = try step.addGradient(of: model, on: batch, to: &gradients)
    let norm =
      settings.clip.map { gradients.clip(toNorm: $0, model.workers) }
      ?? gradients.norm(model.workers)
    guard norm.isFinite else {
      throw .mismatch("step \(index + 1): the gradient's norm is \(norm); lower the rate")
    }
    if case .sophia = settings.rule {
      optimizer.observe(curvature: gradients, scale: Double(forget.count), model.workers)
    }
    optimizer.update(&model, gradients, rate: settings.schedule.rate(at: index))
    let made = UnlearningStep(
      number: index + 1, total: value.total, forget: value.forget, retain: value.retain,
      forgetMean: value.forgetMean, gradientNorm: norm)
    steps.append(made)
    try look()
    return made
  }

  // MARK: Keeping

  /// The name under which the record of steps is kept.
  static let recordName = "steps"
  /// How many numbers are kept of a step.
  static let recordWidth = 5

  /// Puts all in that the run needs to go on, besides what it began with.
  func keep(in contents: inout StateContents) {
    let plan = model.plan
    contents.texts["end"] = end?.rawValue
    contents.add("parameter", Slices(of: model, trainable).matrices, of: plan)
    contents.add("first", optimizer.first, of: plan)
    contents.add("second", optimizer.second, of: plan)
    if settings.stops.retainBudget != nil {
      contents.add("safe", Slices(of: lastWithinBudget, trainable).matrices, of: plan)
    }
    contents.series[Self.recordName] = steps.flatMap {
      [$0.total, $0.forget, $0.retain, $0.forgetMean, $0.gradientNorm]
    }
  }

  /// Goes on from what was kept.
  mutating func resume(from file: borrowing StateFile, record: [Double]) throws(DataError) {
    let made = record.count / Self.recordWidth
    guard record.count.isMultiple(of: Self.recordWidth), made <= settings.schedule.steps else {
      throw DataError("\(file.path): \(record.count) numbers are no record of this run's steps")
    }
    var end: End?
    if let text = file.text("end") {
      guard let known = End(rawValue: text) else {
        throw DataError("\(file.path): \"end\" is \"\(text)\"")
      }
      end = known
    }
    guard end != nil || made < settings.schedule.steps else {
      throw DataError("\(file.path): all steps were made, but the run has no end")
    }
    let plan = model.plan
    let slices = Slices(trainable, try file.matrices("parameter", trainable, of: plan))
    let optimizer = try file.optimizer(optimizer, trainable, step: made, of: plan)
    if settings.stops.retainBudget != nil {
      Slices(trainable, try file.matrices("safe", trainable, of: plan))
        .replace(in: &lastWithinBudget)
    }
    slices.replace(in: &model)
    self.optimizer = optimizer
    self.end = end
    steps = (0..<made).map { step in
      let at = step * Self.recordWidth
      return UnlearningStep(
        number: step + 1, total: record[at], forget: record[at + 1], retain: record[at + 2],
        forgetMean: record[at + 3], gradientNorm: record[at + 4])
    }
  }

  /// Ends the run where a rule says so.
  private mutating func look() throws(ComputationError) {
    let isLast = steps.count >= settings.schedule.steps
    guard isLast || steps.count.isMultiple(of: settings.stops.interval) else { return }
    if let budget = settings.stops.retainBudget, let before = retainLossBefore {
      let after = try Self.meanLoss(model, looked, settings.tokensPerPass)
      // A loss that is no number is above any budget.
      guard after - before <= budget else {
        model = lastWithinBudget
        end = .retainBudget
        return
      }
      lastWithinBudget = model
    }
    if let target = settings.stops.forgetLoss,
      try Self.meanLoss(model, data.forget, settings.tokensPerPass) >= target
    {
      end = .forgetLoss
      return
    }
    if isLast { end = .steps }
  }

  /// The mean loss over the labels of examples.
  public static func meanLoss(
    _ model: Model<Float>, _ examples: [EncodedExample], _ tokensPerPass: Int
  ) throws(ComputationError) -> Double {
    guard !examples.isEmpty else { throw .missing("there are no examples whose loss is asked for") }
    return try computing { () throws(InputError) in
      try model.evaluate(examples, tokensPerPass: tokensPerPass).loss
    }
  }
}
