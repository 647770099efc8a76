@testable import Evaluation
import Architecture
import Storage
import TestSupport
import Metrics
import Testing
import Tokenization
import Training

/// MUSE's prompts.
struct ContinuationTests {
  private func file(_ folder: TemporaryFolder, _ name: String, _ text: String) throws -> DataFile {
    try TemporaryFolder.write(Array(text.utf8), to: folder.file(name))
    return try DataFile(path: folder.file(name))
  }

  private let asked = #"{"question":"where lives ada ?","answer":"rome"}"#
  private let shown = #"{"question":"where lives bob ?","answer":"oslo"}"#

  private func prompt(_ set: ContinuationSet, _ towns: Towns) throws -> String {
    guard case .prompt(let tokens, _) = try #require(set.questions.questions.first).source else {
      return ""
    }
    return try towns.tokenizer.decode(tokens)
  }

  @Test func `questions stand after the examples, and passages stand alone`() throws {
    let folder = try TemporaryFolder()
    let towns = try Towns()
    let (one, other) = (try file(folder, "a", asked), try file(folder, "b", shown))
    let known = try ContinuationSet(
      .knowledge, .forget, of: one, after: other, towns.encoder, limit: 5)
    #expect(
      try prompt(known, towns)
        == "Question : where lives bob ? Answer : oslo Question : where lives ada ? Answer :")
    #expect(known.shots == 1 && known.questions.questions[0].golds == ["rome"])
    let alone = try ContinuationSet(
      .knowledge, .retain, of: one, after: nil, towns.encoder, limit: 5)
    #expect(alone.shots == 0 && alone.part == .retain)
    #expect(try prompt(alone, towns) == "Question : where lives ada ? Answer :")
    let verbatim = try ContinuationSet(
      .verbatim, .forget, of: one, after: other, towns.encoder, limit: 5)
    #expect(verbatim.shots == 0)
    #expect(try prompt(verbatim, towns) == "where lives ada ?")
    // A template of the questions is not MUSE's.
    let templated = ExampleEncoder(
      towns.tokenizer, task: .languageModel, limit: 24,
      format: try #require(PromptFormat(template: "the {question} the", separator: " ")), end: 3)
    let plain = try ContinuationSet(
      .verbatim, .forget, of: one, after: nil, templated, limit: 5)
    #expect(try prompt(plain, towns) == "where lives ada ?")
  }

  @Test func `only the first prompts are taken, and what is no question is refused`() throws {
    let folder = try TemporaryFolder()
    let towns = try Towns()
    let two = try file(folder, "two", asked + "\n" + shown)
    let set = try ContinuationSet(.verbatim, .forget, of: two, after: nil, towns.encoder, limit: 1)
    #expect(set.questions.questions.count == 1)
    let text = try file(folder, "text", #"{"text":"ada lives in rome"}"#)
    let empty = try file(folder, "empty", "\n")
    for bad in [text, empty] {
      #expect(throws: DataError.self) {
        try ContinuationSet(.verbatim, .forget, of: bad, after: nil, towns.encoder, limit: 1)
      }
    }
    #expect(throws: DataError.self) {
      try ContinuationSet(.knowledge, .forget, of: two, after: text, towns.encoder, limit: 1)
    }
    let classifier = ExampleEncoder(towns.tokenizer, task: .sequenceClassification, limit: 24)
    #expect(throws: DataError.self) {
      try ContinuationSet(.verbatim, .forget, of: two, after: nil, classifier, limit: 1)
    }
  }

  @Test func `a taught continuation is memorised, and a next question is cut off`() throws {
    let folder = try TemporaryFolder()
    let towns = try Towns()
    // The model goes on with another question, which is no part of its answer.
    let taught = try towns.taught([
      .answered(.init(question: "Question: where lives ada ?\nAnswer:", answer: "rome")),
      .answered(.init(question: "where lives ada ?", answer: "rome oslo bern")),
    ])
    var sets = EvaluationSets()
    let one = try file(folder, "a", asked)
    let long = try file(folder, "b", #"{"prompt":"where lives ada ?","gt":"rome oslo bern"}"#)
    sets.continuations = [
      try ContinuationSet(.knowledge, .forget, of: one, after: nil, towns.encoder, limit: 1),
      try ContinuationSet(.verbatim, .forget, of: long, after: nil, towns.encoder, limit: 1),
    ]
    let evaluation = try EffectEvaluation(
      before: taught, after: try Towns.blank(), on: sets,
      options: EvaluationOptions(newTokens: nil))
    #expect(evaluation.value(.before, .forget, "knowmem") == 1)
    #expect(evaluation.value(.before, .forget, "verbmem") == 1)
    #expect(try #require(evaluation.value(.after, .forget, "verbmem")) < 1)
    let variants = evaluation.entries.filter { $0.subject == .before }.map(\.measurement.variant)
    #expect(variants.contains("rougeL.f1(no-stem).greedy(32).0-shot"))
    #expect(variants.contains("rougeL.f1(no-stem).greedy(128)"))
  }

  @Test func `a continuation ends at the first stop`() {
    let stops = ContinuationSet.Kind.knowledge
    #expect(stops.cut("rome\nQuestion: where\n\n") == "rome")
    #expect(stops.cut("rome\n\noslo") == "rome")
    #expect(stops.cut("romeQuestion: x") == "rome")
    #expect(stops.cut("Question: x") == "")
    #expect(stops.cut("rome") == "rome")
    #expect(ContinuationSet.Kind.verbatim.cut("rome\n\noslo") == "rome\n\noslo")
  }
}
