/// The label of a row that counts for nothing.
public let ignoredLabel: Int32 = -100

extension Workers {
  /// For each row of logits the logarithm of the softmax's denominator, and the label's log-probability.
  ///
  /// A negative label's log-probability is 0.
  public func logSoftmax<Element>(
    _ logits: Matrix<Element>, labels: [Int32]
  ) -> (logSums: [Element], logProbabilities: [Element]) {
    precondition(labels.count == logits.rows && labels.allSatisfy { Int($0) < logits.columns })
    var sums = Matrix<Element>(rows: 1, columns: logits.rows)
    var values = Matrix<Element>(rows: 1, columns: logits.rows)
    let columns = logits.columns
    let source = unsafe logits.pointer
    let (first, second) = unsafe (sums.mutablePointer(), values.mutablePointer())
    split(logits.rows, cost: 8 * columns) { rows in
      let kernels = unsafe Element.kernels
      for row in rows {
        unsafe kernels.logSoftmax(
          source + row * columns, columns, labels[row], first + row, second + row)
      }
    }
    return (sums.array, values.array)
  }

  /// Turns logits into the gradient of `−Σ weight · log p(label)`: `(softmax − onehot) · weight`.
  public func crossEntropyBackward<Element>(
    _ logits: inout Matrix<Element>, labels: [Int32], logSums: [Element], weights: [Element]
  ) {
    let (rows, columns) = (logits.rows, logits.columns)
    precondition(labels.count == rows && logSums.count == rows && weights.count == rows)
    precondition(labels.allSatisfy { Int($0) < columns })
    let target = unsafe logits.mutablePointer()
    split(rows, cost: 8 * columns) { part in
      let kernels = unsafe Element.kernels
      for row in part {
        unsafe kernels.crossEntropyBackward(
          target + row * columns, columns, labels[row], logSums[row], weights[row])
      }
    }
  }
}
