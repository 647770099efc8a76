import Storage
import StrictJSON
import Tokenization

extension InventedPeople {
  /// A file of examples.
  public enum Split: String, Sendable, CaseIterable {
    /// What the model that unlearns is trained on: every fact of the forgotten and the retained, in two wordings,
    /// so that facts are learned and not strings.
    case train
    /// The lines of `train` about the retained: what a model is trained on that never knew the forgotten.
    case retainTrain = "retain-train"
    /// The lines of `train` about the forgotten.
    case forgetTrain = "forget-train"
    /// The facts of the forgotten, one line each.
    case forget
    /// The facts of the retained, one line each.
    case retain
    /// The facts of the unseen, one line each.
    case test
    /// The facts of the forgotten that an attacker relearns from.
    case relearnLeak = "relearn-leak"
    /// The facts of the forgotten that the attacker does not get, where what comes back is measured.
    case relearnHeld = "relearn-held"

    /// The name of the file.
    public var fileName: String { rawValue + ".jsonl" }

    /// Whether each fact stands in both wordings.
    public var hasBothWordings: Bool {
      switch self {
      case .train, .retainTrain, .forgetTrain: true
      case .forget, .retain, .test, .relearnLeak, .relearnHeld: false
      }
    }

    /// Whether a fact belongs in the file.
    public func contains(_ fact: Fact) -> Bool {
      switch self {
      case .train: fact.group != .unseen
      case .retainTrain, .retain: fact.group == .retained
      case .forgetTrain, .forget: fact.group == .forgotten
      case .test: fact.group == .unseen
      case .relearnLeak: fact.group == .forgotten && fact.isLeaked
      case .relearnHeld: fact.group == .forgotten && !fact.isLeaked
      }
    }
  }

  /// The facts of a file, in order.
  public func facts(of split: Split) -> [Fact] { facts.filter(split.contains) }

  /// The bytes of a file: TOFU's members, and `subject`, `attribute` and `value`.
  ///
  /// The second wording, where there is one, follows on a line of its own, without paraphrase.
  public func lines(of split: Split) throws(SampleDataError) -> [UInt8] {
    var bytes: [UInt8] = []
    for fact in facts(of: split) {
      bytes += try Self.encoded(fact.json)
      bytes.append(0x0A)
      guard split.hasBothWordings else { continue }
      bytes += try Self.encoded(fact.secondWording)
      bytes.append(0x0A)
    }
    return bytes
  }

  /// The token that ends answers.
  public static let endToken = "<|endoftext|>"
  /// The token that fills rows up.
  public static let paddingToken = "<pad>"

  /// The bytes of a `tokenizer.json` learned from both wordings of all people, so that no name is made of rarer
  /// pieces than another.
  public func tokenizer() throws(SampleDataError) -> [UInt8] {
    let trainer = BPETrainer(
      vocabularySize: 4096, specialTokens: [Self.endToken, Self.paddingToken])
    var texts: [String] = []
    for fact in facts {
      texts.append("\(fact.question) \(fact.answer)")
      texts.append("\(fact.paraphrasedQuestion) \(fact.paraphrasedAnswer)")
    }
    // Every value twice at least, so that each is one token whether or not it was dealt.
    for attribute in Attribute.all where facts.contains(where: { $0.attribute == attribute.name }) {
      for value in attribute.values {
        for answer in [attribute.answer, attribute.paraphrasedAnswer] {
          texts.append(" " + answer.replacing("{value}", with: value))
        }
      }
    }
    do throws(TokenizerError) { return try trainer.train(texts) } catch { throw .tokenizer(error) }
  }

  /// The bytes of the `config.json` of a small GPT-2 that learns the facts in about a minute.
  ///
  /// 4 layers of 8 heads and 256 filters each: a tenth of either is more than one. Weights begin three times as
  /// large as is usual, which a narrow model needs to learn the facts soon.
  public func config(tokenizer: [UInt8]) throws(SampleDataError) -> [UInt8] {
    let vocabulary: Tokenizer
    do throws(TokenizerError) { vocabulary = try Tokenizer(parsing: tokenizer) } catch {
      throw .tokenizer(error)
    }
    func id(_ token: String) -> JSONValue {
      vocabulary.id(of: token).map { .integer(Int64($0)) } ?? .null
    }
    return try Self.encoded(
      .members([
        "model_type": "gpt2", "architectures": .array(["GPT2LMHeadModel"]), "n_layer": 4,
        "n_head": 8, "n_embd": 64, "n_inner": 256, "n_positions": 64,
        "vocab_size": .integer(Int64(vocabulary.vocabularySize)), "eos_token_id": id(Self.endToken),
        "bos_token_id": id(Self.endToken), "pad_token_id": id(Self.paddingToken),
        "activation_function": "gelu_new", "layer_norm_epsilon": .number("1e-05"),
        "initializer_range": .number("0.06"), "attn_pdrop": 0, "embd_pdrop": 0, "resid_pdrop": 0,
      ]), forPeople: true)
  }

  private static func encoded(_ value: JSONValue, forPeople: Bool = false) throws(SampleDataError)
    -> [UInt8]
  {
    do throws(CanonicalJSON.EncodingError) {
      return forPeople
        ? try CanonicalJSON.encodeForPeople(value, keepsNumbers: true)
        : try CanonicalJSON.encode(value)
    } catch { throw .encoding(error) }
  }
}

extension InventedPeople.Fact {
  fileprivate var json: JSONValue {
    .members([
      "subject": .text(subject), "attribute": .text(attribute), "value": .text(value),
      "question": .text(question), "answer": .text(answer),
      "paraphrased_question": .text(paraphrasedQuestion),
      "paraphrased_answer": .text(paraphrasedAnswer),
      "perturbed_answer": .array(perturbedAnswers.map { .text($0) }),
    ])
  }

  fileprivate var secondWording: JSONValue {
    .members([
      "subject": .text(subject), "attribute": .text(attribute), "value": .text(value),
      "question": .text(paraphrasedQuestion), "answer": .text(paraphrasedAnswer),
    ])
  }
}
