public import Architecture
public import Compute
public import Training
public import Transformer

/// The diagonal of the empirical Fisher information: Î = (1/N) Σ (∇ℓ(x))², element by element (SPE-Unlearn, 3).
///
/// Kept as a sum, so that examples can be added and taken out again. Only what is trained has numbers.
public struct FisherDiagonal<Element: Scalar>: Sendable {
  /// Σ (∇ℓ(x))².
  public private(set) var sums: Gradients<Element>
  /// How many examples N the sum goes over.
  public private(set) var examples = 0
  /// How examples' gradients are taken.
  public let options: ExampleGradients

  /// Begins without examples.
  public init(
    _ trainable: Trainable, of plan: ModelPlan, options: ExampleGradients = ExampleGradients()
  ) {
    sums = Gradients(trainable, of: plan, statistic: .squareOfEachExample)
    self.options = options
  }

  /// What the sum is of.
  public var trainable: Trainable { sums.trainable }

  /// Adds examples' squares.
  public mutating func add(_ added: [EncodedExample], of model: Model<Element>)
    throws(ComputationError)
  {
    try options.add(squares: added, of: model, to: &sums)
    examples += added.count
  }

  /// Takes examples' squares out again, which must have been added at the same θ.
  ///
  /// Exact but for rounding, which can leave an element a little below 0; ``SecondOrderStep`` counts it as 0.
  public mutating func remove(_ removed: [EncodedExample], of model: Model<Element>)
    throws(ComputationError)
  {
    guard removed.count <= examples else {
      throw .mismatch("\(removed.count) examples can't be taken out of \(examples)")
    }
    var squares = Gradients<Element>(
      sums.trainable, of: model.plan, statistic: .squareOfEachExample)
    try options.add(squares: removed, of: model, to: &squares)
    for (parameter, square) in squares.sums {
      var negative = square
      model.workers.scale(&negative, by: -1)
      sums.add(negative, to: parameter, model.workers)
    }
    examples -= removed.count
  }

  /// Goes on from a kept sum over so many examples.
  mutating func restore(_ squares: [Int: Matrix<Element>], examples: Int) {
    for (parameter, matrix) in squares { sums.restore(matrix, of: parameter) }
    self.examples = examples
  }

  /// The mean of Î over all that is trained.
  public var mean: Double {
    let slices = Slices(sums)
    return slices.sum / Double(max(1, slices.count)) / Double(max(1, examples))
  }
}
