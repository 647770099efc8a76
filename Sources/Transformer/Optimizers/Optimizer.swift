import Architecture
public import Compute

/// How parameters follow gradients.
public enum UpdateRule: Sendable, Hashable {
  /// Adam with decoupled decay (Loshchilov & Hutter, 2019).
  case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// Gradient descent with momentum; its decay is part of the gradient, as in PyTorch.
  case momentum(Double = 0.9, isNesterov: Bool = false)
  /// Sophia (Liu et al., 2023) with a curvature that ``Optimizer/observe(curvature:scale:)`` is told of.
  case sophia(
    beta1: Double = 0.96, beta2: Double = 0.99, gamma: Double = 0.01, epsilon: Double = 1e-12)
}

/// Moves what is trained, and nothing else: frozen numbers are never read or written, whatever the decay.
///
/// State exists for the trained regions alone. A value: to go on later, keep it with the model.
public struct Optimizer<Element: Scalar>: Sendable {
  /// How parameters follow gradients.
  public let rule: UpdateRule
  /// The weight decay of matrices.
  public let decay: Double
  /// Whether vectors (biases, norms) decay as well.
  public let decaysVectors: Bool
  /// How many updates were made.
  public internal(set) var step = 0
  /// The running mean of gradients, by parameter.
  public internal(set) var first: [Int: Matrix<Element>] = [:]
  /// The running mean of squares or curvatures, by parameter; empty where the rule has none.
  public internal(set) var second: [Int: Matrix<Element>] = [:]

  /// Begins without history.
  public init(
    _ rule: UpdateRule, decay: Double = 0, decaysVectors: Bool = false,
    for gradients: Gradients<Element>
  ) {
    self.rule = rule
    self.decay = decay
    self.decaysVectors = decaysVectors
    for (parameter, sum) in gradients.sums {
      first[parameter] = Matrix(rows: sum.rows, columns: sum.columns)
      if case .momentum = rule { continue }
      second[parameter] = Matrix(rows: sum.rows, columns: sum.columns)
    }
  }

  /// Goes on from a kept step.
  public mutating func restore(step: Int) { self.step = step }

  /// Goes on from a kept mean of gradients, of the size that it has.
  public mutating func restore(first mean: Matrix<Element>, of parameter: Int) {
    precondition(first[parameter]?.count == mean.count)
    first[parameter] = mean
  }

  /// Goes on from a kept mean of squares, of the size that it has.
  public mutating func restore(second mean: Matrix<Element>, of parameter: Int) {
    precondition(second[parameter]?.count == mean.count)
    second[parameter] = mean
  }

  /// Makes one update.
  public mutating func update(
    _ model: inout Model<Element>, _ gradients: Gradients<Element>, rate: Double
  ) {
    step += 1
    for parameter in gradients.trainable.parameters {
      guard let region = gradients.trainable[parameter], let gradient = gradients.sums[parameter]
      else { continue }
      let workers = model.workers
      let isVector = model.plan.parameters[parameter].shape.count == 1
      let decay = isVector && !decaysVectors ? 0 : self.decay
      switch region {
      case .all: move(&model.parameters[parameter], gradient, parameter, rate, decay, workers)
      case .rows(let indices):
        var slice = workers.rows(of: model.parameters[parameter], at: indices)
        move(&slice, gradient, parameter, rate, decay, workers)
        workers.replace(rowsOf: &model.parameters[parameter], at: indices, with: slice)
      case .columns(let indices):
        var slice = workers.columns(of: model.parameters[parameter], at: indices)
        move(&slice, gradient, parameter, rate, decay, workers)
        workers.replace(columnsOf: &model.parameters[parameter], at: indices, with: slice)
      }
    }
  }

  /// Takes note of curvature for ``UpdateRule/sophia(beta1:beta2:gamma:epsilon:)``: the squared gradient of
  /// a mini-batch whose labels were drawn from the model itself, times `scale` (the batch's size).
  public mutating func observe(
    curvature gradients: Gradients<Element>, scale: Double, _ workers: Workers
  ) {
    guard case .sophia(_, let beta2, _, _) = rule else { return }
    for (parameter, gradient) in gradients.sums {
      guard var mean = second.removeValue(forKey: parameter) else { continue }
      workers.scale(&mean, by: Element(beta2))
      var root = gradient
      workers.scale(&root, by: Element(((1 - beta2) * scale).squareRoot()))
      workers.add(squareOf: root, to: &mean)
      second[parameter] = mean
    }
  }

  private mutating func move(
    _ theta: inout Matrix<Element>, _ gradient: Matrix<Element>, _ parameter: Int, _ rate: Double,
    _ decay: Double, _ workers: Workers
  ) {
    switch rule {
    case .adamW(let beta1, let beta2, let epsilon):
      workers.adamW(
        &theta, gradient: gradient, first: &first[parameter, default: .empty],
        second: &second[parameter, default: .empty], step: step, rate: rate, beta1: beta1,
        beta2: beta2, epsilon: epsilon, decay: decay)
    case .momentum(let momentum, let isNesterov):
      workers.momentum(
        &theta, gradient: gradient, velocity: &first[parameter, default: .empty], rate: rate,
        momentum: momentum, isNesterov: isNesterov, decay: decay)
    case .sophia(let beta1, _, let gamma, let epsilon):
      workers.sophia(
        &theta, gradient: gradient, first: &first[parameter, default: .empty],
        curvature: second[parameter] ?? .empty, rate: rate, beta1: beta1, gamma: gamma,
        epsilon: epsilon, decay: decay)
    }
  }
}

extension Gradients {
  /// The Euclidean norm of all sums together.
  public func norm(_ workers: Workers) -> Double {
    trainable.parameters.reduce(0) {
      $0 + (sums[$1].map { workers.squareSum($0) } ?? 0)
    }.squareRoot()
  }

  /// Scales all sums so that their norm is at most `limit`; gives the norm that they had.
  public mutating func clip(toNorm limit: Double, _ workers: Workers) -> Double {
    let norm = norm(workers)
    guard norm > limit else { return norm }
    for parameter in trainable.parameters {
      workers.scale(&sums[parameter, default: .empty], by: Element(limit / norm))
    }
    return norm
  }
}
