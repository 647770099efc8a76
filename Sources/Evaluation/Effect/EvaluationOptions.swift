public import Training

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
  /// Whether single tokens are looked at: memorisation, and the membership attacks besides LOSS.
  public var measuresTokens: Bool
  /// Whether each example's own gradient is looked at, for one more membership attack; a backward pass each.
  public var measuresGradients: Bool
  /// What was done to the models or their prompts before, for the records; nil for nothing.
  public var condition: String?
  /// The relearning attack; nil for none.
  public var relearning: Relearning?

  /// A relearning attack on the forget set.
  public struct Relearning: Sendable, Hashable {
    /// What the attacker trains on.
    public enum Source: Sendable, Hashable {
      /// A share of the forget examples; the others are looked at.
      case share(Double)
      /// All folds of the forget examples but one, and each fold is looked at in turn (RTT, Deeb & Roger 2024).
      case folds(Int)
      /// Other texts, such as benign ones (Hu et al. 2024); all forget examples are looked at.
      case others([EncodedExample])
    }

    /// The attack.
    public var attack: RelearningAttack
    /// What the attacker trains on.
    public var source: Source
    /// How many of the forget set's first examples take part at most.
    public var limit: Int

    /// Describes an attack on the forget set.
    public init(
      _ attack: RelearningAttack = RelearningAttack(), on source: Source = .share(0.5),
      limit: Int = 256
    ) {
      self.attack = attack
      self.source = source
      self.limit = limit
    }
  }

  /// Chooses; relearning trains each model and is not run unless it is asked for.
  public init(
    seeds: [UInt64] = [], tokensPerPass: Int = 4096, newTokens: Int? = 200,
    measuresChoices: Bool = true, measuresUtility: Bool = true, measuresTokens: Bool = false,
    measuresGradients: Bool = false, condition: String? = nil, relearning: Relearning? = nil
  ) {
    self.seeds = seeds
    self.tokensPerPass = tokensPerPass
    self.newTokens = newTokens
    self.measuresChoices = measuresChoices
    self.measuresUtility = measuresUtility
    self.measuresTokens = measuresTokens
    self.measuresGradients = measuresGradients
    self.condition = condition
    self.relearning = relearning
  }
}
