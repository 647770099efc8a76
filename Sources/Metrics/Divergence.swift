#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Divergences between two distributions over a vocabulary, given as log-probabilities, in nats.
///
/// Terms are added up in binary64. A list whose probabilities do not add up to 1 within 0.001 is refused: it is
/// probably logits.
public enum Divergence: String, Hashable, Sendable, CaseIterable {
  /// `KL(p‖q) = Σ p (log p − log q)`, at least 0, infinite where p has what q excludes.
  case kullbackLeibler
  /// `JS = ½ KL(p‖m) + ½ KL(q‖m)` with `m = (p+q)/2`, symmetric, from 0 to log 2.
  case jensenShannon

  /// The divergence at one token.
  public func value(_ p: Span<Float>, _ q: Span<Float>) throws(Undefined) -> Double {
    try Self.check(p.count, q.count)
    return try total(p.count, { Double(p[$0]) }, { Double(q[$0]) })
  }

  /// The divergence at one token.
  public func value(_ p: Span<Double>, _ q: Span<Double>) throws(Undefined) -> Double {
    try Self.check(p.count, q.count)
    return try total(p.count, { p[$0] }, { q[$0] })
  }

  /// The mean over tokens; each row is the distribution at one token.
  public func mean(_ p: [[Double]], _ q: [[Double]]) throws(Undefined) -> Double {
    try checkCounts(p.count, q.count, "tokens")
    guard !p.isEmpty else { throw Undefined(.empty, in: "tokens") }
    var sum = CompensatedSum()
    for (p, q) in zip(p, q) { sum.add(try value(p.span, q.span)) }
    return sum.value / Double(p.count)
  }

  private static func check(_ left: Int, _ right: Int) throws(Undefined) {
    try checkCounts(left, right, "log-probabilities")
    guard left > 0 else { throw Undefined(.empty, in: "log-probabilities") }
  }

  /// Refuses probabilities that do not add up to 1.
  static func checkTotal(_ sum: Double) throws(Undefined) {
    guard abs(sum - 1) <= 1e-3 else {
      throw Undefined(.notADistribution(sum: sum), in: "log-probabilities")
    }
  }

  private func total(
    _ count: Int, _ left: (Int) -> Double, _ right: (Int) -> Double
  ) throws(Undefined) -> Double {
    var (sum, p, q) = (CompensatedSum(), CompensatedSum(), CompensatedSum())
    for index in 0..<count {
      let (a, b) = (left(index), right(index))
      guard !a.isNaN, !b.isNaN else {
        throw Undefined(.notANumber(index: index), in: "log-probabilities")
      }
      let (pa, pb) = (exp(a), exp(b))
      p.add(pa)
      q.add(pb)
      switch self {
      case .kullbackLeibler:
        if pa > 0 { sum.add(pa * (a - b)) }
      case .jensenShannon:
        let larger = max(a, b)
        guard larger > -.infinity else { continue }
        let middle = larger + log1p(exp(min(a, b) - larger)) - log(2)
        if pa > 0 { sum.add(0.5 * pa * (a - middle)) }
        if pb > 0 { sum.add(0.5 * pb * (b - middle)) }
      }
    }
    try Self.checkTotal(p.value)
    try Self.checkTotal(q.value)
    return max(0, sum.value)
  }
}
