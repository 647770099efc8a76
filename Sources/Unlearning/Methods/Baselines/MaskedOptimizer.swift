import Architecture
public import Compute
public import Transformer

/// An optimiser of single elements: gathered, moved by the same rules as ``Optimizer``, and put back.
///
/// State exists for the selected elements alone, and no other is read or written, whatever the decay.
public struct MaskedOptimizer<Element: Scalar>: Sendable {
  /// How parameters follow gradients.
  public let rule: UpdateRule
  /// The weight decay of matrices.
  public let decay: Double
  /// Whether vectors (biases, norms) decay as well.
  public let decaysVectors: Bool
  /// Which elements are moved.
  public let mask: ElementMask
  /// How many updates were made.
  public private(set) var step = 0
  private var first: [Int: Matrix<Element>] = [:]
  private var second: [Int: Matrix<Element>] = [:]

  /// Begins without history.
  public init(
    _ rule: UpdateRule, decay: Double = 0, decaysVectors: Bool = false, mask: ElementMask
  ) {
    self.rule = rule
    self.decay = decay
    self.decaysVectors = decaysVectors
    self.mask = mask
    for parameter in mask.trainable.parameters {
      let blank = Matrix<Element>(rows: 1, columns: mask.count(of: parameter))
      first[parameter] = blank
      second[parameter] = blank
    }
  }

  /// Makes one update.
  ///
  /// - Parameter gradients: Of the mask's own ``ElementMask/trainable``, or more.
  public mutating func update(
    _ model: inout Model<Element>, _ gradients: Gradients<Element>, rate: Double
  ) throws(MethodError) {
    let parameters = mask.trainable.parameters
    guard parameters.allSatisfy({ gradients.trainable[$0] == .all }) else {
      throw .mismatch("the gradients are not of the mask's whole parameters")
    }
    step += 1
    let workers = model.workers
    for parameter in parameters {
      guard let whole = gradients.sums[parameter],
        var m = first.removeValue(forKey: parameter), var v = second.removeValue(forKey: parameter)
      else { continue }
      let elements = mask.elements(of: parameter)
      let gradient = gathered(whole, elements)
      var theta = gathered(model.parameters[parameter], elements)
      let isVector = model.plan.parameters[parameter].shape.count == 1
      let decay = isVector && !decaysVectors ? 0 : self.decay
      switch rule {
      case .adamW(let beta1, let beta2, let epsilon):
        workers.adamW(
          &theta, gradient: gradient, first: &m, second: &v, step: step, rate: rate, beta1: beta1,
          beta2: beta2, epsilon: epsilon, decay: decay)
      case .momentum(let momentum, let isNesterov):
        workers.momentum(
          &theta, gradient: gradient, velocity: &m, rate: rate, momentum: momentum,
          isNesterov: isNesterov, decay: decay)
      case .sophia(let beta1, let beta2, let gamma, let epsilon):
        // The curvature is the square of the step's own gradient, as in SOUL.
        workers.scale(&v, by: Element(beta2))
        var root = gradient
        workers.scale(&root, by: Element((1 - beta2).squareRoot()))
        workers.add(squareOf: root, to: &v)
        workers.sophia(
          &theta, gradient: gradient, first: &m, curvature: v, rate: rate, beta1: beta1,
          gamma: gamma, epsilon: epsilon, decay: decay)
      }
      scatter(theta, elements, to: &model.parameters[parameter])
      first[parameter] = m
      second[parameter] = v
    }
  }
}
