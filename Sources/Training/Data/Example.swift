/// One line of a data file, as people have them.
public enum Example: Sendable, Hashable {
  /// A text to be continued token by token: `text`.
  case text(String)
  /// A question with its answer: `question` and `answer`, or `prompt` and `completion` (MUSE: `gt`); with TOFU's
  /// wordings where they are given.
  case answered(Answered)
  /// A sentence, or a pair, of a class: `sentence` (or `text`, `sentence1`, `question`, `premise`),
  /// `sentence2` (or `hypothesis`) and `label`.
  case labelled(first: String, second: String?, label: Int)
  /// A question whose answer is a part of a context, as in SQuAD.
  case span(Span)
  /// A question and its possible answers: `question`, `choices`, and `answer` by its number from 0.
  case choice(question: String, choices: [String], right: Int)
  /// Words, each of a class: `tokens` and `tags` (or `ner_tags`).
  case tagged(words: [String], tags: [Int])

  /// A question with its answer.
  public struct Answered: Sendable, Hashable {
    /// What is asked.
    public var question: String
    /// What is answered.
    public var answer: String
    /// The same question in other words.
    public var paraphrasedQuestion: String?
    /// The same answer in other words.
    public var paraphrasedAnswer: String?
    /// Answers of the same form that are wrong.
    public var perturbedAnswers: [String]

    /// Makes an example.
    public init(
      question: String, answer: String, paraphrasedQuestion: String? = nil,
      paraphrasedAnswer: String? = nil, perturbedAnswers: [String] = []
    ) {
      self.question = question
      self.answer = answer
      self.paraphrasedQuestion = paraphrasedQuestion
      self.paraphrasedAnswer = paraphrasedAnswer
      self.perturbedAnswers = perturbedAnswers
    }
  }

  /// A question whose answer is a part of a context.
  public struct Span: Sendable, Hashable {
    /// What is asked.
    public var question: String
    /// Where the answer is.
    public var context: String
    /// Right answers; none where the context has none (SQuAD 2.0).
    public var answers: [String]
    /// Where the first answer begins and ends, in bytes of the context's UTF-8.
    public var place: Range<Int>?

    /// Makes an example.
    public init(question: String, context: String, answers: [String], place: Range<Int>?) {
      self.question = question
      self.context = context
      self.answers = answers
      self.place = place
    }
  }
}
