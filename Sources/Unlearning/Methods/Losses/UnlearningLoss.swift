import Training

/// A loss that a gradient method descends on: γ · forget term + α · retain term + λ ‖θ‖₁.
///
/// A value: which terms, and their hyper-parameters. ``LossStep`` computes it. Terms are as `docs/methods.md` gives
/// them; s(x) is the negative log-probability of an example's labels, summed, and n(x) how many labels there are.
public struct UnlearningLoss: Sendable, Hashable {
  /// What is done to the forget set.
  public enum Forget: Sendable, Hashable {
    /// Nothing: fine-tuning on the retain set.
    case nothing
    /// −Σ s / Σ n: gradient ascent on the mean over labels.
    case ascent
    /// −(2/β) mean log σ(β (s − s_ref)): NPO (Zhang et al., 2024).
    case negativePreference(beta: Double)
    /// −(2/β) mean log σ(β (s / n − δ)): SimNPO (Fan et al., 2024), without a reference model.
    case simplePreference(beta: Double, margin: Double)
    /// −(2/β) mean log σ(β ((s_ref − s)(preferred) − (s_ref − s)(forget))): DPO against a preferred answer.
    case directPreference(beta: Double)
    /// Σ s / Σ n of the preferred answers: 'I don't know' (Maini et al., 2024).
    case refusal
    /// The mean square of h − c u over hidden states: RMU (Li et al., 2024).
    case steering(Steering)

    /// Whether it needs a preferred answer for each forget example.
    public var needsPreferred: Bool {
      switch self {
      case .directPreference, .refusal: true
      default: false
      }
    }

    /// Whether it compares with a reference model.
    public var needsReference: Bool {
      switch self {
      case .negativePreference, .directPreference: true
      default: false
      }
    }
  }

  /// What holds the retain set.
  public enum Retain: Sendable, Hashable {
    /// Nothing.
    case nothing
    /// Σ s / Σ n: the mean over labels.
    case likelihood
    /// The mean over places of KL(p_ref ‖ p_θ).
    case divergence(Places = .labels)
    /// The mean square of h − h_ref over hidden states after a layer.
    case activations(layer: Int, Places = .labels)

    /// Whether it compares with a reference model.
    public var needsReference: Bool {
      switch self {
      case .nothing, .likelihood: false
      case .divergence, .activations: true
      }
    }
  }

  /// Which places of a sequence a mean goes over.
  public enum Places: String, Sendable, Hashable, CaseIterable {
    /// Those that have a label.
    case labels
    /// Every token, the prompt's too; there is no padding.
    case every
  }

  /// Where RMU pushes hidden states to.
  public struct Steering: Sendable, Hashable {
    /// The layer, from 0, after which hidden states are taken; not the last.
    public var layer: Int
    /// The length c of the target.
    public var coefficient: Double
    /// The direction u, as long as the hidden state is wide; see ``LossStep``'s `direction(width:_:)`.
    public var direction: [Double]
    /// Which places of the forget examples count.
    public var places: Places

    /// Describes a target.
    public init(layer: Int, coefficient: Double, direction: [Double], places: Places = .labels) {
      self.layer = layer
      self.coefficient = coefficient
      self.direction = direction
      self.places = places
    }
  }

  /// The forget term.
  public var forget: Forget
  /// The forget term's factor γ.
  public var forgetWeight: Double
  /// The mean loss of a label, in nats, from which on a forget example is left alone; nil for never.
  ///
  /// In the forget term s is replaced by min(s, limit · n), so that an example beyond it has no gradient and comes
  /// back when it falls below. The oracle's loss, or that of held-out examples, keeps ascent, NPO, SimNPO and the
  /// forget side of DPO from forgetting too much, one example at a time. Other terms do not look at it.
  public var forgetLimit: Double?
  /// The retain term.
  public var retain: Retain
  /// The retain term's factor α.
  public var retainWeight: Double
  /// The factor λ of Σ |θ| over what is trained; its subgradient is λ sign θ.
  public var sparsity: Double

  /// Puts a loss together.
  public init(
    forget: Forget, weight forgetWeight: Double = 1, forgetLimit: Double? = nil,
    retain: Retain = .nothing, weight retainWeight: Double = 1, sparsity: Double = 0
  ) {
    self.forget = forget
    self.forgetWeight = forgetWeight
    self.forgetLimit = forgetLimit
    self.retain = retain
    self.retainWeight = retainWeight
    self.sparsity = sparsity
  }

  /// Whether it compares with a reference model: the one that unlearning began with.
  public var needsReference: Bool {
    forget.needsReference || (needsRetain && retain.needsReference)
  }

