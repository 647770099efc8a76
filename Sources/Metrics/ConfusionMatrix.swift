/// How often each class was predicted for each right class, and the scores of GLUE-like tasks.
public struct ConfusionMatrix<Label: Hashable & Sendable>: Hashable, Sendable {
  /// The classes that occur among right or predicted labels, in order of appearance.
  public let labels: [Label]
  /// How many examples there are.
  public let count: Int
  private let counts: [[Int]]

  /// Counts pairs of right and predicted labels.
  public init(right: [Label], predicted: [Label]) throws(Undefined) {
    try checkCounts(right.count, predicted.count, "right and predicted labels")
    guard !right.isEmpty else { throw Undefined(.empty, in: "labels") }
    var ids: [Label: Int] = [:]
    var labels: [Label] = []
    for label in right + predicted where ids[label] == nil {
      ids[label] = labels.count
      labels.append(label)
    }
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
    for (right, predicted) in zip(right, predicted) {
      counts[ids[right] ?? 0][ids[predicted] ?? 0] += 1
    }
    (self.labels, self.counts, count) = (labels, counts, right.count)
  }

  /// How many examples of a class were given another or the same class.
  public subscript(right right: Label, predicted predicted: Label) -> Int {
    guard let row = labels.firstIndex(of: right), let column = labels.firstIndex(of: predicted)
    else { return 0 }
    return counts[row][column]
  }

  private var correct: Int { labels.indices.reduce(0) { $0 + counts[$1][$1] } }
  private var rightCounts: [Int] { counts.map { $0.reduce(0, +) } }
  private var predictedCounts: [Int] {
    labels.indices.map { column in counts.reduce(0) { $0 + $1[column] } }
  }

  /// The share of right predictions, from 0 to 1.
  public var accuracy: Double { Double(correct) / Double(count) }

  /// F1 of one class, `2·TP / (2·TP + FP + FN)`; 0 for a class that does not occur.
  public func f1(_ label: Label) -> Double {
    guard let index = labels.firstIndex(of: label) else { return 0 }
    return 2 * Double(counts[index][index]) / Double(rightCounts[index] + predictedCounts[index])
  }

  /// The mean F1 of the classes that occur among right or predicted labels, unweighted, as in scikit-learn.
  public var macroF1: Double {
    let (right, predicted) = (rightCounts, predictedCounts)
    return labels.indices.map { 2 * Double(counts[$0][$0]) / Double(right[$0] + predicted[$0]) }
      .plainMean
  }

  /// Matthews' correlation for any number of classes (Gorodkin's R_K, 2004), from −1 to 1.
  ///
  /// `(c·s − Σ p_k t_k) / √((s² − Σ p_k²)(s² − Σ t_k²))`. Not defined where all right or all predicted labels are
  /// equal; scikit-learn says 0 there.
  public func matthews() throws(Undefined) -> Double {
    let (right, predicted) = (rightCounts, predictedCounts)
    func spread(_ counts: [Int]) -> Double {
      Double(count * count - counts.reduce(0) { $0 + $1 * $1 })
    }
    guard spread(right) > 0 else { throw Undefined(.constant, in: "right labels") }
    guard spread(predicted) > 0 else { throw Undefined(.constant, in: "predicted labels") }
    let shared = zip(right, predicted).reduce(0) { $0 + $1.0 * $1.1 }
    return Double(correct * count - shared)
      / (spread(right).squareRoot() * spread(predicted).squareRoot())
  }
}
