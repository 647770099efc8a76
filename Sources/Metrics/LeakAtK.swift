/// leak@k: what the worst of k sampled answers gives away, estimated without bias from n ≥ k of them.
///
/// Greedy decoding can hide what sampling brings back. The estimate of the mean over all choices of k of n answers is
/// exact, so it has less spread than one choice. Source: Reisizadeh et al., 2025 (arXiv 2511.04934); for successes it
/// is pass@k (Chen et al., 2021). It rises with k: say k, n, and how answers were sampled.
public enum LeakAtK {
  /// The expected largest of k scores: `Σ_{i≥k} C(i−1, k−1)/C(n, k) · s_(i)` with s ascending.
  ///
  /// The mean for k = 1, the largest for k = n; not defined for k above n.
  ///
  /// - Complexity: O(*n* log *n*)
  public static func expectedMaximum(of scores: [Double], k: Int) throws(Undefined) -> Double {
    try scores.checkFinite("scores of answers")
    try check(k, of: scores.count)
    return expectedMaximum(descending: scores.sorted(by: >), count: scores.count, k: k)
  }

  /// The probability that at least one of k answers is a success, where `successes` of n were.
  ///
  /// `1 − C(n−c, k)/C(n, k)`, added up so that small probabilities keep their digits.
  ///
  /// - Complexity: O(successes)
  public static func probability(
    successes: Int, of count: Int, k: Int
  ) throws(Undefined) -> Double {
    let share = try Proportion(successes: successes, of: count)
    try check(k, of: count)
    let ones = repeatElement(1.0, count: share.successes)
    return min(1, expectedMaximum(descending: ones, count: count, k: k))
  }

  /// The mean over prompts of the expected largest score, each of its own answers.
  public static func mean(_ prompts: [[Double]], k: Int) throws(Undefined) -> Double {
    guard !prompts.isEmpty else { throw Undefined(.empty, in: "prompts") }
    var values: [Double] = []
    for scores in prompts { values.append(try expectedMaximum(of: scores, k: k)) }
    return values.plainMean
  }

  /// Adds up from the largest; scores that are not there count 0.
  ///
  /// The weight of the largest is `k/n`, that of the next lower `(i−k)/(i−1)` of the one before: no binomial coefficient
  /// is computed, nothing overflows, and no term cancels another.
  private static func expectedMaximum(
    descending scores: some Sequence<Double>, count: Int, k: Int
  ) -> Double {
    var sum = CompensatedSum()
    var weight = Double(k) / Double(count)
    var rank = count
    for score in scores {
      sum.add(weight * score)
      if rank == k { break }
      weight *= Double(rank - k) / Double(rank - 1)
      rank -= 1
    }
    return sum.value
  }

  private static func check(_ k: Int, of count: Int) throws(Undefined) {
    guard k > 0 else { throw Undefined(.outOfRange(Double(k)), in: "k") }
    guard k <= count else {
      throw Undefined(.tooFew(need: k, have: count), in: "answers to a prompt")
    }
  }
}
