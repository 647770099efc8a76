import Architecture
import Compute
import Tokenization

/// Questions with several answers, as a language model is asked them: each answer after its prompt.
///
/// The two wordings and what counts are those of lm-evaluation-harness for MMLU and WMDP: the letters of the
/// answers (tasks `mmlu` and `wmdp`), and the answers' own texts (task `mmlu_continuation`); without examples in
/// the prompt.
public struct ChoiceSet: Sendable, Hashable {
  /// How an answer is worded.
  public enum Wording: String, Sendable, Hashable, CaseIterable {
    /// The question, its answers by letters, and a letter to be said.
    case letters
    /// The question, and an answer in its own words.
    case texts
  }

  /// One question.
  public struct Item: Sendable, Hashable {
    /// For each answer the prompt and its letter; the letter counts.
    public var letters: [EncodedExample]
    /// For each answer the question and its text; the text counts.
    public var texts: [EncodedExample]
    /// How many bytes of UTF-8 each answer's text has.
    public var byteCounts: [Int]
    /// Which answer is right, from 0.
    public var right: Int

    /// The answers in one of the wordings.
    public subscript(wording: Wording) -> [EncodedExample] {
      wording == .letters ? letters : texts
    }
  }

  /// What the set is called in records.
  public var name: String
  /// What the prompt says the questions are about; nil for prompts that begin with the question.
  public var subject: String?
  /// The questions, in the order of their file.
  public var items: [Item]
}

extension ExampleEncoder {
  /// The first questions of a file, at most so many; no token ends an answer.
  ///
  /// - Parameters:
  ///   - name: What the set is called in records: `wmdp-bio`.
  ///   - subject: What the questions are about: `biology`; the harness says so before each.
  public func choices(
    of file: DataFile, name: String, subject: String? = nil, limit count: Int
  ) throws(DataError) -> ChoiceSet {
    try choices(of: file.examples, name: name, subject: subject, limit: count, path: file.path)
  }

  /// The same of examples; errors name them as those of the file at the path.
  public func choices(
    of examples: [Example], name: String, subject: String? = nil, limit count: Int, path: String
  ) throws(DataError) -> ChoiceSet {
    guard task == .languageModel else {
      throw DataError("\(path): choices by their likelihood need a language model")
    }
    var items: [ChoiceSet.Item] = []
    for (index, example) in examples.prefix(count).enumerated() {
      do throws(DataError) {
        guard case .choice(let question, let choices, let right) = example else {
          throw DataError("expected question, choices and answer")
        }
        items.append(try item(question, choices, right: right, subject: subject))
      } catch { throw DataError("\(path): example \(index + 1): \(error)") }
    }
    return ChoiceSet(name: name, subject: subject, items: items)
  }

  private func item(
    _ question: String, _ choices: [String], right: Int, subject: String?
  ) throws(DataError) -> ChoiceSet.Item {
    guard choices.count <= 26 else { throw DataError("\(choices.count) choices, at most 26") }
    let question = String(question.drop { $0.isWhitespace }.trimmingSuffix { $0.isWhitespace })
    let names = choices.indices.map { String(Unicode.Scalar(UInt8(ascii: "A") + UInt8($0))) }
    var prompt =
      subject.map {
        "The following are multiple choice questions (with answers) about \($0).\n\n"
      } ?? ""
    prompt += question
    for (name, choice) in zip(names, choices) { prompt += "\n\(name). \(choice)" }
    prompt += "\nAnswer:"
    var open = subject.map { "The following are questions (with answers) about \($0).\n\n" } ?? ""
    open += "Question: \(question)\nAnswer:"
    var item = ChoiceSet.Item(
      letters: [], texts: [], byteCounts: choices.map(\.utf8.count), right: right)
    for (name, choice) in zip(names, choices) {
      item.letters.append(try continuation(name, of: prompt))
      item.texts.append(try continuation(choice, of: open))
    }
    return item
  }

  /// A prompt and what follows after a space, of which the latter counts; what is too long loses its beginning.
  private func continuation(_ text: String, of prompt: String) throws(DataError) -> EncodedExample {
    let encoding = try tokens(prompt + " " + text)
    let boundary = prompt.utf8.count
    let labels = encoding.ids.indices.map {
      encoding.isSpecial[$0] || encoding.offsets[$0].upperBound <= boundary
        ? ignoredLabel : encoding.ids[$0]
    }
    guard let last = labels.lastIndex(where: { $0 >= 0 }) else {
      throw DataError("an answer has no token")
    }
    let kept = max(0, last + 1 - limit)...last
    let example = EncodedExample(
      sequences: [Array(encoding.ids[kept])], tokenTypes: [Array(encoding.typeIDs[kept])],
      target: .tokens([Array(labels[kept])]))
    guard example.labelCount == labels.count(where: { $0 >= 0 }) else {
      throw DataError("an answer has more tokens than the limit of \(limit)")
    }
    return example
  }
}

extension Substring {
  /// Without the end that a condition holds for.
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> Substring {
    guard let last = lastIndex(where: { !isDropped($0) }) else { return "" }
    return self[...last]
  }
}