  /// Whether it needs retain examples.
  public var needsRetain: Bool { retain != .nothing && retainWeight != 0 }
}

// The losses by their names in the literature, with the defaults of its code.
extension UnlearningLoss {
  /// GA: −NLL(forget).
  public static let gradientAscent = UnlearningLoss(forget: .ascent)

  /// GradDiff: −γ NLL(forget) + α NLL(retain).
  public static func gradientDifference(gamma: Double = 1, alpha: Double = 1) -> UnlearningLoss {
    UnlearningLoss(forget: .ascent, weight: gamma, retain: .likelihood, weight: alpha)
  }

  /// KL-min: −NLL(forget) + α KL(p_ref ‖ p_θ) on the retain set.
  public static func klMin(
    gamma: Double = 1, alpha: Double = 1, places: Places = .labels
  ) -> UnlearningLoss {
    UnlearningLoss(forget: .ascent, weight: gamma, retain: .divergence(places), weight: alpha)
  }

  /// NPO, by default with α NLL(retain).
  public static func npo(
    beta: Double = 0.1, gamma: Double = 1, alpha: Double = 1, retain: Retain = .likelihood
  ) -> UnlearningLoss {
    UnlearningLoss(
      forget: .negativePreference(beta: beta), weight: gamma, retain: retain, weight: alpha)
  }

  /// SimNPO with α NLL(retain); β, δ and γ as for TOFU's forget10.
  public static func simNPO(
    beta: Double = 4.5, margin: Double = 0, gamma: Double = 0.125, alpha: Double = 1
  ) -> UnlearningLoss {
    UnlearningLoss(
      forget: .simplePreference(beta: beta, margin: margin), weight: gamma, retain: .likelihood,
      weight: alpha)
  }

  /// DPO with preferred 'I don't know' answers, and α NLL(retain).
  public static func dpo(
    beta: Double = 0.1, gamma: Double = 1, alpha: Double = 1, retain: Retain = .likelihood
  ) -> UnlearningLoss {
    UnlearningLoss(
      forget: .directPreference(beta: beta), weight: gamma, retain: retain, weight: alpha)
  }

  /// IDK: descent on 'I don't know' answers, and α NLL(retain).
  public static func idk(gamma: Double = 1, alpha: Double = 1) -> UnlearningLoss {
    UnlearningLoss(forget: .refusal, weight: gamma, retain: .likelihood, weight: alpha)
  }

  /// RMU: hidden states of forget examples to c u, those of retain examples where they were.
  ///
  /// The published choice for Zephyr-7B is layer 7, c = 6.5, α = 1200, training the down maps of layers 5, 6 and 7.
  public static func rmu(
    _ steering: Steering, gamma: Double = 1, alpha: Double = 1200
  ) -> UnlearningLoss {
    UnlearningLoss(
      forget: .steering(steering), weight: gamma,
      retain: .activations(layer: steering.layer, steering.places), weight: alpha)
  }

  /// Fine-tuning on the retain set; with λ > 0 'ℓ1-sparse' (Jia et al., 2023).
  ///
  /// Their λ falls in a straight line to 0 over the epochs, which is the caller's part.
  public static func fineTuning(sparsity: Double = 0) -> UnlearningLoss {
    UnlearningLoss(forget: .nothing, retain: .likelihood, sparsity: sparsity)
  }
}

extension UnlearningLoss {
  /// Refuses hyper-parameters for which the loss is not defined.
  func check() throws(ComputationError) {
    for (name, value) in [
      ("the forget term's weight", forgetWeight), ("the retain term's weight", retainWeight),
      ("the sparsity", sparsity),
    ] {
      guard value.isFinite && value >= 0 else {
        throw .mismatch("\(name) is \(value), expected a number from 0")
      }
    }
    if let forgetLimit, !(forgetLimit.isFinite && forgetLimit > 0) {
      throw .mismatch("the limit of the forget loss is \(forgetLimit), expected a number above 0")
    }
    switch forget {
    case .nothing, .ascent, .refusal: break
    case .negativePreference(let beta), .directPreference(let beta):
      guard beta.isFinite && beta > 0 else {
        throw .mismatch("β is \(beta), expected a number above 0")
      }
    case .simplePreference(let beta, let margin):
      guard beta.isFinite && beta > 0 else {
        throw .mismatch("β is \(beta), expected a number above 0")
      }
      guard margin.isFinite else { throw .mismatch("the margin is \(margin)") }
    case .steering(let steering):
      guard steering.coefficient.isFinite, steering.direction.allSatisfy(\.isFinite) else {
        throw .mismatch("the steering vector is not of finite numbers")
      }
    }
  }
}
