/// One number for a task of several subjects, such as the 57 of MMLU.
public enum SubjectAverage: String, Hashable, Sendable, CaseIterable {
  /// `Σ n x / Σ n`: each question counts the same (MMLU's `acc` of lm-evaluation-harness).
  case weightedBySize = "weighted-by-size"
  /// `mean x`: each subject counts the same.
  case unweighted

  /// Averages numbers of subjects, of which each has so many questions.
  public func value(of numbers: [Double], counts: [Int]) throws(Undefined) -> Double {
    try checkCounts(numbers.count, counts.count, "numbers and counts of subjects")
    try numbers.checkFinite("numbers of subjects")
    if let count = counts.first(where: { $0 <= 0 }) {
      throw Undefined(.outOfRange(Double(count)), in: "counts of subjects")
    }
    switch self {
    case .unweighted: return numbers.plainMean
    case .weightedBySize:
      // As numbers, whose sum cannot overflow.
      let sizes = counts.map { Double($0) }
      let total = sizes.compensatedSum
      return zip(numbers, sizes).map { $0 * ($1 / total) }.compensatedSum
    }
  }

  /// Averages the accuracies of subjects.
  public func value(of subjects: [Proportion]) throws(Undefined) -> Double {
    try value(of: subjects.map(\.value), counts: subjects.map(\.count))
  }
}
