import Compute
import Metrics
import Transformer

/// What a model says of each label: its log-probability, whether it is the most probable one, and, beside an
/// oracle, how far the two distributions are apart.
struct LabelScoring: LogitObjective {
  let rows: [Int32]
  let labels: [Int32]
  /// The other model and its pass over the same batch; nil for none.
  let oracle: (model: Model<Float>, pass: ForwardPass<Float>)?
  private(set) var logProbabilities: [Double] = []
  private(set) var best: [Int32] = []
  private(set) var divergences: [Double] = []
  private(set) var failure: String?
  var needsAllRows: Bool { false }

  init(
    rows: [Int32], labels: [Int32], oracle: (model: Model<Float>, pass: ForwardPass<Float>)? = nil
  ) {
    self.rows = rows
    self.labels = labels
    self.oracle = oracle
  }

  mutating func differentiate(
    _ logits: inout Matrix<Float>, part: Range<Int>, wantsGradient: Bool, _ workers: Workers
  ) {
    let result = workers.logSoftmax(logits, labels: Array(labels[part]))
    logProbabilities += result.logProbabilities.map { Double($0) }
    for row in 0..<logits.rows {
      let values = logits.row(row)
      var top = 0
      for index in values.indices where values[index] > values[top] { top = index }
      best.append(Int32(top))
    }
    guard let oracle else { return }
    let other: Matrix<Float>
    do throws(InputError) {
      other = try oracle.model.logits(oracle.pass, rows: Array(rows[part]))
    } catch {
      failure = error.description
      return
    }
    let none = Array(repeating: ignoredLabel, count: part.count)
    let mine = workers.logSoftmax(logits, labels: none).logSums
    let theirs = workers.logSoftmax(other, labels: none).logSums
    for row in 0..<logits.rows {
      let first = logits.row(row).map { $0 - mine[row] }
      let second = other.row(row).map { $0 - theirs[row] }
      do throws(Undefined) {
        divergences.append(try Divergence.jensenShannon.value(first.span, second.span))
      } catch {
        divergences.append(.nan)
      }
    }
  }
}
