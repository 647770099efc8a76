import Compute
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct AttentionTests {
  private let workers = Workers(count: 2)

  struct Case: Sendable {
    var heads = 4
    var groups = 2
    var isCausal = true
    var window: Int?
    var spans = [
      AttentionSpan(queries: 0..<5, keys: 0..<5), AttentionSpan(queries: 5..<6, keys: 5..<6),
      AttentionSpan(queries: 6..<13, keys: 6..<13),
    ]
  }

  static let cases = [
    Case(), Case(groups: 4, isCausal: false), Case(window: 3), Case(groups: 1),
  ]

  private func shape(_ sample: Case) -> AttentionShape {
    AttentionShape(
      heads: sample.heads, groups: sample.groups, width: 3, scale: 0.6, isCausal: sample.isCausal,
      window: sample.window, query: HeadRuns(matrix: 0, start: 0, stride: 3),
      key: HeadRuns(matrix: 1, start: 0, stride: 3), value: HeadRuns(matrix: 2, start: 0, stride: 3)
    )
  }

  private func naive(_ inputs: [Matrix<Double>], _ sample: Case) -> Matrix<Double> {
    var output = Matrix<Double>(rows: inputs[0].rows, columns: sample.heads * 3)
    for span in sample.spans {
      for head in 0..<sample.heads {
        let group = head / (sample.heads / sample.groups)
        for (place, row) in span.queries.enumerated() {
          let at = place + span.keys.count - span.queries.count
          var weights: [(Int, Double)] = []
          for (keyPlace, key) in span.keys.enumerated() {
            if sample.isCausal && keyPlace > at { continue }
            if let window = sample.window, keyPlace + window <= at { continue }
            var score = 0.0
            for f in 0..<3 { score += inputs[0][row, head * 3 + f] * inputs[1][key, group * 3 + f] }
            weights.append((key, exp(0.6 * score)))
          }
          let sum = weights.reduce(0) { $0 + $1.1 }
          for (key, weight) in weights {
            for f in 0..<3 {
              output[row, head * 3 + f] += weight / sum * inputs[2][key, group * 3 + f]
            }
          }
        }
      }
    }
    return output
  }

  private func inputs(_ sample: Case, rows: Int = 13) -> [Matrix<Double>] {
    [
      random(rows, sample.heads * 3, seed: 1), random(rows, sample.groups * 3, seed: 2),
      random(rows, sample.groups * 3, seed: 3),
    ]
  }

  @Test(arguments: cases) func `equals the definition, and its gradients the differences`(
    sample: Case
  ) {
    let inputs = inputs(sample)
    let shape = shape(sample)
    let output = workers.attention(inputs, shape, sample.spans)
    #expect(distance(output, naive(inputs, sample)) < 1e-13)
    let weights = random(13, sample.heads * 3, seed: 4)
    let gradients = workers.attentionBackward(
      inputs, shape, sample.spans, gradient: weights)
    for index in inputs.indices {
      expectGradient(gradients[index], of: inputs[index], weights: weights) {
        var changed = inputs
        changed[index] = $0
        return workers.attention(changed, shape, sample.spans)
      }
    }
  }

  @Test(arguments: [nil, 100] as [Int?]) func `sequences longer than a tile`(window: Int?) {
    let sample = Case(
      heads: 2, groups: 1, window: window, spans: [AttentionSpan(queries: 0..<300, keys: 0..<300)])
    let inputs = inputs(sample, rows: 300)
    #expect(
      distance(workers.attention(inputs, shape(sample), sample.spans), naive(inputs, sample))
        < 1e-13)
    let weights = random(300, 6, seed: 9)
    let gradients = workers.attentionBackward(
      inputs, shape(sample), sample.spans, gradient: weights)
    // Differences at a few places; all would take minutes.
    for (index, row) in [(0, 0), (0, 299), (1, 0), (1, 130), (2, 127), (2, 128)] {
      var (up, down) = (inputs, inputs)
      up[index][row, 1] += 1e-5
      down[index][row, 1] -= 1e-5
      let slope =
        zip(naive(up, sample).array, naive(down, sample).array).enumerated().reduce(0) {
          $0 + ($1.element.0 - $1.element.1) / 2e-5 * weights.array[$1.offset]
        }
      #expect(abs(slope - gradients[index][row, 1]) < 1e-6 * max(1, abs(slope)))
    }
  }

  @Test func `queries after cached keys see what they would have seen`() {
    let whole = Case(spans: [AttentionSpan(queries: 0..<13, keys: 0..<13)])
    let inputs = inputs(whole)
    let full = workers.attention(inputs, shape(whole), whole.spans)
    let last = workers.rows(of: inputs[0], at: [11, 12])
    let part = workers.attention(
      [last, inputs[1], inputs[2]], shape(whole), [AttentionSpan(queries: 0..<2, keys: 0..<13)])
    #expect(distance(part, workers.rows(of: full, at: [11, 12])) < 1e-14)
  }

  @Test func `binary32 agrees with binary64`() {
    let inputs = inputs(Case())
    let single = workers.attention(inputs.map(narrowed), shape(Case()), Case().spans)
    let double = workers.attention(inputs, shape(Case()), Case().spans)
    #expect(distance(single, double) < 1e-6)
  }
}
