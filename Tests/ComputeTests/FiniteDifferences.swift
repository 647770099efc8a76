import Compute
import Testing

/// Compares a gradient with central differences of `Σ weights ∘ f(x)`, element by element, in binary64.
func expectGradient(
  _ gradient: Matrix<Double>, of x: Matrix<Double>, weights: Matrix<Double>,
  tolerance: Double = 1e-6, _ f: (Matrix<Double>) -> Matrix<Double>,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  func value(_ x: Matrix<Double>) -> Double {
    zip(f(x).array, weights.array).reduce(0) { $0 + $1.0 * $1.1 }
  }
  var worst = 0.0
  for row in 0..<x.rows {
    for column in 0..<x.columns {
      var (up, down) = (x, x)
      up[row, column] += 1e-5
      down[row, column] -= 1e-5
      let slope = (value(up) - value(down)) / 2e-5
      worst = max(worst, abs(slope - gradient[row, column]) / max(1, abs(slope)))
    }
  }
  #expect(worst <= tolerance, sourceLocation: sourceLocation)
}

/// The largest difference of two matrices of the same size, relative to the largest element.
func distance<A: Scalar, B: Scalar>(_ a: Matrix<A>, _ b: Matrix<B>) -> Double {
  let scale = b.array.reduce(1e-30) { max($0, abs(Double($1))) }
  return zip(a.array, b.array).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) } / scale
}

func random(_ rows: Int, _ columns: Int, seed: UInt64, deviation: Double = 1) -> Matrix<Double> {
  var numbers = RandomNumbers(seed: seed)
  return .normal(rows: rows, columns: columns, deviation: deviation, &numbers)
}

func narrowed(_ x: Matrix<Double>) -> Matrix<Float> {
  Matrix(rows: x.rows, columns: x.columns, x.array.map { Float($0) })
}
