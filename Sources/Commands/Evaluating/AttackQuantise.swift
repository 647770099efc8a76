import ArgumentParser
import Evaluation
import Provenance
import StrictJSON
import Training

struct AttackQuantise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantise",
    abstract: "Rounds weights to few bits and looks whether what was forgotten comes back.",
    discussion: """
      An update that is small beside a step of the rounding is lost in it. Round to nearest, one scale for each output
      of each layer's linear maps.
      Example: unlearn-patch attack quantise --model m --original b --oracle o --forget f.jsonl --retain r.jsonl
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: EvaluationInputOptions
  @Option(name: .long, help: "Numbers of bits, from 2 to 8, comma-separated.")
  var bits = "8,4"
  @OptionGroup(title: "What becomes of the numbers") var output: EvaluationOutputOptions

  private func roundings() throws -> [WeightRounding] {
    try bits.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let count = Int(text), let rounding = WeightRounding(bits: count) else {
        throw ValidationError("--bits: expected numbers from 2 to 8 such as 8,4")
      }
      return rounding
    }
  }

  func validate() throws { _ = try roundings() }

  func run() throws {
    let run = AttackRun(common: common, input: input, output: output)
    let roundings = try roundings()
    try run.run("quantise", .members(["bits": .text(bits)])) { input in
      let sets = try input.sets()
      var options = run.labels()
      options.measuresTokens = true
      var evaluation = try input.evaluation(on: sets, options)
      for rounding in roundings {
        options.condition = rounding.condition
        let rounded = try input.evaluation(on: sets, options) { rounding.applied(to: $0) }
        evaluation.add(rounded)
      }
      return evaluation
    }
  }
}
