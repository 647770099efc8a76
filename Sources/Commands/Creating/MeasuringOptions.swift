import ArgumentParser
import Evaluation
import Provenance
import Storage
import Training

/// Options that say what is measured beside losses, and within which bounds.
struct MeasuringOptions: ParsableArguments {
  @Option(
    name: .long,
    help: "How many tokens a generated answer has at most; 0: no answers, and no model utility.")
  var newTokens = 200
  @Option(name: .long, help: "How many questions of each set are answered.")
  var questions = 100
  @Option(
    name: .long,
    help: """
      Multiple-choice questions, JSONL, as NAME=FILE or NAME:SUBJECT=FILE (`wmdp-bio:biology=bio.jsonl`); may \
      be repeated.
      """)
  var choices: [String] = []
  @Option(name: .long, help: "How many multiple-choice questions of each set are asked.")
  var choiceLimit = 200
  @Option(
    name: .long,
    help: """
      What should be kept besides, for model utility, JSONL with perturbed answers, as NAME=FILE; may be \
      repeated.
      """)
  var utility: [String] = []
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
    guard newTokens >= 0, questions > 0, choiceLimit > 0, relearnRate > 0, relearnRate < .infinity,
      relearnShare > 0, relearnShare < 1
    else {
      throw ValidationError(
        "--new-tokens must be at least 0, --questions and --choice-limit at least 1, --relearn-rate above 0, --relearn-share between 0 and 1"
      )
    }
    _ = try steps()
  }

  private func steps() throws -> [Int]? {
    try relearn.map { text in
      try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let step = Int(part), (1...100_000).contains(step) else {
          throw ValidationError("--relearn: expected steps such as 1,5,10,20")
        }
        return step
      }
    }
  }

  /// What an evaluation computes.
  func options(_ update: UpdateOptions) throws -> EvaluationOptions {
    EvaluationOptions(
      seeds: [update.seed], tokensPerPass: update.tokensPerPass,
      newTokens: newTokens > 0 ? newTokens : nil, measuresUtility: newTokens > 0,
      relearning: try steps().map {
        EvaluationOptions.Relearning(
          RelearningAttack(
            rate: relearnRate, batchSize: update.batch, steps: $0, seed: update.seed),
          leakedShare: relearnShare)
      })
  }

  /// Reads the files of sets, `NAME=FILE` or `NAME:SUBJECT=FILE`.
  static func read(_ texts: [String], _ option: String) throws
    -> [EvaluationSets.NamedFile]
  {
    try texts.map { text in
      guard let cut = text.firstIndex(of: "="), cut != text.startIndex,
        text.index(after: cut) != text.endIndex
      else { throw ProvenanceError(.usage, "\(option): expected NAME=FILE, not '\(text)'") }
      let names = text[..<cut].split(separator: ":", maxSplits: 1)
      return EvaluationSets.NamedFile(
        names.first.map { String($0) } ?? "",
        try DataFile(path: String(text[text.index(after: cut)...])),
        subject: names.count > 1 ? String(names[1]) : nil)
    }
  }
}
