/// What a mask is chosen to optimise: which sum over units, in which direction, and what its zeros mean.
///
/// With z = 1 − m and per-example mask gradients g(x), the objective of a layer and kind is
///
///     J(z) = zᵀ a + ½ c zᵀ QᵀQ z = Σ_{i ∈ Z} aᵢ + ½ c Σ_x (Σ_{i ∈ Z} gᵢ(x))²,   Z = {i : mᵢ = 0}
///
/// (equations 9 and 19 of SPE-Unlearn, the paper's predecessor), with a summed over one data set and the rows g(x)
/// of Q taken from the other. What the papers leave open is an option here; `docs/masks.md` says where.
public struct MaskObjective: Hashable, Sendable {
  /// Which data set gives which term.
  public enum Rule: String, Hashable, Sendable, CaseIterable {
    /// Least loss on what is retained: a = Σ_{D_f} g, Q from D_r (equations 6 to 9).
    case mlr
    /// Most loss on what is forgotten: a = Σ_{D_r} g, Q from D_f (equations 17 to 19).
    case mlf
  }

  /// The factor c of the quadratic term, where Q has N examples that stand for |D|.
  public enum Scale: Hashable, Sendable {
    /// 1 / N: the empirical Fisher information, a mean (equations 3 and 8).
    case mean
    /// 1: the sum over the examples at hand (Algorithm 1, line 12).
    case sum
    /// |D| / N: the Hessian of the loss summed over the whole set, in the units of the linear term.
    case dataset
    /// Any other number, at least 0.
    case custom(Double)
  }

  /// What is summed over Z.
  public enum Score: Hashable, Sendable {
    /// Both terms as they stand; a is signed, so examples can cancel.
    case signed
    /// |aᵢ| in the place of aᵢ.
    case absolute
    /// Σ_x |gᵢ(x)| in the place of aᵢ: examples do not cancel.
    case absoluteOfEach
    /// For each unit forget over retain, without pairs: aᵢ² / (c [QᵀQ]ᵢᵢ + ε) under MLR,
    /// c [QᵀQ]ᵢᵢ / (aᵢ² + ε) under MLF; ε is `damping` times the mean of the kind's divisors.
    case ratio(damping: Double)
    /// Only the term of D_f: the linear one under MLR, the quadratic one under MLF.
    case forgetOnly
    /// Only the term of D_r: the quadratic one under MLR (equation 13), the linear one under MLF.
    case retainOnly
  }

  /// The direction.
  public enum Sense: String, Hashable, Sendable, CaseIterable {
    /// Z makes J as small as can be.
    case minimise
    /// Z makes J as large as can be.
    case maximise
  }

  /// What mᵢ = 0 means: the expansion takes a zero for a unit that is taken out, the update for one that is frozen.
  public enum Reading: String, Hashable, Sendable, CaseIterable {
    /// As the papers do: the units of Z are frozen, those outside are updated.
    case freeze
    /// As the expansion says: the units of Z are those whose removal serves the objective, and they are updated.
    case prune
  }

  /// The direction of MLF, of which equation and prose disagree.
  public enum Direction: String, Hashable, Sendable, CaseIterable {
    /// The arg max of equation 18: the highest scores are in Z, so with `freeze` the lowest are updated.
    case equation
    /// The sentence 'higher scores will be prioritized for selection': the lowest scores are in Z.
    case prose
  }

  /// Which data set gives which term.
  public var rule: Rule
  /// The factor of the quadratic term.
  public var scale: Scale
  /// What is summed over Z.
  public var score: Score
  /// The direction.
  public var sense: Sense
  /// What a zero means.
  public var reading: Reading

  /// Names every choice.
  public init(rule: Rule, scale: Scale, score: Score, sense: Sense, reading: Reading) {
    self.rule = rule
    self.scale = scale
    self.score = score
    self.sense = sense
    self.reading = reading
  }

  /// MLR; equation and prose agree.
  public static func mlr(
    scale: Scale = .mean, score: Score = .signed, reading: Reading = .freeze
  ) -> MaskObjective {
    MaskObjective(rule: .mlr, scale: scale, score: score, sense: .minimise, reading: reading)
  }

  /// MLF, as its equation says or as the prose does.
  public static func mlf(
    scale: Scale = .mean, score: Score = .signed, reading: Reading = .freeze,
    direction: Direction = .equation
  ) -> MaskObjective {
    MaskObjective(
      rule: .mlf, scale: scale, score: score,
      sense: direction == .equation ? .maximise : .minimise, reading: reading)
  }
}
