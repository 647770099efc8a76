import ArgumentParser
import Evaluation
import Provenance
import StrictJSON
import Training

struct AttackMembership: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "membership",
    abstract:
      "Asks whether the forget set still looks trained on: LOSS, zlib, Min-K, Min-K++ and more.",
    discussion: """
      An area of 1 means that the forget set looks memorised, 0 that it looks less known than what was never seen.
      Compare with the oracle's, not with ½. --test has examples that no model saw. Classifiers are attacked by a
      support vector machine on confidences. With shadow models U-LiRA is made too: models that learned and unlearned
      the forget set, and others that never saw it; the oracle must be none of them.
      Example: unlearn-patch attack membership --model m --oracle o --forget f.jsonl --test t.jsonl
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: EvaluationInputOptions
  @Option(
    name: .long, help: "A model that never saw the forget set, for the reference attack.",
    completion: .directory)
  var reference: String?
  @Flag(name: .long, help: "Look at each example's gradient too: a backward pass for each.")
  var gradients = false
  @Option(
    name: .long, help: "A shadow model that unlearned the forget set; may be repeated.",
    completion: .directory)
  var shadowUnlearned: [String] = []
  @Option(
    name: .long, help: "A shadow model that never saw the forget set; may be repeated.",
    completion: .directory)
  var shadowUnseen: [String] = []
  @OptionGroup(title: "What becomes of the numbers") var output: EvaluationOutputOptions

  func validate() throws {
    guard shadowUnlearned.isEmpty == shadowUnseen.isEmpty else {
      throw ValidationError("U-LiRA needs --shadow-unlearned and --shadow-unseen")
    }
  }

  func run() throws {
    let run = AttackRun(common: common, input: input, output: output)
    let shadows = shadowUnlearned + shadowUnseen
    let settings = JSONValue.members([
      "gradients": .bool(gradients), "reference": .bool(reference != nil),
      "shadows": .integer(Int64(shadows.count)),
    ])
    try run.run("membership", settings) { input in
      guard input.test != nil else {
        throw ProvenanceError(
          .usage, "membership is told from examples that no model saw: name them with --test")
      }
      var options = run.labels()
      options.measuresTokens = true
      options.measuresGradients = gradients
      let sets = try input.sets()
      let task = input.encoder.task
      let reference = try self.reference.map {
        try input.after.peer(at: $0, as: "the reference", for: task).model
      }
      var evaluation = try input.evaluation(on: sets, options, reference: reference)
      guard !shadows.isEmpty, let forget = sets.examples[.forget] else { return evaluation }
      var models = ShadowModels()
      // One at a time: their views are kept, not they.
      for (paths, hasUnlearned) in [(shadowUnlearned, true), (shadowUnseen, false)] {
        for path in paths {
          try models.add(
            try input.after.peer(at: path, as: "a shadow model", for: task).model,
            hasUnlearned: hasUnlearned, on: forget,
            tokensPerPass: options.tokensPerPass)
        }
      }
      try evaluation.addShadows(
        models, after: input.after.model, oracle: input.oracle?.model, on: forget)
      return evaluation
    }
  }
}
