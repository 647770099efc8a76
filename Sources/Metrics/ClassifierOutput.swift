#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a classifier said of one example, as the features that membership attacks look at.
///
/// Source: Song & Mittal (2021), and SalUn's `SVC_MIA`, whose `m_entropy` differs: it takes `log p` in place of
/// `log(1 − p)` and exchanges the columns of all labels of the set.
public struct ClassifierOutput: Hashable, Sendable {
  /// A feature, or all probabilities as features.
  public enum Feature: String, Hashable, Sendable, CaseIterable {
    /// 1 if the right class is the most likely one, of equal ones the first; else 0.
    case correctness
    /// The probability of the right class.
    case confidence
    /// `−Σ p log p`.
    case entropy
    /// `−(1 − p_y) log p_y − Σ_{i≠y} p_i log(1 − p_i)`: 0 if sure and right, large if sure and wrong.
    case modifiedEntropy
    /// The probability of each class.
    case probabilities
  }

  /// The probability of each class.
  public let probabilities: [Double]
  /// The index of the right class.
  public let label: Int

  /// Takes probabilities, which must add up to 1 within 0.001.
  public init(probabilities: [Double], label: Int) throws(Undefined) {
    try probabilities.checkShares("class probabilities")
    let sum = probabilities.compensatedSum
    guard abs(sum - 1) <= 1e-3 else {
      throw Undefined(.notADistribution(sum: sum), in: "class probabilities")
    }
    guard probabilities.indices.contains(label) else {
      throw Undefined(.outOfRange(Double(label)), in: "index of the label")
    }
    (self.probabilities, self.label) = (probabilities, label)
  }

  /// The values of a feature: as many as there are classes for `probabilities`, else one.
  ///
  /// Logarithms are those of at least 1e-30, as in the code of both sources, so all values are finite.
  public func values(_ feature: Feature) -> [Double] {
    switch feature {
    case .correctness:
      let largest = probabilities.reduce(0, max)
      return [probabilities.firstIndex(of: largest) == label ? 1 : 0]
    case .confidence: return [probabilities[label]]
    case .entropy: return [probabilities.map { -$0 * Self.logarithm($0) }.compensatedSum]
    case .modifiedEntropy:
      return [
        probabilities.enumerated().map { index, p in
          index == label ? -(1 - p) * Self.logarithm(p) : -p * Self.logarithm(1 - p)
        }.compensatedSum
      ]
    case .probabilities: return probabilities
    }
  }

  private static func logarithm(_ p: Double) -> Double { log(max(p, 1e-30)) }
}
