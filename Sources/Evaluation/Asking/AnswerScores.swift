public import Compute
public import Metrics
import Tokenization
public import Training
public import Transformer

/// A model's own answers to questions, read as texts and compared with the right ones.
public struct AnswerScores: Sendable, Hashable {
  /// The answers; they may hold what was to be forgotten, and stand in no record.
  public let texts: [String]
  /// For each question the tokens of its answer, none where nothing was answered; empty where answers are not generated.
  public let tokens: [[Int32]]
  /// For each generated answer its ROUGE-L recall with stemming (`rouge_score`; TOFU); empty for parts of passages.
  public let recalls: [Double]
  /// For each answer whether it equals a right one, both normalised (SQuAD).
  public let isExact: [Bool]
  /// For each answer its largest token F1 with a right one (SQuAD).
  public let f1: [Double]
  /// Which of SQuAD's scripts was followed: 2.0 where a question has no answer.
  public let rule: AnswerScore.Rule

  /// How recall was computed.
  static let rouge = ROUGE(.rougeL, stems: true)

  /// Lets a model answer.
  ///
  /// - Parameter newTokens: How many tokens an answer has at most; it only matters for generated ones.
  public init(
    of model: Model<Float>, on set: QuestionSet, newTokens: Int = 200, tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    let questions = set.questions
    let prompts = questions.indices.filter {
      if case .prompt = questions[$0].source { true } else { false }
    }
    var random = RandomNumbers(seed: 0)
    let tokens = try model.answers(
      to: prompts.map { questions[$0] }, end: set.end, newTokens: newTokens,
      tokensPerPass: tokensPerPass, .greedy, random: &random)
    var texts = Array(repeating: "", count: questions.count)
    do throws(TokenizerError) {
      for (index, answer) in zip(prompts, tokens) {
        texts[index] = try set.tokenizer.decode(answer)
      }
    } catch { throw .mismatch("an answer can't be decoded: \(error)") }
    let rule = Self.rule(of: set)
    for (index, text) in try model.spans(
      questions, canBeMissing: rule == .squad2, tokensPerPass: tokensPerPass)
    { texts[index] = text }
    var answers: [[Int32]] = prompts.isEmpty ? [] : Array(repeating: [], count: questions.count)
    for (index, answer) in zip(prompts, tokens) { answers[index] = answer }
    try self.init(texts, of: set, tokens: answers)
  }

  /// Compares answers with the right ones; as many as questions.
  public init(_ texts: [String], of set: QuestionSet) throws(ComputationError) {
    try self.init(texts, of: set, tokens: [])
  }

  private init(_ texts: [String], of set: QuestionSet, tokens: [[Int32]]) throws(ComputationError) {
    let rule = Self.rule(of: set)
    guard texts.count == set.questions.count else {
      throw .mismatch("\(texts.count) answers to \(set.questions.count) questions")
    }
    var (recalls, isExact, f1): ([Double], [Bool], [Double]) = ([], [], [])
    for (question, text) in zip(set.questions, texts) {
      if case .prompt = question.source {
        recalls.append(
          Self.rouge.score(prediction: text, reference: question.golds.first ?? "").recall)
      }
      do throws(Undefined) {
        let score = try AnswerScore(prediction: text, golds: question.golds, rule: rule)
        isExact.append(score.isExactMatch)
        f1.append(score.f1)
      } catch { throw .mismatch("an answer has no score: \(error)") }
    }
    (self.texts, self.tokens) = (texts, tokens)
    (self.recalls, self.isExact, self.f1, self.rule) = (recalls, isExact, f1, rule)
  }

  private static func rule(of set: QuestionSet) -> AnswerScore.Rule {
    set.questions.contains { $0.golds.isEmpty } ? .squad2 : .squad1
  }
}
