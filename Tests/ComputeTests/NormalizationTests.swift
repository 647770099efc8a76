import Compute
import Testing

struct NormalizationTests {
  private let workers = Workers(count: 2)

  @Test(arguments: [NormKind.layer, .rootMeanSquare(offset: 0), .rootMeanSquare(offset: 1)])
  func `gradients of input, weight and bias`(kind: NormKind) {
    let (x, weights) = (random(7, 10, seed: 1), random(7, 10, seed: 2))
    let weight = random(1, 10, seed: 3)
    let bias = kind == .layer ? random(1, 10, seed: 4) : nil
    func run(_ x: Matrix<Double>, _ weight: Matrix<Double>, _ bias: Matrix<Double>?)
      -> (Matrix<Double>, NormStatistics<Double>)
    {
      workers.normalize(x, kind, epsilon: 1e-3, weight: weight, bias: bias)
    }
    var dWeight: Matrix<Double>? = Matrix(rows: 1, columns: 10)
    var dBias: Matrix<Double>? = bias == nil ? nil : Matrix(rows: 1, columns: 10)
    let dx = workers.normalizeBackward(
      x, kind, weight: weight, run(x, weight, bias).1, gradient: weights, weightGradient: &dWeight,
      biasGradient: &dBias)
    expectGradient(dx, of: x, weights: weights) { run($0, weight, bias).0 }
    if let dWeight { expectGradient(dWeight, of: weight, weights: weights) { run(x, $0, bias).0 } }
    if let bias, let dBias {
      expectGradient(dBias, of: bias, weights: weights) { run(x, weight, $0).0 }
    }
  }

  @Test func `a row of equal elements is centred to the bias`() {
    let x = Matrix<Float>(rows: 1, columns: 4, [3, 3, 3, 3])
    let bias = Matrix<Float>(rows: 1, columns: 4, [1, 2, 3, 4])
    let y = workers.normalize(
      x, .layer, epsilon: 1e-5, weight: Matrix(rows: 1, columns: 4, [1, 1, 1, 1]), bias: bias)
    #expect(y.0 == bias)
  }

  @Test func `heads are normalised each by itself, and turned back`() {
    // Two heads of 4 in a matrix of 10 columns, the first at column 1.
    let runs = HeadRuns(matrix: 0, start: 1, stride: 4)
    let (x, weights, weight) = (
      random(3, 10, seed: 5), random(3, 10, seed: 6), random(1, 4, seed: 7)
    )
    func normalized(_ x: Matrix<Double>, _ weight: Matrix<Double>)
      -> (Matrix<Double>, Matrix<Double>)
    {
      var y = x
      let inverse = workers.normalizeHeads(
        &y, runs, heads: 2, weight: weight, offset: 0, epsilon: 1e-6)
      return (y, inverse)
    }
    var gradient = weights
    var dWeight: Matrix<Double>? = Matrix(rows: 1, columns: 4)
    workers.normalizeHeadsBackward(
      input: x, runs, heads: 2, weight: weight, offset: 0, inverse: normalized(x, weight).1,
      gradient: &gradient, weightGradient: &dWeight)
    expectGradient(gradient, of: x, weights: weights) { normalized($0, weight).0 }
    if let dWeight {
      expectGradient(dWeight, of: weight, weights: weights) { normalized(x, $0).0 }
    }
  }

  @Test func `rotation keeps lengths, depends on the position, and is undone backward`() {
    let runs = HeadRuns(matrix: 0, start: 0, stride: 6)
    let table = RotaryTable<Double>(positions: 40, frequencies: [1, 0.1])
    let x = random(3, 12, seed: 8)
    var y = x
    workers.rotate(&y, runs, heads: 2, table, positions: [0, 7, 39])
    #expect((0..<12).allSatisfy { y[0, $0] == x[0, $0] })
    // Features beyond the turned ones stay.
    #expect(y[1, 4] == x[1, 4] && y[2, 11] == x[2, 11])
    // By hand: feature 0 of head 0 turns with feature 2.
    #expect(abs(y[1, 0] - (x[1, 0] * 0.7539022543433046 - x[1, 2] * 0.6569865987187891)) < 1e-7)
    workers.rotate(&y, runs, heads: 2, table, positions: [0, 7, 39], backward: true)
    #expect(distance(y, x) < 1e-14)
  }
}
