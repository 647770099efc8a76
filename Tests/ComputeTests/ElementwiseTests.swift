import Compute
import Testing

struct ElementwiseTests {
  private let workers = Workers(count: 2)
  static let kinds: [Activation] = [.gelu, .geluTanh, .relu, .silu, .tanh]

  /// Published values: PyTorch 2.13 in binary64 at x = −1.5 and x = 0.7.
  @Test(arguments: [
    (Activation.gelu, -0.10021080190328704, 0.5306254434438489),
    (.geluTanh, -0.10042842301976707, 0.5305701347051167),
    (.relu, 0, 0.7), (.silu, -0.2736382857095345, 0.46773144051771626),
    (.tanh, -0.9051482536448664, 0.6043677771171635),
  ])
  func `each activation has its reference's values`(kind: Activation, low: Double, high: Double) {
    let y = workers.activate(kind, Matrix<Double>(rows: 1, columns: 2, [-1.5, 0.7]))
    #expect(abs(y[0, 0] - low) < 1e-12)
    #expect(abs(y[0, 1] - high) < 1e-12)
  }

  @Test(arguments: kinds) func `an activation's gradient is its slope`(kind: Activation) {
    let x = random(6, 9, seed: 5)
    let weights = random(6, 9, seed: 6)
    var gradient = weights
    workers.activateBackward(kind, input: x, gradient: &gradient)
    expectGradient(gradient, of: x, weights: weights) { workers.activate(kind, $0) }
  }

  @Test(arguments: kinds) func `binary32 agrees with binary64 over a wide range`(kind: Activation) {
    let values = Matrix<Double>(rows: 1, columns: 4001, (0..<4001).map { Double($0 - 2000) / 40 })
    let single = workers.activate(kind, narrowed(values))
    let double = workers.activate(kind, values)
    for (a, b) in zip(single.array, double.array) {
      #expect(abs(Double(a) - b) <= 2e-6 * max(1, abs(b)))
    }
    var slopes = Matrix<Float>(rows: 1, columns: 4001, Array(repeating: 1, count: 4001))
    workers.activateBackward(kind, input: narrowed(values), gradient: &slopes)
    var exact = Matrix<Double>(rows: 1, columns: 4001, Array(repeating: 1, count: 4001))
    workers.activateBackward(kind, input: values, gradient: &exact)
    #expect(distance(slopes, exact) < 4e-6)
  }

  @Test(arguments: [true, false]) func `gates in two matrices and in one`(fused: Bool) {
    let gate = random(5, fused ? 14 : 7, seed: 7)
    let up = fused ? nil : random(5, 7, seed: 8)
    let weights = random(5, 7, seed: 9)
    let gradient = workers.gateBackward(.silu, gate, up, gradient: weights)
    expectGradient(gradient.gate, of: gate, weights: weights) { workers.gate(.silu, $0, up) }
    if let up, let slope = gradient.up {
      expectGradient(slope, of: up, weights: weights) { workers.gate(.silu, gate, $0) }
    }
  }

  @Test func `a unit's dot product is over its own columns and rows`() {
    let (x, y) = (random(5, 6, seed: 10), random(5, 6, seed: 11))
    for width in [1, 2, 3] {
      let dots = workers.unitDots(x, y, runs: [0..<2, 2..<5], width: width)
      for (run, rows) in [0..<2, 2..<5].enumerated() {
        for unit in 0..<6 / width {
          var sum = 0.0
          for row in rows {
            for column in unit * width..<(unit + 1) * width {
              sum += x[row, column] * y[row, column]
            }
          }
          #expect(abs(dots[run, unit] - sum) < 1e-12)
        }
      }
    }
  }

  @Test func `column sums take the rows asked for`() {
    let x = random(7, 4, seed: 12)
    var sum = Matrix<Double>(rows: 1, columns: 4, [1, 1, 1, 1])
    workers.addColumnSums(of: x, rows: 2..<5, to: &sum)
    for column in 0..<4 {
      #expect(abs(sum[0, column] - (1 + x[2, column] + x[3, column] + x[4, column])) < 1e-14)
    }
  }

  @Test func `what is gathered and put back is as it was`() {
    let x = random(6, 8, seed: 13)
    let indices: [Int32] = [5, 0, 3]
    var y = Matrix<Double>(rows: 6, columns: 8)
    workers.replace(columnsOf: &y, at: indices, with: workers.columns(of: x, at: indices))
    #expect((0..<6).allSatisfy { y[$0, 5] == x[$0, 5] && y[$0, 1] == 0 })
    workers.replace(rowsOf: &y, at: indices, with: workers.rows(of: x, at: indices))
    #expect((0..<8).allSatisfy { y[3, $0] == x[3, $0] && y[1, 1] == 0 })
    var sums = Matrix<Double>(rows: 2, columns: 8)
    workers.add(rows: workers.rows(of: x, at: [1, 2, 4]), to: &sums, at: [1, 0, 1])
    #expect((0..<8).allSatisfy { sums[1, $0] == x[1, $0] + x[4, $0] && sums[0, $0] == x[2, $0] })
  }
}
