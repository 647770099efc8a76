import Compute
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct CrossEntropyTests {
  private let workers = Workers(count: 2)

  @Test func `log-probabilities, and the gradient of their weighted sum`() {
    let logits = random(4, 6, seed: 1, deviation: 3)
    let labels: [Int32] = [0, 5, ignoredLabel, 2]
    let (sums, values) = workers.logSoftmax(logits, labels: labels)
    for row in 0..<4 {
      let sum = log((0..<6).reduce(0) { $0 + exp(logits[row, $1]) })
      #expect(abs(sums[row] - sum) < 1e-12)
      let value = labels[row] < 0 ? 0 : logits[row, Int(labels[row])] - sums[row]
      #expect(abs(values[row] - value) < 1e-14)
    }
    let weights = [0.5, 2, 0, 1]
    var gradient = logits
    workers.crossEntropyBackward(&gradient, labels: labels, logSums: sums, weights: weights)
    expectGradient(
      gradient, of: logits, weights: Matrix(rows: 1, columns: 4, weights.map { -$0 })
    ) { Matrix(rows: 1, columns: 4, workers.logSoftmax($0, labels: labels).logProbabilities) }
  }

  @Test func `a large vocabulary far from zero keeps its digits`() {
    let wide = random(2, 50_000, seed: 3, deviation: 3)
    let logits = Matrix<Float>(rows: 2, columns: 50_000, wide.array.map { Float($0) + 100 })
    let exact = Matrix<Double>(rows: 2, columns: 50_000, logits.array.map { Double($0) })
    let labels: [Int32] = [7, 49_999]
    let (sums, values) = workers.logSoftmax(logits, labels: labels)
    let (trueSums, trueValues) = workers.logSoftmax(exact, labels: labels)
    for row in 0..<2 {
      #expect(abs(Double(values[row]) / trueValues[row] - 1) < 1e-6)
    }
    var (gradient, true64) = (logits, exact)
    workers.crossEntropyBackward(&gradient, labels: labels, logSums: sums, weights: [1, 1])
    workers.crossEntropyBackward(&true64, labels: labels, logSums: trueSums, weights: [1, 1])
    // A rounded logarithm would shift all of a row by 4e-6 of itself.
    for row in 0..<2 {
      let shift = zip(gradient.row(row), true64.row(row)).reduce(0.0) { $0 + Double($1.0) - $1.1 }
      #expect(abs(shift) < 3e-7, "row \(row): \(shift)")
    }
  }

  @Test func `logits far apart neither overflow nor vanish`() {
    let logits = Matrix<Float>(rows: 1, columns: 3, [1e4, -1e4, 0])
    let (sums, values) = workers.logSoftmax(logits, labels: [1])
    #expect(sums == [1e4] && values == [-2e4])
  }
}
