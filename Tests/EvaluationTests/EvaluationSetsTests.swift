import Evaluation
import Architecture
import Storage
import TestSupport
import Testing
import Training

struct EvaluationSetsTests {
  private let asked = """
    {"question":"where lives ada ?","answer":"rome","perturbed_answer":["oslo","bern"]}
    {"question":"where lives bob ?","answer":"oslo","perturbed_answer":["rome","bern"]}
    """
  private let plain = #"{"question":"where lives eve ?","answer":"bern"}"#
  private let choices = #"{"question":"where lives dan ?","choices":["rome","lima"],"answer":1}"#

  private func file(_ folder: TemporaryFolder, _ name: String, _ text: String) throws -> DataFile {
    let path = folder.file(name)
    let bytes = Array(text.utf8)
    try AtomicFile.write(bytes.rawSpan, to: path)
    return try DataFile(path: path)
  }

  @Test func `sets are taken from files, the first examples of each`() throws {
    let folder = try TemporaryFolder()
    let (full, bare) = (try file(folder, "full", asked), try file(folder, "bare", plain))
    let items = try file(folder, "choices", choices + "\n" + choices)
    let sets = try EvaluationSets(
      try Towns().encoder, forget: bare, retain: full, test: bare,
      utility: [.init("world-facts", full)], choices: [.init("towns", items)],
      limits: EvaluationSets.Limits(questions: 1, choices: 1))
    #expect(sets.questions.mapValues(\.questions.count) == [.forget: 1, .retain: 1, .test: 1])
    #expect(sets.utility.map(\.name) == ["retain", "world-facts"])
    #expect(sets.utility.map(\.kind) == [.retained, .general])
    #expect(sets.utility.map(\.right.count) == [1, 1])
    #expect(sets.utility[0].questions.questions == sets.questions[.retain]?.questions)
    #expect(sets.choices.map(\.items.count) == [1] && sets.choices[0].items[0].right == 1)
  }

  @Test func `a retain set without perturbed answers makes no utility`() throws {
    let folder = try TemporaryFolder()
    let (full, bare) = (try file(folder, "full", asked), try file(folder, "bare", plain))
    let encoder = try Towns().encoder
    let sets = try EvaluationSets(
      encoder, forget: full, retain: bare, utility: [.init("world-facts", full)])
    #expect(sets.utility.isEmpty && sets.questions.count == 2)
    #expect(throws: DataError.self) {
      try EvaluationSets(encoder, forget: full, retain: full, utility: [.init("x", bare)])
    }
    #expect(throws: DataError.self) {
      try EvaluationSets(encoder, forget: full, choices: [.init("x", bare)])
    }
  }

  @Test func `a classifier is asked nothing in words`() throws {
    let folder = try TemporaryFolder()
    let text = #"{"sentence":"ada lives","label":1}"#
    let labelled = try file(folder, "labelled", text)
    let encoder = ExampleEncoder(
      try Towns().tokenizer, task: .sequenceClassification, limit: 24)
    let sets = try EvaluationSets(encoder, forget: labelled, retain: labelled)
    #expect(sets.questions.isEmpty && sets.utility.isEmpty && sets.choices.isEmpty)
    #expect(throws: DataError.self) {
      try EvaluationSets(encoder, forget: labelled, choices: [.init("x", labelled)])
    }
  }
}
