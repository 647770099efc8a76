public import Training

/// A change of questions that leaves their meaning: what was forgotten must stay so however it is asked.
///
/// Source: Thaker et al. 2024 (arXiv 2410.02879), Lynch et al. 2024 (arXiv 2402.16835).
public enum PromptChange: String, Sendable, Hashable, CaseIterable {
  /// The question in other words, which the data have (`paraphrased_question`).
  case paraphrase
  /// In small letters.
  case lowercase
  /// Without punctuation.
  case unpunctuated
  /// Two neighbouring letters of every fifth word, from the third on, are swapped.
  case typos
  /// With a polite beginning.
  case polite
  /// After a sentence that has nothing to do with it.
  case distraction

  /// What names the change in records.
  public var condition: String { "prompt.\(rawValue)" }

  /// The changed examples; those that have no question, or that the change does not touch, are left out.
  ///
  /// - Returns: The examples, and the place of each among the given ones.
  public func applied(to examples: [Example]) -> (examples: [Example], places: [Int]) {
    var changed: [Example] = []
    var places: [Int] = []
    for (place, example) in examples.enumerated() {
      guard case .answered(var answered) = example, let question = question(answered),
        question != answered.question
      else { continue }
      answered.question = question
      changed.append(.answered(answered))
      places.append(place)
    }
    return (changed, places)
  }

  private func question(_ answered: Example.Answered) -> String? {
    let text = answered.question
    switch self {
    case .paraphrase: return answered.paraphrasedQuestion
    case .lowercase: return text.lowercased()
    case .unpunctuated: return String(text.filter { !$0.isPunctuation })
    case .polite: return "Could you please tell me: " + text
    case .distraction: return "The weather was fine on that day. " + text
    case .typos: return Self.withTypos(text)
    }
  }

  private static func withTypos(_ text: String) -> String {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map { Array($0) }
    for index in words.indices where index % 5 == 2 {
      let middle = words[index].count / 2
      guard middle > 0, words[index][middle].isLetter, words[index][middle - 1].isLetter else {
        continue
      }
      words[index].swapAt(middle - 1, middle)
    }
    return words.map { String($0) }.joined(separator: " ")
  }
}
