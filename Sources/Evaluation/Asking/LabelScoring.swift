import Architecture
import Compute
import Metrics
import Transformer

/// What one model says of some labels, row by row.
struct LabelScores {
  /// The log-probability of each label, in nats.
  private(set) var logProbabilities: [Double] = []
  /// Each row's most probable column; −1 where a logit is not a number.
  private(set) var best: [Int32] = []
  /// Each row's Jensen–Shannon divergence from the oracle, in nats; empty without one.
  private(set) var divergences: [Double] = []

  /// Scores rows of logits, (rows × columns); gives the rows' denominators.
  @discardableResult
  fileprivate mutating func add(
    _ logits: Matrix<Float>, labels: [Int32], oracle: LogDistributions?, _ workers: Workers
  ) -> [Float] {
    let result = workers.logSoftmax(logits, labels: labels)
    logProbabilities += result.logProbabilities.map { Double($0) }
    for row in 0..<logits.rows {
      let values = logits.row(row)
      best.append(Int32(firstChoice(values)))
      guard let oracle else { continue }
      let sum = result.logSums[row]
      let mine = values.map { $0 - sum }
      let theirs = oracle.row(row)
      do throws(Undefined) {
        divergences.append(try Divergence.jensenShannon.value(mine.span, theirs.span))
      } catch {
        divergences.append(.nan)
      }
    }
    return result.logSums
  }

  /// Scores the same rows under several models and, last, under the oracle, whose logits are formed once.
  ///
  /// - Parameter passes: Each model's pass over the same batch, the oracle's last.
  static func of(
    _ models: [(model: Model<Float>, pass: ForwardPass<Float>)],
    oracle: (model: Model<Float>, pass: ForwardPass<Float>)?, rows: [Int32], labels: [Int32]
  ) throws(InputError) -> [LabelScores] {
    var scores = Array(repeating: LabelScores(), count: models.count + (oracle == nil ? 0 : 1))
    let columns = (models.first ?? oracle)?.model.plan.output?.map.outputs ?? 1
    let parts = (models.first ?? oracle)?.model.outputParts(rows.count, columns: columns) ?? []
    for part in parts {
      let (partRows, partLabels) = (Array(rows[part]), Array(labels[part]))
      var theirs: LogDistributions?
      if let (model, pass) = oracle {
        let logits = try model.logits(pass, rows: partRows)
        let sums = scores[models.count].add(
          logits, labels: partLabels, oracle: nil, model.workers)
        theirs = LogDistributions(logits: logits, logSums: sums)
      }
      for (index, (model, pass)) in models.enumerated() {
        let logits = try model.logits(pass, rows: partRows)
        scores[index].add(logits, labels: partLabels, oracle: theirs, model.workers)
      }
    }
    return scores
  }
}

/// Rows of logits as logarithms of probabilities.
private struct LogDistributions {
  let logits: Matrix<Float>
  let logSums: [Float]

  func row(_ row: Int) -> [Float] { logits.row(row).map { $0 - logSums[row] } }
}

/// The index of the largest value, of equal ones the first; −1 where a value is not a number.
func firstChoice(_ values: some Collection<Float>) -> Int {
  var best = (index: -1, value: -Float.infinity)
  for (index, value) in values.enumerated() {
    if value.isNaN { return -1 }
    if best.index < 0 || value > best.value { best = (index, value) }
  }
  return best.index
}
