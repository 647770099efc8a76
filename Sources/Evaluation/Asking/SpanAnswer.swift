import Architecture
import Compute
import Training
import Transformer

/// The part of a passage that a model takes for the answer.
///
/// The pair of places with the largest sum of start and end logit, the end not before the start and at most 30
/// tokens in all, both in the text; no answer where one can be missing and the first token's sum is larger.
/// Source: BERT's `run_squad` (Devlin et al., 2019), here over all pairs, and the passage in one window.
struct SpanAnswer {
  /// How many tokens an answer has at most.
  static let longest = 30

  /// The answer; empty for none.
  let text: String

  /// Reads the logits of a passage's tokens.
  init(
    starts: [Float], ends: [Float], in passage: QuestionSet.Passage, canBeMissing: Bool
  ) {
    var best = (sum: -Float.infinity, place: 0..<0)
    for start in starts.indices {
      guard let first = passage.places[start] else { continue }
      for end in start..<min(start + Self.longest, ends.count) {
        let sum = starts[start] + ends[end]
        guard let last = passage.places[end], last.upperBound >= first.lowerBound, sum > best.sum
        else { continue }
        best = (sum, first.lowerBound..<last.upperBound)
      }
    }
    if canBeMissing, let start = starts.first, let end = ends.first, start + end > best.sum {
      text = ""
    } else {
      let bytes = Array(passage.text.utf8)
      text = String(decoding: bytes[best.place.clamped(to: 0..<bytes.count)], as: UTF8.self)
    }
  }
}

extension Model<Float> {
  /// The answers to the questions that have a passage, by the question's index.
  func spans(
    _ questions: [QuestionSet.Question], canBeMissing: Bool, tokensPerPass: Int
  ) throws(ComputationError) -> [(Int, String)] {
    var passages: [(index: Int, passage: QuestionSet.Passage)] = []
    for (index, question) in questions.enumerated() {
      if case .passage(let passage) = question.source { passages.append((index, passage)) }
    }
    guard !passages.isEmpty else { return [] }
    guard plan.output?.map.outputs == 2 else {
      throw .unsupported("the model does not point at places of a passage")
    }
    var answers: [(Int, String)] = []
    for pass in EncodedExample.passes(passages.map(\.passage.tokens.count), tokens: tokensPerPass) {
      let part = passages[pass]
      let batch = Batch(
        part.map(\.passage.tokens), tokenTypes: part.map(\.passage.tokenTypes))
      let logits = try computing { () throws(InputError) in
        try self.logits(self.forward(batch))
      }
      for (sequence, (index, passage)) in zip(batch.sequences, part) {
        let answer = SpanAnswer(
          starts: sequence.map { logits[$0, 0] }, ends: sequence.map { logits[$0, 1] },
          in: passage, canBeMissing: canBeMissing)
        answers.append((index, answer.text))
      }
    }
    return answers
  }
}
