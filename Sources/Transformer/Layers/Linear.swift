import Architecture
import Compute

/// Linear maps: y = x · W + b with W as it is stored, either way round.
extension Model {
  func apply(_ map: ModelPlan.Linear, _ x: Matrix<Element>) -> Matrix<Element> {
    var y = workers.product(
      x, .plain, parameters[map.weight], map.isInputByOutput ? .plain : .transposed)
    if let bias = map.bias { workers.add(bias: parameters[bias], to: &y) }
    return y
  }

  /// Adds y to what is there: a residual connection without a pass of its own.
  func apply(_ map: ModelPlan.Linear, _ x: Matrix<Element>, addingTo y: inout Matrix<Element>) {
    workers.multiply(
      x, .plain, parameters[map.weight], map.isInputByOutput ? .plain : .transposed, into: &y,
      adding: true)
    if let bias = map.bias { workers.add(bias: parameters[bias], to: &y) }
  }

  /// The gradient of the input.
  func inputGradient(_ map: ModelPlan.Linear, _ dy: Matrix<Element>) -> Matrix<Element> {
    workers.product(dy, .plain, parameters[map.weight], map.isInputByOutput ? .transposed : .plain)
  }

  /// Adds the gradient of the input to what is there, if anything is.
  func inputGradient(
    _ map: ModelPlan.Linear, _ dy: Matrix<Element>, addingTo dx: inout Matrix<Element>?
  ) {
    // Taken out, so that the sum is the only owner and no copy is made.
    guard var sum = dx.take() else {
      dx = inputGradient(map, dy)
      return
    }
    workers.multiply(
      dy, .plain, parameters[map.weight], map.isInputByOutput ? .transposed : .plain, into: &sum,
      adding: true)
    dx = sum
  }

  /// Adds the gradients of weight and bias, for what is trained of them alone.
  ///
  /// Rows of the stored weight are features of one side of the map and columns of the other: gathering those
  /// features makes the slice's gradient one smaller dense product.
  func addGradients(
    _ map: ModelPlan.Linear, input x: @autoclosure () -> Matrix<Element>,
    output dy: Matrix<Element>,
    runs: [Range<Int>], to gradients: inout Gradients<Element>
  ) {
    if let region = gradients.trainable[map.weight] {
      let x = x()
      let (left, right) = map.isInputByOutput ? (x, dy) : (dy, x)
      switch region {
      case .all: gradients.add(left, right, runs, to: map.weight, workers)
      case .rows(let indices):
        gradients.add(
          workers.columns(of: left, at: indices), right, runs, to: map.weight, workers)
      case .columns(let indices):
        gradients.add(
          left, workers.columns(of: right, at: indices), runs, to: map.weight, workers)
      }
    }
    if let bias = map.bias, let region = gradients.trainable[bias] {
      switch region {
      case .columns(let indices):
        gradients.add(sumsOf: workers.columns(of: dy, at: indices), runs, to: bias, workers)
      default: gradients.add(sumsOf: dy, runs, to: bias, workers)
      }
    }
  }

  func trains(_ map: ModelPlan.Linear, _ trainable: Trainable) -> Bool {
    trainable[map.weight] != nil || map.bias.flatMap { trainable[$0] } != nil
  }
}
