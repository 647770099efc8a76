import ArgumentParser
import Evaluation

/// Options of a relearning attack that `create` makes beside its other measurements.
struct RelearningOptions: ParsableArguments {
  @Option(
    name: .long,
    help: """
      Attack each model: train it on a part of the forget set and look after so many steps whether the rest comes \
      back, comma-separated: 1,5,10,20.
      """)
  var relearn: String?
  @Option(name: .long, help: "The attack's rate.")
  var relearnRate = 1e-5
  @Option(name: .long, help: "The share of the forget set that the attacker has.")
  var relearnShare = 0.5

  func validate() throws {
    guard relearnRate > 0, relearnRate < .infinity, relearnShare > 0, relearnShare < 1 else {
      throw ValidationError("--relearn-rate must be above 0, --relearn-share between 0 and 1")
    }
    _ = try steps()
  }

  private func steps() throws -> [Int]? {
    try relearn.map { try Self.steps($0, "--relearn") }
  }

  /// Reads steps at which is looked: `1,5,10,20`.
  static func steps(_ text: String, _ option: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let step = Int(part), (1...100_000).contains(step) else {
        throw ValidationError("\(option): expected numbers such as 1,5,10,20")
      }
      return step
    }
  }

  /// The attack; nil where none was asked for.
  func attack(batch: Int, seed: UInt64) throws -> EvaluationOptions.Relearning? {
    try steps().map {
      EvaluationOptions.Relearning(
        RelearningAttack(rate: relearnRate, batchSize: batch, steps: $0, seed: seed),
        on: .share(relearnShare))
    }
  }
}
