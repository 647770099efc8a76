import Evaluation
import Metrics
import Testing
import Training
import Transformer

struct TokenScoresTests {
  @Test(arguments: [12, 4096])
  func `tokens add up to what is scored of whole examples`(tokensPerPass: Int) throws {
    let towns = try Towns()
    let examples = try towns.encoded(Towns.forget + Towns.retain)
    let model = try towns.taught(Towns.forget, steps: 5)
    let tokens = try TokenScores(of: model, on: examples, tokensPerPass: tokensPerPass)
    let whole = try ExampleScores(of: model, on: examples)
    #expect(tokens.examples.map(\.count) == whole.counts)
    for (labels, loss) in zip(tokens.examples, whole.losses) {
      #expect(abs(labels.reduce(0) { $0 - $1.logProbability } - loss) < 1e-4)
    }
    #expect(tokens.examples.map { $0.count { $0.isFirst } } == whole.hits)
    for (labels, example) in zip(tokens.examples, examples) {
      guard case .tokens(let targets) = example.target else { continue }
      #expect(labels.map(\.label) == targets[0].filter { $0 >= 0 })
      #expect(labels.allSatisfy { $0.mean < 0 && $0.variance >= 0 })
    }
  }

  @Test func `only the token that ends an answer is left out, and only as the last`() throws {
    let towns = try Towns()
    let examples = try towns.encoded(Towns.forget)
    let scores = try TokenScores(of: try Towns.blank(), on: examples)
    #expect(scores.examples.map { $0.last?.label } == [3, 3])
    #expect(scores.withoutEnd(3) == scores.examples.map { Array($0.dropLast()) })
    #expect(scores.withoutEnd(nil) == scores.examples)
    #expect(scores.withoutEnd(Towns.tokens("rome")[0]) == scores.examples)
    #expect(scores.withoutEnd(3).map(\.count) == [1, 1])
  }

  @Test func `logits that are no numbers leave tokens without numbers`() throws {
    let scores = try TokenScores(
      of: try Towns.broken(), on: try Towns().encoded(Towns.forget))
    for token in scores.examples.joined() {
      #expect(token.logProbability.isNaN && token.mean.isNaN && token.variance.isNaN)
      #expect(!token.isFirst)
    }
  }

  @Test func `other targets than next tokens are refused`() throws {
    let example = EncodedExample(sequences: [[4, 5]], tokenTypes: [[0, 0]], target: .label(1))
    #expect(throws: ComputationError.self) {
      try TokenScores(of: try Towns.fixture("gpt2-sequence"), on: [example])
    }
    let far = EncodedExample(
      sequences: [[4, 5]], tokenTypes: [[0, 0]], target: .tokens([[-100, 99]]))
    #expect(throws: ComputationError.self) { try TokenScores(of: try Towns.blank(), on: [far]) }
  }
}
