import Compute

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension GenerationOptions.Choice {
  /// Chooses a token by one row of logits.
  func token<Element: Scalar>(_ logits: [Element], _ random: inout RandomNumbers) -> Int {
    switch self {
    case .greedy: return Self.best(logits)
    case .sampled(let temperature, let top, let mass):
      guard temperature > 0 else { return Self.best(logits) }
      let highest = Double(logits[Self.best(logits)])
      // Ordered by weight, then number: where a cut falls does not depend on the sort.
      var weights = logits.enumerated().map {
        (token: $0.offset, weight: exp((Double($0.element) - highest) / temperature))
      }
      if top > 0 || mass < 1 {
        weights.sort { ($0.weight, $1.token) > ($1.weight, $0.token) }
        if top > 0 { weights.removeLast(max(0, weights.count - top)) }
        if mass < 1 {
          let all = weights.reduce(0) { $0 + $1.weight }
          var sum = 0.0
          let kept = weights.firstIndex {
            sum += $0.weight
            return sum >= mass * all
          }
          if let kept { weights.removeLast(weights.count - kept - 1) }
        }
      }
      var rest = random.uniform() * weights.reduce(0) { $0 + $1.weight }
      for (token, weight) in weights {
        rest -= weight
        if rest < 0 { return token }
      }
      return weights.last { $0.weight > 0 }?.token ?? Self.best(logits)
    }
  }

  private static func best<Element: Scalar>(_ logits: [Element]) -> Int {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return best
  }
}
