import Architecture
import Compute

extension ModelPlan.Norm {
  var kind: NormKind { isCentred ? .layer : .rootMeanSquare(offset: offset) }
}

extension ModelPlan.ActivationName {
  var function: Activation {
    switch self {
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .relu: .relu
    case .silu: .silu
    case .tanh: .tanh
    }
  }
}

/// Normalisation of rows, with the plan's weights.
extension Model {
  func apply(_ norm: ModelPlan.Norm, _ x: Matrix<Element>) -> (
    Matrix<Element>, NormStatistics<Element>
  ) {
    workers.normalize(
      x, norm.kind, epsilon: norm.epsilon, weight: parameters[norm.weight],
      bias: norm.bias.map { parameters[$0] })
  }

  /// The gradient of the input; those of weight and bias are added where they are trained.
  func inputGradient(
    _ norm: ModelPlan.Norm, input x: Matrix<Element>, _ statistics: NormStatistics<Element>,
    _ dy: Matrix<Element>, _ gradients: inout Gradients<Element>
  ) -> Matrix<Element> {
    var weight = gradients.blank(for: norm.weight, columns: x.columns)
    var bias = norm.bias.flatMap { gradients.blank(for: $0, columns: x.columns) }
    let dx = workers.normalizeBackward(
      x, norm.kind, weight: parameters[norm.weight], statistics, gradient: dy,
      weightGradient: &weight, biasGradient: &bias)
    if let weight { gradients.add(whole: weight, to: norm.weight, workers) }
    if let bias, let index = norm.bias { gradients.add(whole: bias, to: index, workers) }
    return dx
  }
}
