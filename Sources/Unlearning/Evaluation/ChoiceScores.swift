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
  ) throws(MethodError) {
    letters = try Self.items(model, set, .letters, tokensPerPass)
    texts = try Self.items(model, set, .texts, tokensPerPass)
  }

  private static func items(
    _ model: Model<Float>, _ set: ChoiceSet, _ wording: ChoiceSet.Wording, _ tokensPerPass: Int
  ) throws(MethodError) -> [MultipleChoiceItem] {
    guard !set.items.isEmpty else { return [] }
    let scores = try ExampleScores(
      of: model, on: set.items.flatMap { $0[wording] }, tokensPerPass: tokensPerPass)
    var items: [MultipleChoiceItem] = []
    var at = 0
    for item in set.items {
      let choices = item.byteCounts.indices.map {
        MultipleChoiceItem.Choice(
          logLikelihood: -scores.losses[at + $0], byteCount: item.byteCounts[$0],
          tokenCount: scores.counts[at + $0])
      }
      at += choices.count
      do throws(Undefined) {
        items.append(try MultipleChoiceItem(choices: choices, answer: item.right))
      } catch { throw .mismatch("a question of \(set.name): \(error)") }
    }
    return items
  }
}
