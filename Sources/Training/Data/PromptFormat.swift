/// How a question becomes the text before its answer.
public struct PromptFormat: Sendable, Hashable {
  /// The text with `{question}` in it; the answer follows it.
  public let template: String
  /// What stands between the text and the answer.
  public let separator: String

  /// The question as it is, then the answer after a space.
  public static let plain = PromptFormat(
    checked: "{question}", separator: " ")
  /// The question and the answer, each named.
  public static let named = PromptFormat(
    checked: "Question: {question}\nAnswer:", separator: " ")
  /// The question as it is, and the answer right after it: for `prompt` and `completion`.
  public static let bare = PromptFormat(
    checked: "{question}", separator: "")

  /// The formats that have a name.
  public static let known: [String: PromptFormat] = [
    "plain": .plain, "named": .named, "bare": .bare,
  ]

  /// Makes a format; nil where `{question}` does not come exactly once.
  public init?(template: String, separator: String) {
    guard template.split(separator: "{question}", omittingEmptySubsequences: false).count == 2
    else { return nil }
    self.init(checked: template, separator: separator)
  }

  private init(checked template: String, separator: String) {
    self.template = template
    self.separator = separator
  }

  /// The text before the answer.
  public func prompt(_ question: String) -> String {
    template.split(separator: "{question}", omittingEmptySubsequences: false)
      .joined(separator: question)
  }
}
