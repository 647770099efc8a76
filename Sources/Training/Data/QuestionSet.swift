import Architecture
public import Tokenization

/// Questions with the texts of their right answers, for answers that are read as text.
public struct QuestionSet: Sendable {
  /// One question.
  public struct Question: Sendable, Hashable {
    /// Where its answer comes from.
    public var source: Source
    /// The right answers; none where there is no answer (SQuAD 2.0).
    public var golds: [String]

    /// Makes a question.
    public init(_ source: Source, golds: [String]) {
      self.source = source
      self.golds = golds
    }
  }

  /// Where an answer comes from.
  public enum Source: Sendable, Hashable {
    /// It continues a prompt; the right answer has so many tokens, the one that ends it left out.
    case prompt([Int32], answerTokens: Int)
    /// It is a part of a passage.
    case passage(Passage)
  }

  /// A question and a text that holds its answer, in tokens.
  public struct Passage: Sendable, Hashable {
    /// The tokens of the question and, as far as it fits, of the text.
    public var tokens: [Int32]
    /// The segment of each token.
    public var tokenTypes: [Int32]
    /// Where each token stands in the text, in bytes of its UTF-8; nil for tokens that are not of the text.
    public var places: [Range<Int>?]
    /// The text.
    public var text: String

    /// Makes a passage; as many segments and places as tokens.
    public init(tokens: [Int32], tokenTypes: [Int32], places: [Range<Int>?], text: String) {
      self.tokens = tokens
      self.tokenTypes = tokenTypes
      self.places = places
      self.text = text
    }
  }

  /// The questions, in the order of their file.
  public var questions: [Question]
  /// Makes text of tokens.
  public let tokenizer: Tokenizer
  /// The token that ends an answer; nil for none.
  public let end: Int32?

  /// Puts questions together.
  public init(_ questions: [Question], tokenizer: Tokenizer, end: Int32?) {
    self.questions = questions
    self.tokenizer = tokenizer
    self.end = end
  }
}

extension ExampleEncoder {
  /// The first questions of a file, at most so many; none where its examples or the task have no answer in words.
  ///
  /// A language model's question is the prompt alone: what a template puts behind it would stand before the
  /// answer.
  public func questions(of file: DataFile, limit count: Int) throws(DataError) -> QuestionSet {
    try questions(of: file.examples, limit: count, name: file.path)
  }

  /// The same of examples; errors name them as those of a file of this name.
  public func questions(
    of examples: [Example], limit count: Int, name: String
  ) throws(DataError) -> QuestionSet {
    var questions: [QuestionSet.Question] = []
    for (index, example) in examples.enumerated() {
      if questions.count >= count { break }
      do throws(DataError) {
        if let question = try question(example) { questions.append(question) }
      } catch { throw DataError("\(name): example \(index + 1): \(error)") }
    }
    return QuestionSet(questions, tokenizer: tokenizer, end: end)
  }

  private func question(_ example: Example) throws(DataError) -> QuestionSet.Question? {
    switch (task, example) {
    case (.languageModel, .answered(let answered)):
      return try question(answered.question, answer: answered.answer)
    case (.languageModel, .choice(let question, let choices, let right)):
      return try self.question(question, answer: choices[right])
    case (.questionAnswering, .span(let span)): return try question(span)
    default: return nil
    }
  }

  private func question(_ text: String, answer: String) throws(DataError) -> QuestionSet.Question {
    let encoding = try tokens(format.prompt(text), limit: limit)
    let last = encoding.isSpecial.lastIndex(of: false) ?? encoding.count - 1
    let open = ExampleEncoder(tokenizer, task: task, limit: limit, format: format)
    return QuestionSet.Question(
      .prompt(
        Array(encoding.ids.prefix(last + 1)),
        answerTokens: try open.answer(answer, to: text).labelCount),
      golds: [answer])
  }

  private func question(_ span: Example.Span) throws(DataError) -> QuestionSet.Question {
    let encoding = try tokens(span.question, pair: span.context, limit: limit)
    let places = encoding.offsets.indices.map {
      encoding.texts[$0] == 1 ? encoding.offsets[$0] : nil
    }
    return QuestionSet.Question(
      .passage(
        QuestionSet.Passage(
          tokens: encoding.ids, tokenTypes: encoding.typeIDs, places: places, text: span.context)),
      golds: span.answers)
  }
}
