/// What an evaluation computes beside the scores of labels, and within which bounds.
public struct EvaluationOptions: Sendable, Hashable {
  /// The seeds that the models depend on, as far as they are known.
  public var seeds: [UInt64]
  /// How many tokens are computed at once at most.
  public var tokensPerPass: Int
  /// How many tokens a generated answer has at most; nil for no answers, and without them no model utility.
  public var newTokens: Int?
  /// Whether multiple choice is measured.
  public var measuresChoices: Bool
  /// Whether model utility is measured.
  public var measuresUtility: Bool
  /// The relearning attack; nil for none.
  public var relearning: Relearning?

  /// A relearning attack on the forget set.
  public struct Relearning: Sendable, Hashable {
    /// The attack.
    public var attack: RelearningAttack
    /// The share of the forget examples that the attacker has.
    public var leakedShare: Double
    /// How many of the forget set's first examples take part at most.
    public var limit: Int

    /// Describes an attack on a part of the forget set.
    public init(
      _ attack: RelearningAttack = RelearningAttack(), leakedShare: Double = 0.5, limit: Int = 256
    ) {
      self.attack = attack
      self.leakedShare = leakedShare
      self.limit = limit
    }
  }

  /// Chooses; relearning trains each model and is not run unless it is asked for.
  public init(
    seeds: [UInt64] = [], tokensPerPass: Int = 4096, newTokens: Int? = 200,
    measuresChoices: Bool = true, measuresUtility: Bool = true, relearning: Relearning? = nil
  ) {
    self.seeds = seeds
    self.tokensPerPass = tokensPerPass
    self.newTokens = newTokens
    self.measuresChoices = measuresChoices
    self.measuresUtility = measuresUtility
    self.relearning = relearning
  }
}
