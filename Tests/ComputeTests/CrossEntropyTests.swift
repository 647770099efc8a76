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
      #expect(values[row] == (labels[row] < 0 ? 0 : logits[row, Int(labels[row])] - sums[row]))
    }
    let weights = [0.5, 2, 0, 1]
    var gradient = logits
    workers.crossEntropyBackward(&gradient, labels: labels, logSums: sums, weights: weights)
    expectGradient(
      gradient, of: logits, weights: Matrix(rows: 1, columns: 4, weights.map { -$0 })
    ) { Matrix(rows: 1, columns: 4, workers.logSoftmax($0, labels: labels).logProbabilities) }
  }

  @Test func `logits far apart neither overflow nor vanish`() {
    let logits = Matrix<Float>(rows: 1, columns: 3, [1e4, -1e4, 0])
    let (sums, values) = workers.logSoftmax(logits, labels: [1])
    #expect(sums == [1e4] && values == [-2e4])
  }
}
