#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// ZRF: how much a model's answers on the forget set are like those of a model with random weights.
///
/// 1 if equal. No oracle is needed, and none is compared with: a retrained model is not random on the forget set.
/// Source: Chundawat et al., 2023 (arXiv 2205.08096); used by SSD (Foster et al., 2024).
public enum ZeroRetrainForgetting: String, Hashable, Sendable, CaseIterable {
  /// `1 − mean JS(model, random)` in nats, the paper's formula: at least 1 − log 2.
  case jensenShannon = "jensen-shannon"
  /// As their code computes it: `1 − ½ mean (KL(m‖p) + KL(m‖q))`, the mean over examples and classes.
  ///
  /// The divergences are those from the middle, not to it, and are divided by the number of classes, so that it is near
  /// 1 for many classes whatever the model says. A class that both exclude counts for nothing, where their code is NaN.
  case publishedCode = "published-code"

  /// The score, from log-probabilities of the classes of each example.
  public func value(_ model: [[Double]], random: [[Double]]) throws(Undefined) -> Double {
    // Both check the counts and that rows are distributions.
    let divergence = try Divergence.jensenShannon.mean(model, random)
    guard self == .publishedCode else { return 1 - divergence }
    var sum = CompensatedSum()
    for (p, q) in zip(model, random) {
      try checkCounts(model[0].count, p.count, "classes of examples")
      for (a, b) in zip(p, q) {
        let larger = max(a, b)
        guard larger > -.infinity else { continue }
        let middle = larger + log1p(exp(min(a, b) - larger)) - log(2)
        sum.add(0.5 * exp(middle) * (2 * middle - a - b))
      }
    }
    return 1 - sum.value / Double(model.count) / Double(model[0].count)
  }
}
