public import Architecture
public import Compute
public import Training
public import Transformer

/// What second-order requests need of the data, all at one θ*: Σ ∇ℓ over what was forgotten, Σ (∇ℓ)² over the rest.
///
/// The memory-aided protocol (SPE-Unlearn, 12): one value lives through all requests, each of which adds its
/// gradients and takes its squares out, and each step starts at θ* again. So t requests one by one are one request of
/// all their examples. The caller passes the same model each time; the memory-free protocol (11) begins a new value
/// at each request's model.
public struct SecondOrderMemory<Element: Scalar>: Sendable {
  /// Σ ∇ℓ(x) over the forgotten examples.
  public private(set) var forget: Gradients<Element>
  /// Î of the retained examples.
  public private(set) var retain: FisherDiagonal<Element>
  /// How many examples were forgotten.
  public private(set) var forgotten = 0
  /// How many examples |D_r| the retained ones stand for, where they were drawn from more.
  public var retainSize: Int?

  /// Begins without examples.
  public init(
    _ trainable: Trainable, of plan: ModelPlan, options: ExampleGradients = ExampleGradients()
  ) {
    forget = Gradients(trainable, of: plan)
    retain = FisherDiagonal(trainable, of: plan, options: options)
  }

  /// What is updated.
  public var trainable: Trainable { forget.trainable }

  /// |D_r|: what the retained examples stand for.
  public var datasetSize: Int { retainSize ?? retain.examples }

  /// Adds retained examples.
  public mutating func addRetained(_ examples: [EncodedExample], of model: Model<Element>)
    throws(ComputationError)
  {
    try retain.add(examples, of: model)
  }

  /// Adds a request.
  ///
  /// - Parameter wereRetained: Whether the examples were added as retained ones before, so that their squares are
  ///   taken out: the case of a sum over the whole training set.
  public mutating func forget(
    _ examples: [EncodedExample], wereRetained: Bool, of model: Model<Element>
  ) throws(ComputationError) {
    if wereRetained {
      try retain.remove(examples, of: model)
      retainSize = retainSize.map { max(0, $0 - examples.count) }
    }
    try retain.options.add(examples, of: model, to: &forget)
    forgotten += examples.count
  }

  /// Goes on from kept sums.
  mutating func restore(
    squares: [Int: Matrix<Element>], of examples: Int, datasetSize: Int,
    forget sums: [Int: Matrix<Element>], forgotten: Int
  ) {
    retain.restore(squares, examples: examples)
    if retain.examples != datasetSize { retainSize = datasetSize }
    for (parameter, matrix) in sums { forget.restore(matrix, of: parameter) }
    self.forgotten = forgotten
  }

  /// The same sums over fewer units.
  ///
  /// - Parameter other: What is kept; all of it has sums here.
  public func restricted(to other: Trainable, _ model: Model<Element>) throws(ComputationError)
    -> SecondOrderMemory
  {
    var memory = SecondOrderMemory(other, of: model.plan, options: retain.options)
    memory.restore(
      squares: try Slices(retain.sums).restricted(to: other, model.workers).matrices,
      of: retain.examples, datasetSize: datasetSize,
      forget: try Slices(forget).restricted(to: other, model.workers).matrices,
      forgotten: forgotten)
    return memory
  }
}
