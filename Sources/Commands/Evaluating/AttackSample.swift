import ArgumentParser
import Evaluation
import Provenance
import StrictJSON
import Training

struct AttackSample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract:
      "Draws many answers to each forget question: what the greedy one hides, one of them may say.",
    discussion: """
      leak@k is the expected largest score among k answers, estimated without bias from all that were drawn.
      Example: unlearn-patch attack sample --model m --original b --oracle o --forget f.jsonl --samples 16
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: EvaluationInputOptions
  @Option(name: .long, help: "How many answers are drawn to each question.")
  var samples = 16
  @Option(name: .long, help: "For which numbers of answers the leak is told, comma-separated.")
  var k = "1,4,16"
  @Option(name: .long, help: "The temperature.")
  var temperature = 1.0
  @Option(name: .long, help: "The share of probability that tokens are drawn from.")
  var topP = 1.0
  @Option(name: .long, help: "How many tokens an answer has at most.")
  var newTokens = 200
  @Option(name: .long, help: "How many questions are asked.")
  var questions = 100
  @Option(name: .long, help: "Decides what is drawn.")
  var attackSeed: UInt64 = 0
  @OptionGroup(title: "What becomes of the numbers") var output: EvaluationOutputOptions

  func validate() throws {
    let counts = try RelearningOptions.steps(k, "--k")
    guard (1...10_000).contains(samples), counts.allSatisfy({ $0 <= samples }) else {
      throw ValidationError("--samples must be from 1 to 10000, and no k above it")
    }
    guard temperature > 0, temperature.isFinite, topP > 0, topP <= 1, newTokens > 0, questions > 0
    else {
      throw ValidationError(
        "--temperature must be above 0, --top-p above 0 and at most 1, --new-tokens and --questions at least 1"
      )
    }
  }

  func run() throws {
    let run = AttackRun(common: common, input: input, output: output)
    let attack = SamplingAttack(
      temperature: temperature, mass: topP, samples: samples,
      counts: try RelearningOptions.steps(k, "--k"), seed: attackSeed)
    let settings = JSONValue.members([
      "attack": .text(attack.condition), "k": .text(k), "new_tokens": .integer(Int64(newTokens)),
      "questions": .integer(Int64(questions)),
    ])
    try run.run("sample", settings) { input in
      let sets = try input.sets(limits: EvaluationSets.Limits(questions: questions))
      guard let asked = sets.questions[.forget] else {
        throw ProvenanceError(.invalid, "the forget set has no questions with answers in words")
      }
      var options = run.labels()
      options.newTokens = newTokens
      var evaluation = try input.evaluation(
        on: EvaluationSets(questions: [.forget: asked]), options)
      try evaluation.addSampling(attack, input.models, on: asked, newTokens: newTokens)
      return evaluation
    }
  }
}
