import Architecture
import Compute
public import Training
public import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How gradients of single examples are taken: their loss, and how much is computed at once.
public struct ExampleGradients: Sendable, Hashable {
  /// The loss ℓ(θ; x) of one example.
  public enum Loss: String, Sendable, Hashable, CaseIterable {
    /// The mean over its labels: what training minimises, but for the lengths of a batch's neighbours.
    case mean
    /// The sum over its labels: its negative log-likelihood.
    case sum

    var weighting: Weighting { self == .mean ? .meanOfEachExample : .sum }
  }

  /// The loss of one example.
  public var loss: Loss
  /// How many tokens are computed at once at most.
  public var tokensPerPass: Int
  /// Whether layers are computed twice, for memory (activation checkpointing).
  public var recomputes: Bool

  /// Names every choice.
  public init(loss: Loss = .mean, tokensPerPass: Int = 4096, recomputes: Bool = false) {
    self.loss = loss
    self.tokensPerPass = tokensPerPass
    self.recomputes = recomputes
  }

  /// Adds Σ ∇ℓ(x) over examples.
  public func add<Element>(
    _ examples: [EncodedExample], of model: Model<Element>, to gradients: inout Gradients<Element>
  ) throws(ComputationError) {
    guard gradients.statistic == .gradient else {
      throw .mismatch("gradients can't be added to sums of squares")
    }
    try run(examples, model, tokensPerPass, &gradients)
  }

  /// Adds Σ (∇ℓ(x))², element by element: the empirical Fisher information's diagonal times their number.
  ///
  /// Where only linear maps are trained, all examples of a pass are squared at once; where norms or embeddings
  /// are as well, each example takes a pass of its own.
  public func add<Element>(
    squares examples: [EncodedExample], of model: Model<Element>,
    to squares: inout Gradients<Element>
  ) throws(ComputationError) {
    guard squares.statistic == .squareOfEachExample else {
      throw .mismatch("squares can't be added to sums of gradients")
    }
    if model.plan.hasOnlyLinearMaps(squares.trainable) {
      return try run(examples, model, tokensPerPass, &squares)
    }
    var one = Gradients<Element>(squares.trainable, of: model.plan)
    for example in examples {
      one.reset()
      try run([example], model, tokensPerPass, &one)
      for (parameter, gradient) in one.sums {
        var square = Matrix<Element>(rows: gradient.rows, columns: gradient.columns)
        model.workers.add(squareOf: gradient, to: &square)
        squares.add(square, to: parameter, model.workers)
      }
    }
  }

  /// Gives √p(y) ∇(−log p(y)) for each class y of an example with a class, whatever its own is: one forward pass, and
  /// one backward pass for each class.
  ///
  /// The outer products of these, summed over y, are what the example adds to the model's Fisher information.
  ///
  /// - Parameter gradients: What each gradient is put in, in the place of what was there.
  func eachClass<Element>(
    of example: EncodedExample, classes: Int, of model: Model<Element>,
    in gradients: inout Gradients<Element>, _ body: (Int, Gradients<Element>) -> Void
  ) throws(ComputationError) {
    for pass in try ExamplePass.cut([example], tokens: tokensPerPass, name: "given") {
      try computing { () throws(InputError) in
        // All classes are read off the same rows.
        let forward = try model.forward(
          pass.batch, keeping: recomputes ? .layerInputs : .everything, for: pass.targets)
        for label in 0..<classes {
          gradients.reset()
          let targets = Targets.classes([Int32(label)])
          let loss = try model.losses(forward, targets).total
          _ = try model.backward(forward, targets, .factor(exp(-loss / 2)), into: &gradients)
          body(label, gradients)
        }
      }
    }
  }

  private func run<Element>(
    _ examples: [EncodedExample], _ model: Model<Element>, _ limit: Int,
    _ gradients: inout Gradients<Element>
  ) throws(ComputationError) {
    for pass in try ExamplePass.cut(examples, tokens: limit, name: "given") {
      try computing { () throws(InputError) in
        let forward = try model.forward(
          pass.batch, keeping: recomputes ? .layerInputs : .everything, for: pass.targets)
        _ = try model.backward(forward, pass.targets, loss.weighting, into: &gradients)
      }
    }
  }
}

extension ModelPlan {
  /// Whether all that is trained are weights and biases of linear maps that have no other use.
  ///
  /// An output map tied to the token embedding has one.
  func hasOnlyLinearMaps(_ trainable: Trainable) -> Bool {
    var maps = layers.flatMap {
      $0.attention.inputs + [$0.attention.output] + $0.feedForward.inputs + [$0.feedForward.output]
    }
    maps += [output?.map, output?.transform?.map].compactMap { $0 }
    var linear = Set(maps.map(\.weight) + maps.compactMap(\.bias))
    linear.remove(embedding.tokens)
    return trainable.parameters.allSatisfy(linear.contains)
  }
}
