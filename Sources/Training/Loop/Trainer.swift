import Architecture
public import Compute
public import Transformer

/// What one step did.
public struct TrainingStep: Sendable, Hashable {
  /// The step, counted from 1.
  public let number: Int
  /// The mean loss over the step's labels, before the update.
  public let loss: Double
  /// The rate.
  public let rate: Double
  /// The norm of the gradient before it was clipped.
  public let gradientNorm: Double
  /// How many tokens were computed.
  public let tokens: Int
}

/// A run: a model, where its optimiser stands, and how many steps were made.
///
/// A value that needs nothing else to go on: the same run stopped and resumed at any step gives the same bits
/// on the same machine with the same threads.
public struct Trainer: Sendable {
  /// The options.
  public let options: TrainingOptions
  /// What is trained.
  public let trainable: Trainable
  /// The model as it stands.
  public private(set) var model: Model<Float>
  /// The optimiser as it stands.
  public private(set) var optimizer: Optimizer<Float>
  private var gradients: Gradients<Float>
  private let examples: [EncodedExample]
  private let masking: TokenMasking?
  private let order: ExampleOrder

  /// Begins a run.
  ///
  /// - Parameters:
  ///   - examples: At least one, with a label each.
  ///   - masking: For masked language models.
  public init(
    _ model: Model<Float>, training trainable: Trainable, on examples: [EncodedExample],
    masking: TokenMasking? = nil, _ options: TrainingOptions
  ) throws(DataError) {
    guard !examples.isEmpty else { throw DataError("there is no example to train on") }
    if let index = examples.firstIndex(where: { $0.labelCount == 0 }) {
      throw DataError("example \(index + 1) has no label within the limit of its length")
    }
    if let index = examples.firstIndex(where: { $0.sequences.count != examples[0].sequences.count })
    {
      throw DataError(
        "example \(index + 1) has \(examples[index].sequences.count) choices, the first"
          + " \(examples[0].sequences.count)")
    }
    self.options = options
    self.trainable = trainable
    self.model = model
    self.examples = examples
    self.masking = masking
    gradients = Gradients(trainable, of: model.plan)
    optimizer = Optimizer(options.rule, decay: options.decay, for: gradients)
    order = ExampleOrder(
      count: examples.count, batchSize: min(options.batchSize, examples.count), seed: options.seed)
  }

  /// Whether all steps were made.
  public var isFinished: Bool { optimizer.step >= options.schedule.steps }
  /// How many steps make an epoch.
  public var stepsPerEpoch: Int { order.stepsPerEpoch }

  /// Goes on from a state that was kept.
  mutating func resume(_ model: Model<Float>, _ optimizer: Optimizer<Float>) {
    self.model = model
    self.optimizer = optimizer
  }

  /// Makes the next step.
  public mutating func step() throws(InputError) -> TrainingStep {
    let index = optimizer.step
    let batch = order.examples(ofStep: index).map { number in
      var example = examples[number]
      if let masking {
        var random = order.random(ofExample: number, inStep: index)
        masking.apply(to: &example, share: options.maskedShare, &random)
      }
      return example
    }
    gradients.reset()
    let labels = batch.reduce(0) { $0 + $1.labelCount }
    var loss = 0.0
    for pass in EncodedExample.passes(batch.map(\.count), tokens: options.tokensPerPass) {
      let (inputs, targets) = EncodedExample.pack(batch[pass])
      let forward = try model.forward(
        inputs, keeping: options.recomputes ? .layerInputs : .everything, for: targets)
      let losses = try model.backward(
        forward, targets, .factor(1 / Double(labels)), into: &gradients)
      loss += losses.total
    }
    let norm: Double
    if let clip = options.clip {
      norm = gradients.clip(toNorm: clip, model.workers)
    } else {
      norm = gradients.norm(model.workers)
    }
    guard norm.isFinite else {
      throw InputError("step \(index + 1): the gradient's norm is \(norm); lower the rate")
    }
    let rate = options.schedule.rate(at: index)
    if case .sophia = options.rule {
      optimizer.observe(curvature: gradients, scale: Double(batch.count), model.workers)
    }
    optimizer.update(&model, gradients, rate: rate)
    return TrainingStep(
      number: optimizer.step, loss: loss / Double(labels), rate: rate, gradientNorm: norm,
      tokens: batch.reduce(0) { $0 + $1.count })
  }
}
