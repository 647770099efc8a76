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

  func validate() throws {
    guard newTokens >= 0, questions > 0, choiceLimit > 0 else {
      throw ValidationError(
        "--new-tokens must be at least 0, --questions and --choice-limit at least 1")
    }
  }

  /// What an evaluation computes, without attacks.
  func options(seeds: [UInt64], tokensPerPass: Int) -> EvaluationOptions {
    EvaluationOptions(
      seeds: seeds, tokensPerPass: tokensPerPass, newTokens: newTokens > 0 ? newTokens : nil,
      measuresUtility: newTokens > 0)
  }

  /// How many examples of each file are asked.
  var limits: EvaluationSets.Limits {
    EvaluationSets.Limits(questions: questions, choices: choiceLimit)
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
