import Evaluation
import Architecture
import Compute
import Metrics
import Testing
import Training
import Transformer

struct ChoiceTests {
  @Test func `the prompts are those of the harness`() throws {
    let item = try Towns().choices().items[0]
    let prompt = "where lives ada ? A . rome B . oslo C . bern D . lima Answer :"
    #expect(
      item.letters.map { $0.sequences[0] }
        == ["A", "B", "C", "D"].map { Towns.tokens(prompt + " " + $0) })
    #expect(
      item.texts.map { $0.sequences[0] }
        == Towns.towns.map { Towns.tokens("Question : where lives ada ? Answer : " + $0) })
    #expect(item.letters.allSatisfy { $0.labelCount == 1 } && item.byteCounts == [4, 4, 4, 4])
    #expect(item.right == 0)
  }

  @Test func `a subject is said first, and what is too long loses its beginning`() throws {
    let item = try Towns().choices(subject: "towns").items[0]
    let plain = try Towns().choices().items[0]
    #expect(item.letters[2].count == 24)
    #expect(item.letters[2].sequences[0].suffix(19) == plain.letters[2].sequences[0].suffix(19))
    #expect(item.texts[0].sequences[0].suffix(9) == plain.texts[0].sequences[0].suffix(9))
    #expect(item.texts[0].count > 9)
  }

  @Test func `likelihoods are those of whole passes`() throws {
    let model = try Towns.blank()
    let set = try Towns().choices()
    let scores = try ChoiceScores(of: model, on: set, tokensPerPass: 50)
    for (item, scored) in zip(set.items, scores.letters) {
      for (example, choice) in zip(item.letters, scored.choices) {
        let loss = try model.evaluate([example]).loss
        #expect(abs(loss + choice.logLikelihood) < 1e-5)
      }
      #expect(scored.answer == item.right)
    }
    #expect(scores.texts.count == 2 && scores.texts[0].choices.allSatisfy { $0.byteCount == 4 })
  }

  @Test func `answers of several tokens are scored by their sum`() throws {
    let model = try Towns.blank()
    let set = try Towns().encoder.choices(
      of: [
        .choice(question: "where ?", choices: ["the rome", "oslo"], right: 0),
        .choice(question: "where ?", choices: ["rome", "lima", "bern"], right: 2),
      ], name: "f", limit: 5, path: "f")
    let scores = try ChoiceScores(of: model, on: set)
    #expect(scores.texts.map(\.choices.count) == [2, 3] && scores.texts[1].answer == 2)
    #expect(scores.texts[0].choices.map(\.tokenCount) == [2, 1])
    #expect(scores.texts[0].choices.map(\.byteCount) == [8, 4])
    for (items, wording) in [(scores.letters, ChoiceSet.Wording.letters), (scores.texts, .texts)] {
      for (item, scored) in zip(set.items, items) {
        for (example, choice) in zip(item[wording], scored.choices) {
          let loss = try model.evaluate([example]).losses[0]
          #expect(abs(loss + choice.logLikelihood) < 1e-5)
        }
      }
    }
  }

  @Test func `a model that has learnt the texts chooses them`() throws {
    let towns = try Towns()
    let set = try towns.choices()
    let named = ExampleEncoder(
      towns.tokenizer, task: .languageModel, limit: 24, format: .named, end: 3)
    var options = TrainingOptions(
      decay: 0, rate: 1e-2, shape: .constant, epochs: 80, examples: 2, batchSize: 2)
    options.schedule.steps = 80
    let model = try Towns.blank()
    var trainer = try Trainer(
      model, training: .everything(of: model.plan),
      on: try Towns.forget.flatMap { try named.encode($0) }, options)
    while !trainer.isFinished { _ = try trainer.step() }
    let scores = try ChoiceScores(of: trainer.model, on: set)
    #expect(try MultipleChoiceItem.accuracy(scores.texts, .perByte).successes == 2)
  }

  @Test func `what is no question with choices is refused with its place`() throws {
    let encoder = try Towns().encoder
    #expect(throws: DataError("f: example 2: expected question, choices and answer")) {
      try encoder.choices(
        of: [.choice(question: "where ?", choices: ["rome"], right: 0), .text("rome")], name: "f",
        limit: 5, path: "f")
    }
    #expect(throws: DataError("f: example 1: an answer has no token")) {
      try encoder.choices(
        of: [.choice(question: "where ?", choices: [""], right: 0)], name: "f", limit: 5, path: "f")
    }
    #expect(throws: DataError("f: example 1: 27 choices, at most 26")) {
      try encoder.choices(
        of: [
          .choice(
            question: "where ?", choices: Array(repeating: "rome", count: 27), right: 0)
        ], name: "f", limit: 5, path: "f")
    }
  }
}
