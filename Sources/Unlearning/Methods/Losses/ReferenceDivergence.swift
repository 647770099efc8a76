import Compute
import Transformer

/// `Σ weight · KL(p_ref ‖ p_θ)` over rows, each over the whole vocabulary.
///
/// The reference's logits are computed part by part like the model's own, so that no more than two parts exist at
/// once. In binary32 a row's value is exact to about 1e-6 nats: it is what is left of two log-sums.
struct ReferenceDivergence<Element: Scalar>: LogitObjective {
  let rows: [Int32]
  /// The weight of a row in the sum that is differentiated.
  let weight: Double
  let reference: Model<Element>
  /// The reference's pass over the same batch.
  let pass: ForwardPass<Element>
  /// The divergence summed over the rows so far, without the weight.
  private(set) var total = 0.0
  /// Why the reference has no logits.
  private(set) var failure: InputError?
  var needsAllRows: Bool { false }

  init(
    rows: [Int32], weight: Double, reference: Model<Element>, pass: ForwardPass<Element>
  ) {
    self.rows = rows
    self.weight = weight
    self.reference = reference
    self.pass = pass
  }

  /// Turns logits into `weight · (p_θ − p_ref)`.
  mutating func differentiate(
    _ logits: inout Matrix<Element>, part: Range<Int>, wantsGradient: Bool, _ workers: Workers
  ) {
    var other: Matrix<Element>
    do throws(InputError) {
      other = try reference.logits(pass, rows: Array(rows[part]))
    } catch {
      failure = error
      logits.clear()
      return
    }
    let none = Array(repeating: ignoredLabel, count: part.count)
    let ones = Array(repeating: Element(1), count: part.count)
    let sums = workers.logSoftmax(logits, labels: none).logSums
    let otherSums = workers.logSoftmax(other, labels: none).logSums
    // KL = Σ p_ref (z_ref − z_θ) − (lse_ref − lse_θ).
    var difference = logits
    workers.scale(&difference, by: -1)
    workers.add(other, to: &difference)
    workers.crossEntropyBackward(&other, labels: none, logSums: otherSums, weights: ones)
    let means = workers.unitDots(
      other, difference, runs: (0..<part.count).map { $0..<$0 + 1 }, width: logits.columns
    ).array
    for row in means.indices {
      total += Double(means[row]) - (Double(otherSums[row]) - Double(sums[row]))
    }
    guard wantsGradient else { return }
    workers.crossEntropyBackward(&logits, labels: none, logSums: sums, weights: ones)
    workers.scale(&other, by: -1)
    workers.add(other, to: &logits)
    workers.scale(&logits, by: Element(weight))
  }
}
