public import Compute
public import Metrics
public import Training
public import Transformer

/// How likely a language model takes each answer of multiple-choice questions to be.
public struct ChoiceScores: Sendable, Hashable {
  /// The questions with their answers named by letters; compared as they are.
  public let letters: [MultipleChoiceItem]
  /// The questions with their answers in their own words; compared by bytes.
  public let texts: [MultipleChoiceItem]

  /// Scores each answer after its prompt.
  public init(
    of model: Model<Float>, on set: ChoiceSet, tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    letters = try Self.items(model, set, .letters, tokensPerPass)
    texts = try Self.items(model, set, .texts, tokensPerPass)
  }

  private static func items(
    _ model: Model<Float>, _ set: ChoiceSet, _ wording: ChoiceSet.Wording, _ tokensPerPass: Int
  ) throws(ComputationError) -> [MultipleChoiceItem] {
    guard !set.items.isEmpty else { return [] }
    let answers = set.items.map { $0[wording] }
    let likelihoods = try logLikelihoods(model, answers, tokensPerPass)
    var items: [MultipleChoiceItem] = []
    for (index, item) in set.items.enumerated() {
      let choices = item.byteCounts.indices.map {
        MultipleChoiceItem.Choice(
          logLikelihood: likelihoods[index][$0], byteCount: item.byteCounts[$0],
          tokenCount: answers[index][$0].labelCount)
      }
      do throws(Undefined) {
        items.append(try MultipleChoiceItem(choices: choices, answer: item.right))
      } catch { throw .mismatch("a question of \(set.name): \(error)") }
    }
    return items
  }

  /// The log-likelihood of each answer of each question, in nats.
  private static func logLikelihoods(
    _ model: Model<Float>, _ answers: [[EncodedExample]], _ tokensPerPass: Int
  ) throws(ComputationError) -> [[Double]] {
    let shared = answers.compactMap { SharedPrompt($0) }
    if shared.count == answers.count {
      return try SharedPrompt.logLikelihoods(shared, model, tokensPerPass: tokensPerPass)
    }
    let losses = try ExampleScores(
      of: model, on: Array(answers.joined()), tokensPerPass: tokensPerPass
    ).losses
    return ExampleScores.parted(losses.map { -$0 }, like: answers)
  }
}
