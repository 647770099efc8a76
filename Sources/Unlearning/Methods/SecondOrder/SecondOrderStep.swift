import Compute
public import Training
public import Transformer

/// The second-order update on slices: θ ← θ* + η · clip(g_f / (Î_r + ε · mean Î_r), ±ρ).
///
/// g_f = Σ ∇ℓ over the forget set, Î_r the diagonal of the empirical Fisher information of the retain set, its mean
/// taken over all that is updated. SPE-Unlearn's equation 10 with damping and a limit of each element; the sum is
/// **added**, as an influence function says of removal.
public struct SecondOrderStep: Sendable, Hashable {
  /// The factor η.
  public enum Rate: Sendable, Hashable {
    /// A multiple of 1/|D_r|.
    ///
    /// The training loss is a sum over examples, so its Hessian is |D_r| Î_r and 1 is the Newton step. The paper
    /// searches η in 10⁻⁷ to 10⁻⁶ and lets it grow with the share of what is updated.
    case newton(Double = 1)
    /// A number of its own.
    case fixed(Double)
  }

  /// The factor η.
  public var rate: Rate
  /// The damping ε, as a share of the mean; above 0, since elements without curvature would go anywhere.
  public var damping: Double
  /// The limit ρ of each element before it is multiplied by η; nil for none.
  public var limit: Double?

  /// Names every choice.
  public init(rate: Rate = .newton(), damping: Double = 0.1, limit: Double? = nil) {
    self.rate = rate
    self.damping = damping
    self.limit = limit
  }

  /// When a step is made shorter: the mean loss over the labels of retain examples must not rise by more.
  public struct Backtracking: Sendable, Hashable {
    /// How much the loss may rise, in nats for each label.
    public var budget: Double
    /// How often the rate is halved at most; when that is not enough, nothing is moved.
    public var halvings: Int

    /// Names every choice.
    public init(budget: Double, halvings: Int = 10) {
      self.budget = budget
      self.halvings = halvings
    }
  }

  /// What a step did.
  public struct Report: Sendable, Hashable {
    /// The rate η that was used; 0 where nothing was moved.
    public var rate: Double
    /// How often it was halved.
    public var halvings: Int
    /// The length of the move.
    public var distance: Double
    /// The mean of Î_r over what is updated; nil where no diagonal was used.
    public var meanFisher: Double?
    /// How many elements met the limit.
    public var limited: Int
    /// The retain loss before the step, in nats for each label, where it was asked for.
    public var retainBefore: Double?
    /// The retain loss after the step.
    public var retainAfter: Double?
    /// Whether the model was moved.
    public var isAccepted: Bool
  }

  /// η for a memory.
  public func rate<Element>(for memory: SecondOrderMemory<Element>) -> Double {
    switch rate {
    case .newton(let factor): factor / Double(max(1, memory.datasetSize))
    case .fixed(let rate): rate
    }
  }

  /// clip(g_f / (Î_r + ε · mean Î_r), ±ρ), and how many elements met the limit.
  public func direction<Element>(of memory: SecondOrderMemory<Element>) throws(ComputationError)
    -> (
      slices: Slices<Element>, limited: Int
    )
  {
    guard damping.isFinite && damping > 0 else {
      throw .mismatch("the damping is \(damping), expected a number above 0")
    }
    if let limit, !(limit > 0) {
      throw .mismatch("the limit is \(limit), expected a number above 0")
    }
    let count = memory.retain.examples
    guard count > 0 else { throw .missing("no retain examples were added") }
    guard memory.datasetSize >= count else {
      throw .mismatch("\(count) examples cannot stand for a retain set of \(memory.datasetSize)")
    }
    let mean = memory.retain.mean
    guard mean.isFinite && mean > 0 else {
      throw .mismatch("the retain examples' Fisher information has the mean \(mean)")
    }
    var slices = Slices(memory.forget)
    var limited = 0
    for parameter in slices.trainable.parameters {
      guard let squares = memory.retain.sums.sums[parameter] else { continue }
      limited += divide(
        &slices.matrices[parameter, default: Matrix(rows: 0, columns: 0)], by: squares,
        scale: 1 / Double(count), damping: damping * mean, limit: limit ?? .infinity)
    }
    return (slices, limited)
  }

  /// Moves a model, which must be the one that the memory is of.
  ///
  /// - Parameters:
  ///   - retain: Examples whose loss the back-tracking looks at.
  public func update<Element>(
    _ model: inout Model<Element>, with memory: SecondOrderMemory<Element>,
    backtracking: Backtracking? = nil, on retain: [EncodedExample] = []
  ) throws(ComputationError) -> Report {
    let (direction, limited) = try direction(of: memory)
    var report = try Self.move(
      &model, along: direction, rate: rate(for: memory), backtracking: backtracking, on: retain,
      tokensPerPass: memory.retain.options.tokensPerPass)
    report.meanFisher = memory.retain.mean
    report.limited = limited
    return report
  }

  /// Moves a model along a direction, as far as the back-tracking allows.
  public static func move<Element>(
    _ model: inout Model<Element>, along direction: Slices<Element>, rate: Double,
    backtracking: Backtracking?, on retain: [EncodedExample], tokensPerPass: Int
  ) throws(ComputationError) -> Report {
    var rate = rate
    guard rate.isFinite else { throw .mismatch("the rate is \(rate)") }
    let length = direction.norm
    guard length.isFinite else { throw .mismatch("the step's length is \(length)") }
    var report = Report(
      rate: rate, halvings: 0, distance: abs(rate) * length, limited: 0, isAccepted: true)
    guard let backtracking else {
      direction.add(times: rate, to: &model)
      return report
    }
    guard backtracking.budget >= 0, backtracking.halvings >= 0 else {
      throw .mismatch("back-tracking with a budget of \(backtracking.budget)")
    }
    let before = try meanLoss(model, retain, tokensPerPass)
    report.retainBefore = before
    for halvings in 0...backtracking.halvings {
      var moved = model
      direction.add(times: rate, to: &moved)
      let after = try meanLoss(moved, retain, tokensPerPass)
      report.retainAfter = after
      report.halvings = halvings
      report.rate = rate
      report.distance = abs(rate) * length
      // A loss that is no number is above any budget.
      if after - before <= backtracking.budget {
        model = moved
        return report
      }
      rate /= 2
    }
    report.rate = 0
    report.distance = 0
    report.retainAfter = before
    report.isAccepted = false
    return report
  }

  private static func meanLoss<Element>(
    _ model: Model<Element>, _ examples: [EncodedExample], _ tokens: Int
  ) throws(ComputationError) -> Double {
    var (sum, count) = (0.0, 0)
    for pass in try ExamplePass.cut(examples, tokens: tokens, name: "retain") {
      let losses = try computing { () throws(InputError) in
        try model.losses(model.forward(pass.batch), pass.targets)
      }
      sum += losses.total
      count += losses.count
    }
    return sum / Double(count)
  }
}
