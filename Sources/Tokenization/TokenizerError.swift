public import Storage
public import StrictJSON

/// Why a tokenizer could not be read, or could not do what was asked, and where.
public struct TokenizerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  public enum Reason: Hashable, Sendable {
    /// The file could not be read or written.
    case storage(StorageError)
    /// The text is not the JSON that is read here.
    case syntax(JSONError)
    /// A value is missing or is not what can stand there.
    case unexpected(found: String, expected: String)
    /// A part that is known and not supported, or not known.
    case unsupported(String)
    /// A merge or a setting names a token that the vocabulary does not have.
    case notInVocabulary(ByteString)
    /// Two entries claim the same token or the same number.
    case duplicate(String)
    /// A pattern that cannot be compiled; the words of the compiler.
    case pattern(String)
    /// Matching a pattern took more steps than are allowed.
    case patternTooCostly
    /// A text has something that the vocabulary lacks, and there is no token for the unknown.
    case noUnknownToken
    /// More tokens are added around a text than may be given.
    case limitTooSmall(limit: Int, added: Int)
    /// A text is longer than is encoded at once.
    case textTooLong(limit: Int)
    /// A vocabulary of this size cannot be trained.
    case vocabularySize(wanted: Int, least: Int, most: Int)
  }

  /// The rule that was broken.
  public var reason: Reason
  /// The place in the document, from its root: `$.model.merges[17]`; the path of a file; or a word for what was done.
  public var place: String

  /// Makes an error for a place.
  public init(_ reason: Reason, at place: String) {
    self.reason = reason
    self.place = place
  }

  /// What and where, in one line.
  public var description: String {
    if case .storage(let error) = reason { return error.description }
    return "\(place): \(reason.text)"
  }
}

extension TokenizerError.Reason {
  /// The rule in words.
  public var text: String {
    switch self {
    case .storage(let error): error.description
    case .syntax(let error): error.description
    case .unexpected(let found, let expected): "found \(found), expected \(expected)"
    case .unsupported(let what): "\(what) is not supported"
    case .notInVocabulary(let token): "the vocabulary has no token \"\(token)\""
    case .duplicate(let what): "\(what) is given twice"
    case .pattern(let words): "the pattern cannot be used: \(words)"
    case .patternTooCostly: "matching the pattern takes too many steps"
    case .noUnknownToken:
      "the text has what the vocabulary lacks, and no token stands for the unknown"
    case .limitTooSmall(let limit, let added):
      "at most \(limit) tokens are wanted, and \(added) are added to every text"
    case .textTooLong(let limit): "the text is longer than \(limit) bytes"
    case .vocabularySize(let wanted, let least, let most):
      "a vocabulary of \(wanted) tokens is wanted, from \(least) to \(most) can be made"
    }
  }
}
