import Architecture
import Metrics
import Tokenization
public import Training

/// Prompts whose continuations are compared with the right ones by ROUGE-L F1, as MUSE does.
///
/// Source: Shi et al. 2024 (arXiv 2407.06460) and its code: no stemming.
public struct ContinuationSet: Sendable {
  /// Which of MUSE's two tasks.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A passage's beginning is continued: up to 128 tokens.
    case verbatim = "verbmem"
    /// A question is answered after examples: up to 32 tokens, cut where a next question would begin.
    case knowledge = "knowmem"

    /// How many tokens a continuation has at most.
    public var newTokens: Int { self == .verbatim ? 128 : 32 }

    /// Where a continuation ends, whichever comes first.
    private var stops: [String] {
      self == .verbatim ? [] : ["\n\n", "\nQuestion", "Question:"]
    }

    /// A continuation up to where it ends.
    func cut(_ text: String) -> String {
      var text = text
      for stop in stops {
        if let range = text.firstRange(of: stop) { text = String(text[..<range.lowerBound]) }
      }
      return text
    }
  }

  /// The task.
  public let kind: Kind
  /// Of what the prompts are.
  public let part: EffectEvaluation.Part
  /// How many examples stand before each question.
  public let shots: Int
  /// The prompts and the right continuations.
  public let questions: QuestionSet

  /// Takes the first prompts of a file.
  ///
  /// - Parameter examples: What stands before each question; of no use to verbatim continuation.
  public init(
    _ kind: Kind, _ part: EffectEvaluation.Part, of file: DataFile, after examples: DataFile?,
    _ encoder: ExampleEncoder, limit: Int
  ) throws(DataError) {
    guard encoder.task == .languageModel else {
      throw DataError("\(file.path): \(kind.rawValue) needs a language model")
    }
    var prefix = ""
    var shots = 0
    if kind == .knowledge, let examples {
      for (question, answer) in try Self.pairs(examples) {
        prefix += "Question: \(question)\nAnswer: \(answer)\n\n"
        shots += 1
      }
    }
    var prompts: [Example] = []
    for (question, answer) in try Self.pairs(file).prefix(limit) {
      let prompt =
        kind == .verbatim ? question : "\(prefix)Question: \(question)\nAnswer:"
      prompts.append(.answered(Example.Answered(question: prompt, answer: answer)))
    }
    guard !prompts.isEmpty else { throw DataError("\(file.path): there are no questions") }
    let plain = ExampleEncoder(
      encoder.tokenizer, task: encoder.task, limit: encoder.limit, format: .plain,
      end: encoder.end)
    self.questions = try plain.questions(of: prompts, limit: limit, name: file.path)
    (self.kind, self.part, self.shots) = (kind, part, shots)
  }

  private static func pairs(_ file: DataFile) throws(DataError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for (index, example) in file.examples.enumerated() {
      guard case .answered(let answered) = example else {
        throw DataError("\(file.path): example \(index + 1): expected question and answer")
      }
      pairs.append((answered.question, answered.answer))
    }
    return pairs
  }

  /// What names the task's bounds in records.
  var variant: String {
    let rouge = ROUGE(.rougeL, stems: false).variant(.f1)
    return kind == .verbatim
      ? "\(rouge).greedy(\(kind.newTokens))"
      : "\(rouge).greedy(\(kind.newTokens)).\(shots)-shot"
  }
}
