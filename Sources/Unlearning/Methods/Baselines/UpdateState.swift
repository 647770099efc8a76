import Compute
import Transformer

/// What an update rule remembers of one matrix.
struct UpdateState<Element: Scalar>: Sendable {
  private var first: Matrix<Element>
  private var second: Matrix<Element>

  /// Begins without history.
  init(rows: Int, columns: Int) {
    first = Matrix(rows: rows, columns: columns)
    second = first
  }

  /// Moves a matrix along its gradient; `step` counts from 1.
  ///
  /// Sophia's curvature is the square of the step's own gradient, as in SOUL.
  mutating func move(
    _ theta: inout Matrix<Element>, _ gradient: Matrix<Element>, _ rule: UpdateRule, step: Int,
    rate: Double, decay: Double, _ workers: Workers
  ) {
    switch rule {
    case .adamW(let beta1, let beta2, let epsilon):
      workers.adamW(
        &theta, gradient: gradient, first: &first, second: &second, step: step, rate: rate,
        beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay)
    case .momentum(let momentum, let isNesterov):
      workers.momentum(
        &theta, gradient: gradient, velocity: &first, rate: rate, momentum: momentum,
        isNesterov: isNesterov, decay: decay)
    case .sophia(let beta1, let beta2, let gamma, let epsilon):
      workers.scale(&second, by: Element(beta2))
      var root = gradient
      workers.scale(&root, by: Element((1 - beta2).squareRoot()))
      workers.add(squareOf: root, to: &second)
      workers.sophia(
        &theta, gradient: gradient, first: &first, curvature: second, rate: rate, beta1: beta1,
        gamma: gamma, epsilon: epsilon, decay: decay)
    }
  }
}
