import Evaluation
import Architecture
import Compute
import Metrics
import TestSupport
import Testing
import Tokenization
import Training
import Transformer

struct AnswerTests {
  @Test func `a question keeps its prompt, its right answer and how long that is`() throws {
    let set = try Towns().questions(Towns.forget + Towns.retain, limit: 3)
    #expect(set.questions.count == 3 && set.end == 3)
    #expect(
      set.questions[0]
        == QuestionSet.Question(
          .prompt(Towns.tokens("where lives ada ?"), answerTokens: 1), golds: ["rome"]))
    #expect(try Towns().questions([.text("where lives ada")]).questions.isEmpty)
  }

  @Test func `answers are what the model says to each prompt alone`() throws {
    let towns = try Towns()
    let model = try Towns.blank()
    let prompts = ["where", "where lives ada ? where lives bob ?", "lives bob ?", "ada"]
    let set = QuestionSet(
      prompts.map { .init(.prompt(Towns.tokens($0), answerTokens: 2), golds: ["rome"]) },
      tokenizer: towns.tokenizer, end: 3)
    for tokens in [16, 4096] {
      // The second prompt leaves room for fewer tokens than the others take.
      let scores = try AnswerScores(of: model, on: set, newTokens: 19, tokensPerPass: tokens)
      for (prompt, text) in zip(prompts, scores.texts) {
        var random = RandomNumbers(seed: 1)
        let tokens = Towns.tokens(prompt)
        let alone = try model.generate(
          [tokens], GenerationOptions(limit: min(19, 25 - tokens.count), ends: [3]),
          random: &random)
        #expect(text == (try towns.tokenizer.decode(alone[0].tokens)))
      }
    }
  }

  @Test func `without an end an answer has twice the right one's tokens`() throws {
    let towns = try Towns(end: nil)
    let set = try towns.questions([
      .answered(.init(question: "where lives ada ?", answer: "the rome")),
      .answered(.init(question: "where lives bob ?", answer: "oslo")),
    ])
    let scores = try AnswerScores(of: try towns.taught(Towns.forget, steps: 30), on: set)
    // Every token of the vocabulary that comes after training is a word.
    #expect(scores.texts.map { $0.split(separator: " ").count } == [4, 2])
    let short = try AnswerScores(of: try Towns.blank(), on: set, newTokens: 1)
    #expect(short.texts.allSatisfy { $0.split(separator: " ").count <= 1 })
    let none = try AnswerScores(of: try Towns.blank(), on: set, newTokens: 0)
    #expect(none.texts == ["", ""] && none.recalls == [0, 0] && none.f1 == [0, 0])
  }

  @Test func `texts are scored as by hand`() throws {
    let towns = try Towns()
    let set = QuestionSet(
      ["the rome", "oslo", "", "rome rome"].map {
        .init(.prompt([4], answerTokens: 1), golds: [$0])
      }, tokenizer: towns.tokenizer, end: 3)
    let scores = try AnswerScores(["Rome!", "oslo oslo", "", ""], of: set)
    #expect(scores.recalls == [0.5, 1, 0, 0])
    #expect(scores.isExact == [true, false, true, false])
    #expect(scores.f1 == [1, 2.0 / 3, 0, 0] && scores.rule == .squad1)
    #expect(throws: ComputationError.self) { try AnswerScores(["rome"], of: set) }
  }

  @Test func `a question without tokens or without room has an empty answer`() throws {
    let towns = try Towns()
    let set = QuestionSet(
      [
        .init(.prompt([], answerTokens: 1), golds: ["rome"]),
        .init(.prompt(Array(repeating: 5, count: 25), answerTokens: 1), golds: ["rome"]),
      ], tokenizer: towns.tokenizer, end: 3)
    #expect(try AnswerScores(of: try Towns.blank(), on: set).texts == ["", ""])
  }

  @Test func `the best pair of places in the passage is the answer`() throws {
    let model = try Towns.fixture("bert-question")
    let tokenizer = try Tokenizer(parsing: WordTokenizer.json(Towns.words))
    let encoder = ExampleEncoder(tokenizer, task: .questionAnswering, limit: 24)
    let context = "ada lives the rome . bob lives the oslo ."
    let examples: [Example] = [
      .span(
        .init(question: "where ?", context: context, answers: ["the rome"], place: 10..<18))
    ]
    let set = try encoder.questions(of: examples, limit: 5, name: "spans")
    let batch = Batch([Towns.tokens("where ? " + context)], tokenTypes: nil)
    let logits = try model.logits(model.forward(batch))
    var best = (sum: -Float.infinity, text: "")
    let words = context.split(separator: " ")
    for start in words.indices {
      for end in start..<words.count {
        let sum = logits[start + 2, 0] + logits[end + 2, 1]
        if sum > best.sum { best = (sum, words[start...end].joined(separator: " ")) }
      }
    }
    let scores = try AnswerScores(of: model, on: set)
    #expect(scores.texts == [best.text] && scores.recalls.isEmpty && scores.f1.count == 1)
    // With a question that has no answer, none can be said.
    let missing = try encoder.questions(
      of: examples + [.span(.init(question: "?", context: "ada", answers: [], place: nil))],
      limit: 5, name: "spans")
    let second = try AnswerScores(of: model, on: missing)
    #expect(second.rule == .squad2)
    let isNone = logits[0, 0] + logits[0, 1] > best.sum
    #expect(second.texts[0] == (isNone ? "" : best.text))
  }

  @Test func `spans are scored by their places, and choices by the right one`() throws {
    let model = try Towns.fixture("bert-question")
    let tokens = Towns.tokens("where ? ada lives the rome")
    let batch = Batch([tokens])
    let logits = try model.logits(model.forward(batch))
    func best(_ column: Int) -> Int32 {
      Int32(tokens.indices.max { logits[$0, column] < logits[$1, column] } ?? 0)
    }
    let right = EncodedExample(
      sequences: [tokens], tokenTypes: [tokens.map { _ in 0 }],
      target: .span(start: best(0), end: best(1)))
    let half = EncodedExample(
      sequences: [tokens], tokenTypes: [tokens.map { _ in 0 }],
      target: .span(start: best(0), end: best(1) == 0 ? 1 : 0))
    let scores = try ExampleScores(of: model, on: [right, half])
    #expect(scores.hits == [2, 1] && scores.counts == [2, 2] && scores.divergences.isEmpty)
    #expect(scores.losses == (try model.evaluate([right, half]).losses))
    let evaluation = try EffectEvaluation(
      before: model, after: model, oracle: model,
      on: EvaluationSets(examples: [.forget: [right], .retain: [half]]))
    #expect(evaluation.value(.after, .forget, "accuracy") == 1)
    #expect(evaluation.notRun.contains("oracle-distance"))
  }
}
