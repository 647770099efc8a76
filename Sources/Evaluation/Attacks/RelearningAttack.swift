public import Compute
public import Training
public import Transformer

/// An attacker who has a part of what was forgotten, trains on it, and looks whether the rest comes back.
///
/// AdamW at a constant rate without decay, clipping or warm-up, on all weights. The same attack on the same model
/// gives the same numbers. Protocols: Deeb & Roger 2024 (held-out facts), Unlearn-Smooth (few steps).
public struct RelearningAttack: Sendable, Hashable {
  /// The rate.
  public var rate: Double
  /// How many leaked examples a step is made of.
  public var batchSize: Int
  /// After how many steps is looked, ascending from 0; the last is the length of the attack.
  public let steps: [Int]
  /// Decides the order of the leaked examples.
  public var seed: UInt64

  /// Describes an attack.
  ///
  /// - Parameter steps: After how many steps is looked besides before the first.
  public init(
    rate: Double = 1e-5, batchSize: Int = 16, steps: [Int] = [1, 5, 10, 20], seed: UInt64 = 0
  ) {
    self.rate = rate
    self.batchSize = max(1, batchSize)
    self.steps = [0] + Set(steps.filter { $0 > 0 }).sorted()
    self.seed = seed
  }

  /// What names the attack in a measurement's variant.
  public var variant: String { "adamw(rate=\(rate),batch=\(batchSize),seed=\(seed))" }

  /// What was seen.
  public struct Course: Sendable, Hashable {
    /// After how many steps, ascending from 0.
    public let steps: [Int]
    /// The scores of the leaked examples then.
    public fileprivate(set) var leaked: [ExampleScores] = []
    /// The scores of the examples that the attacker does not have.
    public fileprivate(set) var held: [ExampleScores] = []

    /// This course and one of the same attack on other examples, as one.
    func followed(by other: Course) -> Course {
      var course = self
      course.leaked = zip(leaked, other.leaked).map { $0.followed(by: $1) }
      course.held = zip(held, other.held).map { $0.followed(by: $1) }
      return course
    }
  }

  /// Attacks a copy of a model.
  public func course(
    of model: Model<Float>, leaked: [EncodedExample], held: [EncodedExample],
    tokensPerPass: Int = 4096
  ) throws(ComputationError) -> Course {
    var course = Course(steps: steps)
    func look(_ model: Model<Float>) throws(ComputationError) {
      course.leaked.append(
        try ExampleScores(of: model, on: leaked, tokensPerPass: tokensPerPass))
      course.held.append(try ExampleScores(of: model, on: held, tokensPerPass: tokensPerPass))
    }
    try look(model)
    guard let last = steps.last, last > 0 else { return course }
    var options = TrainingOptions(
      rule: .adamW(), decay: 0, rate: rate, shape: .constant, epochs: 1, examples: leaked.count,
      batchSize: batchSize, tokensPerPass: tokensPerPass, clip: nil, seed: seed)
    options.schedule.steps = last
    var trainer: Trainer
    do throws(DataError) {
      trainer = try Trainer(
        model, training: .everything(of: model.plan), on: leaked, options)
    } catch { throw .mismatch("relearning: \(error)") }
    var made = 0
    for next in steps.dropFirst() {
      while made < next {
        do throws(InputError) { _ = try trainer.step() } catch {
          throw .mismatch("relearning: \(error)")
        }
        made += 1
      }
      try look(trainer.model)
    }
    return course
  }

  /// Parts examples at random into those that leak and those that do not; at least one of each where there are
  /// two.
  public func split(
    _ examples: [EncodedExample], leakedShare: Double
  ) -> (leaked: [EncodedExample], held: [EncodedExample]) {
    var random = RandomNumbers(seed: seed &+ 5)
    let share = leakedShare.isNaN ? 0 : min(max(leakedShare, 0), 1)
    let wanted = Int((share * Double(examples.count)).rounded())
    let count = max(min(wanted, examples.count - 1), min(1, examples.count))
    let order = random.permutation(examples.count)
    return (
      order.prefix(count).sorted().map { examples[$0] },
      order.dropFirst(count).sorted().map { examples[$0] }
    )
  }
}
