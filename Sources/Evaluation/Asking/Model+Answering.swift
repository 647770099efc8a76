import Architecture
import Compute
import Training
import Transformer

/// Answers to questions.
extension Model<Float> {
  /// Continues prompts until an answer ends.
  ///
  /// An answer has at most `newTokens` tokens; where no token ends it, also at most twice as many as the right
  /// one; and no more than the model has positions for. No answer depends on those beside it but for rounding.
  ///
  /// - Returns: The tokens of each answer, without the one that ended it; none for a question with no tokens or
  ///   with a passage.
  func answers(
    to questions: [QuestionSet.Question], end: Int32?, newTokens: Int, tokensPerPass: Int,
    _ choice: GenerationOptions.Choice, random: inout RandomNumbers
  ) throws(ComputationError) -> [[Int32]] {
    let requests = questions.map {
      AnswerRequest(
        $0, hasEnd: end != nil, newTokens: newTokens, positions: plan.sequenceLimit)
    }
    var answers = Array(repeating: [Int32](), count: questions.count)
    for batch in AnswerRequest.batches(requests, tokens: tokensPerPass) {
      let longest = batch.reduce(0) { max($0, requests[$1].limit) }
      let generated = try computing { () throws(InputError) in
        try generate(
          batch.map { requests[$0].prompt },
          GenerationOptions(choice, limit: longest, ends: end.map { [$0] } ?? []), random: &random)
      }
      for (index, result) in zip(batch, generated) {
        answers[index] = Array(result.tokens.prefix(requests[index].limit))
      }
    }
    return answers
  }
}

/// A prompt, and how many tokens may follow it.
private struct AnswerRequest {
  var prompt: [Int32] = []
  /// How many tokens the answer has at most.
  var limit = 0
  /// How many there are positions for; the last token is not read again.
  var room = 0

  init(_ question: QuestionSet.Question, hasEnd: Bool, newTokens: Int, positions: Int) {
    guard case .prompt(let tokens, let answerTokens) = question.source, !tokens.isEmpty else {
      return
    }
    prompt = tokens
    room = max(0, positions - tokens.count + 1)
    limit = max(0, min(newTokens, room, hasEnd ? .max : 2 * answerTokens))
  }

  /// Requests that are answered together: the longest answer of a batch must fit behind its longest prompt.
  static func batches(_ requests: [AnswerRequest], tokens: Int) -> [[Int]] {
    var batches: [[Int]] = []
    var batch: [Int] = []
    var (limit, room, longest) = (0, Int.max, 0)
    for (index, request) in requests.enumerated() where request.limit > 0 {
      let next = (
        limit: max(limit, request.limit), room: min(room, request.room),
        longest: max(longest, request.prompt.count)
      )
      // Every sequence of a batch has room for the longest answer.
      let size = (next.longest + next.limit) * (batch.count + 1)
      if !batch.isEmpty, next.limit > next.room || size > tokens {
        batches.append(batch)
        batch = []
        (limit, room, longest) = (request.limit, request.room, request.prompt.count)
      } else {
        (limit, room, longest) = next
      }
      batch.append(index)
    }
    if !batch.isEmpty { batches.append(batch) }
    return batches
  }
}
