import Compute
import Training
import Transformer

/// Answers of one token each after the same prompt: their likelihoods stand in one row of logits, so that the
/// prompt is computed once, not once for each answer.
struct SharedPrompt {
  /// The prompt with the first answer, whose label is the only one.
  let example: EncodedExample
  /// Each answer's token.
  let tokens: [Int32]

  /// Looks whether answers are of this form; nil where they are not.
  init?(_ answers: [EncodedExample]) {
    guard let first = answers.first, let sequence = first.sequences.first else { return nil }
    var tokens: [Int32] = []
    for answer in answers {
      guard answer.sequences.count == 1, answer.labelCount == 1,
        case .tokens(let labels) = answer.target, let token = labels[0].last, token >= 0,
        answer.sequences[0].dropLast() == sequence.dropLast()
      else { return nil }
      tokens.append(token)
    }
    (example, self.tokens) = (first, tokens)
  }

  /// The log-likelihood of each answer of each prompt, in nats.
  static func logLikelihoods(
    _ prompts: [SharedPrompt], _ model: Model<Float>, tokensPerPass: Int
  ) throws(ComputationError) -> [[Double]] {
    var likelihoods: [[Double]] = []
    let examples = prompts.map(\.example)
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "evaluated") {
      guard case .tokens(let labels) = pass.targets else { continue }
      let rows = labels.indices.filter { labels[$0] >= 0 }.map { Int32($0) }
      let logits = try computing { () throws(InputError) in
        let forward = try model.forward(pass.batch, for: pass.targets)
        return try model.logits(forward, rows: rows)
      }
      let part = prompts[pass.range]
      var values = part.map { Array(repeating: 0.0, count: $0.tokens.count) }
      for answer in 0..<(part.map(\.tokens.count).max() ?? 0) {
        let labels = part.map { answer < $0.tokens.count ? $0.tokens[answer] : ignoredLabel }
        if let label = labels.first(where: { Int($0) >= logits.columns }) {
          throw .mismatch("a label is \(label), the model has \(logits.columns) outputs")
        }
        let found = model.workers.logSoftmax(logits, labels: labels).logProbabilities
        for index in values.indices where answer < values[index].count {
          values[index][answer] = Double(found[index])
        }
      }
      likelihoods += values
    }
    return likelihoods
  }
}
