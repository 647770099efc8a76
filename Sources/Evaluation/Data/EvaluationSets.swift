import Architecture
public import Tokenization
public import Training

/// What models are asked: the examples of a request, questions to answer, choices, and what should be kept.
public struct EvaluationSets: Sendable {
  /// How many examples are looked at: the first of each file.
  public struct Limits: Sendable, Hashable {
    /// Questions of each set whose answers are generated, and examples of each utility set.
    public var questions: Int
    /// Multiple-choice questions of each set.
    public var choices: Int

    /// Sets limits.
    public init(questions: Int = 100, choices: Int = 200) {
      self.questions = questions
      self.choices = choices
    }
  }

  /// The examples whose labels are scored; no entry, or none in it, where a set was not given.
  public var examples: [EffectEvaluation.Part: [EncodedExample]]
  /// Makes texts of tokens, where the models are language models.
  public var tokenizer: Tokenizer?
  /// The token that ends answers; nil for none.
  public var end: Int32?
  /// Right and wrong answers to the forget set's questions; empty where the data have none.
  public var truth: TruthExamples
  /// Questions of the forget, the retain and the test set.
  public var questions: [EffectEvaluation.Part: QuestionSet]
  /// Sets of multiple-choice questions.
  public var choices: [ChoiceSet]
  /// MUSE's prompts.
  public var continuations: [ContinuationSet] = []
  /// What model utility is made of: the retain set, and others; empty where the retain set has no wrong answers.
  public var utility: [UtilitySet]

  /// Puts sets together.
  public init(
    examples: [EffectEvaluation.Part: [EncodedExample]] = [:],
    truth: TruthExamples = TruthExamples(),
    questions: [EffectEvaluation.Part: QuestionSet] = [:], choices: [ChoiceSet] = [],
    utility: [UtilitySet] = []
  ) {
    self.examples = examples
    self.truth = truth
    self.questions = questions
    self.choices = choices
    self.utility = utility
  }

  /// A file with the name that its set has in records.
  public struct NamedFile: Sendable {
    /// What the set is called in records: `world-facts`.
    public var name: String
    /// The examples.
    public var file: DataFile
    /// What the questions are about, for multiple choice; nil for nothing to be said.
    public var subject: String?

    /// Names a file.
    public init(_ name: String, _ file: DataFile, subject: String? = nil) {
      self.name = name
      self.file = file
      self.subject = subject
    }
  }

  /// Takes from files what the encoder's task can be asked.
  ///
  /// - Parameters:
  ///   - utility: Sets beside the retain set, such as TOFU's real authors and world facts.
  ///   - choices: Multiple-choice questions, such as those of WMDP and MMLU.
  public init(
    _ encoder: ExampleEncoder, forget: DataFile? = nil, retain: DataFile? = nil,
    test: DataFile? = nil,
    utility: [NamedFile] = [], choices: [NamedFile] = [], limits: Limits = Limits()
  ) throws(DataError) {
    self.init()
    let parts: [(EffectEvaluation.Part, DataFile?)] = [
      (.forget, forget), (.retain, retain), (.test, test),
    ]
    for (part, file) in parts {
      guard let file else { continue }
      examples[part] = try encoder.encode(file)
      let set = try encoder.questions(of: file, limit: limits.questions)
      if !set.questions.isEmpty { questions[part] = set }
    }
    if encoder.task == .languageModel {
      (tokenizer, end) = (encoder.tokenizer, encoder.end)
      if let forget { truth = try TruthExamples(of: forget, encoder) }
      var kept: UtilitySet?
      if let retain {
        kept = try UtilitySet("retain", .retained, of: retain, encoder, limit: limits.questions)
      }
      if let kept { self.utility.append(kept) }
      for named in utility {
        guard
          let set = try UtilitySet(
            named.name, .general, of: named.file, encoder, limit: limits.questions)
        else {
          throw DataError("\(named.file.path): no example has a question with perturbed answers")
        }
        if kept != nil { self.utility.append(set) }
      }
    } else if let first = utility.first {
      throw DataError("\(first.file.path): model utility needs a language model")
    }
    for named in choices {
      self.choices.append(
        try encoder.choices(
          of: named.file, name: named.name, subject: named.subject, limit: limits.choices))
    }
  }
}
