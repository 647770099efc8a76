public import Compute
import Metrics
import Tokenization
public import Training
public import Transformer

/// Many answers drawn at random in the place of one greedy answer: what the first does not say, a later one may.
///
/// Source: leak@k (arXiv 2511.04934): the expected largest score among k of n answers.
public struct SamplingAttack: Sendable, Hashable {
  /// The temperature.
  public var temperature: Double
  /// The share of probability that tokens are drawn from.
  public var mass: Double
  /// How many answers are drawn to each question.
  public var samples: Int
  /// For which numbers of answers the largest score is told, at most ``samples`` each.
  public var counts: [Int]
  /// Decides what is drawn.
  public var seed: UInt64

  /// Describes an attack.
  public init(
    temperature: Double = 1, mass: Double = 1, samples: Int = 16, counts: [Int] = [1, 4, 16],
    seed: UInt64 = 0
  ) {
    self.temperature = temperature
    self.mass = mass
    self.samples = max(1, samples)
    self.counts = Set(counts.filter { $0 > 0 }).sorted()
    self.seed = seed
  }

  /// What names the attack in records.
  public var condition: String {
    "sampled(t=\(temperature),top-p=\(mass),n=\(samples),seed=\(seed))"
  }

  /// The scores of one model's answers: for each question one of each answer that was drawn.
  public struct Scores: Sendable, Hashable {
    /// ROUGE-L recall with stemming.
    public fileprivate(set) var recalls: [[Double]]
    /// 1 where the normalised answer is the right one, else 0 (SQuAD 1.1).
    public fileprivate(set) var isExact: [[Double]]
  }

  /// Lets a model answer each question so many times.
  public func scores(
    of model: Model<Float>, on set: QuestionSet, newTokens: Int, tokensPerPass: Int
  ) throws(ComputationError) -> Scores {
    var scores = Scores(
      recalls: set.questions.map { _ in [] }, isExact: set.questions.map { _ in [] })
    var random = RandomNumbers(seed: seed)
    for _ in 0..<samples {
      let tokens = try model.answers(
        to: set.questions, end: set.end, newTokens: newTokens, tokensPerPass: tokensPerPass,
        .sampled(temperature: temperature, mass: mass), random: &random)
      var texts: [String] = []
      do throws(TokenizerError) {
        for answer in tokens { texts.append(try set.tokenizer.decode(answer)) }
      } catch { throw .mismatch("an answer can't be decoded: \(error)") }
      let answers = try AnswerScores(texts, of: set)
      guard answers.recalls.count == texts.count else {
        throw .unsupported("answers are drawn from language models alone")
      }
      for index in texts.indices {
        scores.recalls[index].append(answers.recalls[index])
        scores.isExact[index].append(answers.isExact[index] ? 1 : 0)
      }
    }
    return scores
  }
}

extension EffectEvaluation {
  /// Adds what sampled answers to the forget set's questions leak, model by model.
  public mutating func addSampling(
    _ attack: SamplingAttack, _ models: [(subject: Subject, model: Model<Float>)],
    on set: QuestionSet, newTokens: Int
  ) throws(ComputationError) {
    for (subject, model) in models {
      let scores = try attack.scores(
        of: model, on: set, newTokens: newTokens, tokensPerPass: options.tokensPerPass)
      for (name, values) in [
        (AnswerScores.rouge.variant(.recall), scores.recalls), ("exact-match", scores.isExact),
      ] {
        for count in attack.counts where count <= attack.samples {
          let leaks = values.map { scores in
            Self.numberOrNaN { () throws(Undefined) in
              try LeakAtK.expectedMaximum(of: scores, k: count)
            }
          }
          enter(mean: leaks, "leak@\(count)", "\(name).\(attack.condition)", subject, .forget)
        }
      }
    }
  }
}
