#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// U-LiRA: was this example unlearned, or never seen? Judged for each example by models of both kinds.
///
/// Shadow models are trained, unlearned and retrained as the target was; for each example some of them unlearned it and
/// the others never saw it. A normal distribution is fitted to the statistic of each kind, and the score is
/// `log N(x; μ_unl, σ_unl) − log N(x; μ_out, σ_out)`: above 0, the target looks like one that unlearned the example.
/// An AUC or accuracy of ½ is what exact unlearning gives. Source: Hayes et al., 2024 (arXiv 2403.01218), after LiRA
/// (Carlini et al., 2022), whose code takes medians and variances over n; here means and variances over n − 1.
public struct LikelihoodRatioAttack: Hashable, Sendable {
  /// Where the variances come from.
  public enum Variance: String, Hashable, Sendable, CaseIterable {
    /// From the example's own shadow models, at least two of each kind.
    case perExample = "per-example"
    /// One for each kind: the squares around each example's mean, pooled over all examples.
    ///
    /// For few shadow models; LiRA pools values, not differences from the means.
    case global = "global-variance"
  }

  /// One example: the statistic of the target, and of the shadow models of both kinds.
  public struct Example: Hashable, Sendable {
    /// The target's statistic, such as ``LikelihoodRatioAttack/logit(logProbability:)``.
    public let target: Double
    /// That of the models that learned and then unlearned it.
    public let unlearned: [Double]
    /// That of the models that never saw it.
    public let unseen: [Double]

    /// Takes the statistics.
    public init(target: Double, unlearned: [Double], unseen: [Double]) {
      (self.target, self.unlearned, self.unseen) = (target, unlearned, unseen)
    }
  }

  /// The largest size of a logit.
  public static let logitLimit = 30.0
  /// The least variance, so that shadow models that agree to the last digit don't divide by 0.
  public static let defaultFloor = 1e-6

  /// Where the variances come from.
  public let variance: Variance
  /// The scores of examples that the target unlearned.
  public let unlearned: [Double]
  /// The scores of examples that the target never saw.
  public let unseen: [Double]
  /// The same as an attack, whose scores are lower for members: minus the log ratios.
  public let membership: MembershipAttack

  /// Scores examples that the target unlearned, and such that it never saw.
  public init(
    unlearned: [Example], unseen: [Example], variance: Variance, floor: Double = defaultFloor
  ) throws(Undefined) {
    guard !unlearned.isEmpty else { throw Undefined(.empty, in: "unlearned examples") }
    guard !unseen.isEmpty else { throw Undefined(.empty, in: "unseen examples") }
    let scores = try Self.scores(unlearned + unseen, variance: variance, floor: floor)
    self.variance = variance
    self.unlearned = Array(scores[..<unlearned.count])
    self.unseen = Array(scores[unlearned.count...])
    membership = try MembershipAttack(
      forget: self.unlearned.map { -$0 }, holdout: self.unseen.map { -$0 })
  }

  /// How often the sign of the score is right; a score of 0 says that the example was never seen.
  public func accuracy() throws(Undefined) -> Proportion {
    let right = unlearned.count { $0 > 0 } + unseen.count { $0 <= 0 }
    return try Proportion(successes: right, of: unlearned.count + unseen.count)
  }

  /// The log ratio of each example.
  public static func scores(
    _ examples: [Example], variance: Variance, floor: Double = defaultFloor
  ) throws(Undefined) -> [Double] {
    guard !examples.isEmpty else { throw Undefined(.empty, in: "examples") }
    guard floor > 0, floor.isFinite else {
      throw floor.isNaN
        ? Undefined(.notANumber(index: 0), in: "least variance")
        : Undefined(.outOfRange(floor), in: "least variance")
    }
    try examples.map(\.target).checkFinite("statistics of the target")
    let unlearned = try Fit.each(
      examples.map(\.unlearned), variance, floor, "statistics of models that unlearned")
    let unseen = try Fit.each(
      examples.map(\.unseen), variance, floor, "statistics of models that never saw")
    var scores: [Double] = []
    for (index, example) in examples.enumerated() {
      let ratio =
        unlearned[index].logDensity(example.target) - unseen[index].logDensity(example.target)
      scores.append(try checkedResult(ratio, "log ratio"))
    }
    return scores
  }

  /// The statistic of LiRA: `log(p/(1 − p))` of the probability of the right answer, from `log p`, cut at ±30.
  public static func logit(logProbability: Double) throws(Undefined) -> Double {
    guard !logProbability.isNaN else {
      throw Undefined(.notANumber(index: 0), in: "log-probability")
    }
    // A little above 0 is rounding; more is a logit.
    guard logProbability <= 1e-3 else {
      throw Undefined(.outOfRange(logProbability), in: "log-probability")
    }
    let value = logProbability - log(-expm1(min(0, logProbability)))
    return min(logitLimit, max(-logitLimit, value))
  }
}

/// A normal distribution, without the constant that all have.
private struct Fit {
  let mean: Double
  let variance: Double

  func logDensity(_ x: Double) -> Double {
    -0.5 * (log(variance) + (x - mean) * (x - mean) / variance)
  }

  static func each(
    _ lists: [[Double]], _ variance: LikelihoodRatioAttack.Variance, _ floor: Double,
    _ subject: String
  ) throws(Undefined) -> [Fit] {
    for values in lists { try values.checkFinite(subject) }
    let means = lists.map(\.plainMean)
    let squares = zip(lists, means).map { $0.squaresAround($1) }
    let freedoms = lists.map { $0.count - 1 }
    func checked(_ squares: Double, _ freedom: Int) throws(Undefined) -> Double {
      guard freedom > 0 else { throw Undefined(.tooFew(need: 2, have: 1), in: subject) }
      guard squares.isFinite else { throw Undefined(.outOfRange(squares), in: subject) }
      return max(floor, squares / Double(freedom))
    }
    var fits: [Fit] = []
    switch variance {
    case .perExample:
      for index in lists.indices {
        fits.append(Fit(mean: means[index], variance: try checked(squares[index], freedoms[index])))
      }
    case .global:
      let pooled = try checked(squares.compensatedSum, freedoms.reduce(0, +))
      fits = means.map { Fit(mean: $0, variance: pooled) }
    }
    return fits
  }
}
