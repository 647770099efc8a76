public import Compute

/// `−Σ weight · log softmax(logits)[label]`, row by row.
public struct CrossEntropy<Element: Scalar>: LogitObjective, Sendable {
  /// The rows of the hidden states.
  public let rows: [Int32]
  /// The label of each row.
  public let labels: [Int32]
  /// The weight of each row.
  public var weights: [Element]
  /// The log-probability of each row's label, once it was computed.
  public private(set) var logProbabilities: [Element]
  /// Rows are independent of each other.
  public var needsAllRows: Bool { false }

  /// Describes the loss.
  public init(rows: [Int32], labels: [Int32], weights: [Element]) {
    precondition(rows.count == labels.count && rows.count == weights.count)
    self.rows = rows
    self.labels = labels
    self.weights = weights
    logProbabilities = Array(repeating: 0, count: rows.count)
  }

  /// Notes log-probabilities, and turns logits into `(softmax − onehot) · weight`.
  public mutating func differentiate(
    _ logits: inout Matrix<Element>, part: Range<Int>, wantsGradient: Bool, _ workers: Workers
  ) {
    let labels = Array(labels[part])
    let result = workers.logSoftmax(logits, labels: labels)
    logProbabilities.replaceSubrange(part, with: result.logProbabilities)
    if wantsGradient {
      workers.crossEntropyBackward(
        &logits, labels: labels, logSums: result.logSums, weights: Array(weights[part]))
    }
  }
}

/// The same where a softmax goes over several rows: the places of an answer, or the choices of an example.
struct ChoiceCrossEntropy<Element: Scalar>: LogitObjective {
  /// One softmax: which rows of one column it goes over, and which of them is right.
  struct Choice {
    var rows: Range<Int>
    var column: Int
    var label: Int
    var weight: Double
  }

  let rows: [Int32]
  let choices: [Choice]
  private(set) var logProbabilities: [Double] = []
  var needsAllRows: Bool { true }

  init(rows: [Int32], choices: [Choice]) {
    self.rows = rows
    self.choices = choices
  }

  mutating func differentiate(
    _ logits: inout Matrix<Element>, part: Range<Int>, wantsGradient: Bool, _ workers: Workers
  ) {
    var gradient = Matrix<Element>(rows: logits.rows, columns: logits.columns)
    for choice in choices {
      var column = Matrix<Element>(
        rows: 1, columns: choice.rows.count, choice.rows.map { logits[$0, choice.column] })
      let label = [Int32(choice.label)]
      let result = workers.logSoftmax(column, labels: label)
      logProbabilities.append(Double(result.logProbabilities[0]))
      workers.crossEntropyBackward(
        &column, labels: label, logSums: result.logSums, weights: [Element(choice.weight)])
      for (place, row) in choice.rows.enumerated() {
        gradient[row, choice.column] += column[0, place]
      }
    }
    logits = gradient
  }
}
