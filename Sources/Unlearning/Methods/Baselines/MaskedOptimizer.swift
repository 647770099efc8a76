public import Training
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
  private var states: [Int: UpdateState<Element>] = [:]

  /// Begins without history.
  public init(
    _ rule: UpdateRule, decay: Double = 0, decaysVectors: Bool = false, mask: ElementMask
  ) {
    self.rule = rule
    self.decay = decay
    self.decaysVectors = decaysVectors
    self.mask = mask
    for parameter in mask.trainable.parameters {
      states[parameter] = UpdateState(rows: 1, columns: mask.count(of: parameter))
    }
  }

  /// Makes one update.
  ///
  /// - Parameter gradients: Of the mask's own ``ElementMask/trainable``, or more.
  public mutating func update(
    _ model: inout Model<Element>, _ gradients: Gradients<Element>, rate: Double
  ) throws(ComputationError) {
    let parameters = mask.trainable.parameters
    guard parameters.allSatisfy({ gradients.trainable[$0] == .all }) else {
      throw .mismatch("the gradients are not of the mask's whole parameters")
    }
    step += 1
    let workers = model.workers
    for parameter in parameters {
      guard let whole = gradients.sums[parameter],
        var state = states.removeValue(forKey: parameter)
      else { continue }
      let elements = mask.elements(of: parameter)
      let gradient = gathered(whole, elements)
      var theta = gathered(model.parameters[parameter], elements)
      let isVector = model.plan.parameters[parameter].shape.count == 1
      let decay = isVector && !decaysVectors ? 0 : self.decay
      state.move(
        &theta, gradient, rule, step: step, rate: rate, decay: decay, workers)
      scatter(theta, elements, to: &model.parameters[parameter])
      states[parameter] = state
    }
  }
}
