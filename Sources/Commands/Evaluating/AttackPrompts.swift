public import ArgumentParser
import Evaluation
import Provenance
import StrictJSON
import Training

struct AttackPrompts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompts",
    abstract:
      "Asks for what was forgotten in other words, with typing errors, politely, and so on.",
    discussion: """
      Changes: paraphrase (paraphrased_question of the data), lowercase, unpunctuated, typos, polite, distraction.
      Questions that a change does not touch are left out, and n says how many remain.
      Example: unlearn-patch attack prompts --model m --original b --oracle o --forget f.jsonl
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: EvaluationInputOptions
  @Option(name: .long, help: "One change; may be repeated (default: all).")
  var change: [PromptChange] = []
  @Option(
    name: .long, help: "How many tokens a generated answer has at most; 0: none is generated.")
  var newTokens = 200
  @Option(name: .long, help: "How many questions are answered.")
  var questions = 100
  @OptionGroup(title: "What becomes of the numbers") var output: EvaluationOutputOptions

  func validate() throws {
    guard newTokens >= 0, questions > 0 else {
      throw ValidationError("--new-tokens must be at least 0, --questions at least 1")
    }
  }

  func run() throws {
    let run = AttackRun(common: common, input: input, output: output)
    let changes = change.isEmpty ? PromptChange.allCases : change
    let settings = JSONValue.members([
      "changes": .array(changes.map { .text($0.rawValue) }),
      "new_tokens": .integer(Int64(newTokens)), "questions": .integer(Int64(questions)),
    ])
    try run.run("prompts", settings) { input in
      // Of questions alone, so that the place of an example is that of its values.
      guard
        let forget = input.forget.map({ file in
          file.with(file.examples.filter { if case .answered = $0 { true } else { false } })
        }), !forget.examples.isEmpty
      else {
        throw ProvenanceError(.invalid, "the forget set has no questions with answers in words")
      }
      let limits = EvaluationSets.Limits(questions: questions)
      var options = run.labels()
      options.newTokens = newTokens > 0 ? newTokens : nil
      options.measuresTokens = true
      var evaluation = try input.evaluation(
        on: try EvaluationSets(input.encoder, forget: forget, limits: limits), options)
      for change in changes {
        let (examples, places) = change.applied(to: forget.examples)
        guard !examples.isEmpty else { continue }
        options.condition = change.condition
        let changed = try input.evaluation(
          on: try EvaluationSets(input.encoder, forget: forget.with(examples), limits: limits),
          options)
        evaluation.add(changed, places: places)
      }
      return evaluation
    }
  }
}

extension PromptChange: ExpressibleByArgument {}
