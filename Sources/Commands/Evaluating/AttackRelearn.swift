import ArgumentParser
import Evaluation
import Provenance
import StrictJSON
import Training

struct AttackRelearn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relearn",
    abstract: "Trains on a part of the forget set, or on benign text, and looks what comes back.",
    discussion: """
      AdamW on all weights at a constant rate. The whole curve is recorded, of what the attacker has and of what it
      has not. --folds 5 trains on four fifths and looks at the fifth, each in turn: facts that do not follow from
      each other and come back were never gone.
      Example: unlearn-patch attack relearn --model m --original b --oracle o --forget f.jsonl --folds 5 -o relearn
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: EvaluationInputOptions
  @Option(name: .long, help: "After how many steps is looked, comma-separated.")
  var steps = "1,5,10,20"
  @Option(name: .long, help: "The rate.")
  var rate = 1e-5
  @Option(name: .long, help: "How many examples a step is made of.")
  var batch = 16
  @Option(name: .long, help: "The share of the forget set that the attacker has (default: 0.5).")
  var share: Double?
  @Option(name: .long, help: "In how many parts the forget set is cut, each left out in turn.")
  var folds: Int?
  @Option(
    name: .long, help: "Train on these examples, JSONL, in the place of forget examples.",
    completion: .file())
  var benign: String?
  @Option(name: .long, help: "How many of the forget set's first examples take part.")
  var limit = 256
  @Option(name: .long, help: "Decides what leaks and the order of examples.")
  var attackSeed: UInt64 = 0
  @OptionGroup(title: "What becomes of the numbers") var output: EvaluationOutputOptions

  func validate() throws {
    _ = try RelearningOptions.steps(steps, "--steps")
    guard rate > 0, rate < .infinity, batch > 0, limit > 0 else {
      throw ValidationError("--rate must be above 0, --batch and --limit at least 1")
    }
    guard [share != nil, folds != nil, benign != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("name one of --share, --folds and --benign")
    }
    if let share, !(share > 0 && share < 1) {
      throw ValidationError("--share must be between 0 and 1")
    }
    if let folds, folds < 2 { throw ValidationError("--folds must be at least 2") }
  }

  func run() throws {
    let attack = RelearningAttack(
      rate: rate, batchSize: batch, steps: try RelearningOptions.steps(steps, "--steps"),
      seed: attackSeed)
    let settings = JSONValue.members([
      "attack": .text(attack.variant), "steps": .text(steps), "limit": .integer(Int64(limit)),
      "share": share.map { .text("\($0)") } ?? .null,
      "folds": folds.map { .integer(Int64($0)) } ?? .null,
    ])
    let run = AttackRun(common: common, input: input, output: output)
    try run.run("relearn", settings) { input in
      var source = EvaluationOptions.Relearning.Source.share(share ?? 0.5)
      if let folds { source = .folds(folds) }
      if let benign {
        let file = try DataFile(path: benign)
        input.others.append(("benign", file))
        source = .others(try input.encoder.encode(file))
      }
      var options = run.labels()
      options.relearning = EvaluationOptions.Relearning(attack, on: source, limit: limit)
      return try input.evaluation(on: try input.sets(), options)
    }
  }
}
