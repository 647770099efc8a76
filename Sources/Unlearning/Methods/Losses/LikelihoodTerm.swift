#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A forget term that is a function of examples' summed negative log-probabilities s, with its slopes ∂L/∂s.
///
/// All of these but DPO's: their gradient is Σ (∂L/∂s_i) ∇s_i, so one weight for each example says it all.
enum LikelihoodTerm {
  /// ± Σ s / Σ n.
  case mean(sign: Double)
  /// NPO: −(2/β) mean log σ(β (s − s_ref)).
  case negativePreference(beta: Double)
  /// SimNPO: −(2/β) mean log σ(β (s / n − δ)).
  case simplePreference(beta: Double, margin: Double)

  /// How much one example adds to the term.
  ///
  /// - Parameters:
  ///   - examples: How many examples the term goes over, of which this is one.
  ///   - labels: How many labels these have.
  func value(_ s: Double, labels n: Int, reference: Double, examples: Int, labels: Int) -> Double {
    switch self {
    case .mean(let sign): sign * s / Double(labels)
    case .negativePreference(let beta):
      2 / beta * softplus(-beta * (s - reference)) / Double(examples)
    case .simplePreference(let beta, let margin):
      2 / beta * softplus(-beta * (s / Double(n) - margin)) / Double(examples)
    }
  }

  /// The slope ∂L/∂s: with z = β (s − s_ref), d/ds of −(2/β) log σ(z) is −2 σ(−z).
  func slope(_ s: Double, labels n: Int, reference: Double, examples: Int, labels: Int) -> Double {
    switch self {
    case .mean(let sign): sign / Double(labels)
    case .negativePreference(let beta):
      -2 * sigmoid(-beta * (s - reference)) / Double(examples)
    case .simplePreference(let beta, let margin):
      -2 * sigmoid(-beta * (s / Double(n) - margin)) / (Double(n) * Double(examples))
    }
  }

  /// Whether the slope is the same for any s, so that one pass over the logits is enough.
  var isLinear: Bool {
    if case .mean = self { return true }
    return false
  }
}

/// log(1 + eˣ) = −log σ(−x), without overflow.
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// 1 / (1 + e⁻ˣ), without overflow.
func sigmoid(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}
