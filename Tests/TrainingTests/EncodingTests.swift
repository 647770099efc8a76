import Architecture
import Compute
import TestSupport
import Testing
import Tokenization
import Training
import Transformer

struct EncodingTests {
  private static let words = [
    "who", "?", "ada", "lives", "in", "rome", "Question", ":", "Answer", ".",
  ]

  private func encoder(
    _ task: ModelPlan.Task, limit: Int = 32, format: PromptFormat = .plain, end: Int32? = 3
  ) throws -> ExampleEncoder {
    ExampleEncoder(
      try Tokenizer(parsing: WordTokenizer.json(Self.words)), task: task, limit: limit,
      format: format, end: end)
  }

  private func tokens(_ text: String) -> [Int32] {
    text.split(separator: " ").map { Int32((Self.words.firstIndex(of: String($0)) ?? -3) + 4) }
  }

  @Test func `of a question and its answer the answer counts, and its end`() throws {
    let example = Example.answered(.init(question: "who ?", answer: "ada ."))
    let encoded = try encoder(.languageModel).encode(example)
    #expect(encoded.count == 1)
    #expect(encoded[0].sequences == [tokens("who ? ada .") + [3]])
    let ignored = Array(repeating: ignoredLabel, count: 2)
    #expect(encoded[0].target == .tokens([ignored + tokens("ada .") + [3]]))
    #expect(encoded[0].labelCount == 3)
    let named = try encoder(.languageModel, format: .named, end: nil).encode(example)[0]
    #expect(named.sequences == [tokens("Question : who ? Answer : ada .")])
    #expect(named.labelCount == 2)
    #expect(
      try encoder(.languageModel, format: .named).prompt("who ?")
        == tokens("Question : who ? Answer :"))
  }

  @Test func `an answer that is cut has no end`() throws {
    let example = Example.answered(.init(question: "who ?", answer: "ada lives in rome ."))
    let encoded = try encoder(.languageModel, limit: 4).encode(example)[0]
    #expect(encoded.sequences == [tokens("who ? ada lives")])
    #expect(encoded.labelCount == 2)
  }

  @Test func `a long text becomes windows, and every token is in one`() throws {
    let text = "ada lives in rome . ada lives in rome ."
    let encoded = try encoder(.languageModel, limit: 4).encode(.text(text))
    #expect(encoded.flatMap { $0.sequences.flatMap { $0 } } == tokens(text) + [3])
    #expect(encoded.map(\.count) == [4, 4, 3])
  }

  @Test func `pairs, tags, spans and choices`() throws {
    let pair = try encoder(.sequenceClassification).encode(
      .labelled(first: "ada lives", second: "in rome", label: 2))[0]
    #expect(pair.target == .label(2) && pair.sequences[0].count == 4)
    let tagged = try encoder(.tokenClassification).encode(
      .tagged(words: ["ada", "lives.", "rome"], tags: [1, 0, 2]))[0]
    #expect(tagged.sequences == [tokens("ada lives . rome")])
    #expect(tagged.target == .places([[1, 0, ignoredLabel, 2]]))
    let context = "ada lives in rome ."
    let span = try encoder(.questionAnswering).encode(
      .span(.init(question: "who ?", context: context, answers: ["in rome"], place: 10..<17)))[0]
    #expect(span.target == .span(start: 4, end: 5))
    let cut = try encoder(.questionAnswering, limit: 5).encode(
      .span(.init(question: "who ?", context: context, answers: ["in rome"], place: 10..<17)))[0]
    #expect(cut.target == .span(start: 0, end: 0))
    let choice = try encoder(.multipleChoice).encode(
      .choice(question: "who ?", choices: ["ada", "rome ."], right: 1))[0]
    #expect(choice.target == .choice(1) && choice.sequences.map(\.count) == [3, 4])
  }

  @Test func `what does not fit the task is refused with its place`() throws {
    let encoder = try encoder(.sequenceClassification)
    #expect(throws: DataError("its members do not fit the task sequence-classification")) {
      try encoder.encode(.text("ada"))
    }
  }
}
