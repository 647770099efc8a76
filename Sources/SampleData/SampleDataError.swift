public import StrictJSON
public import Tokenization

/// Why no data were made.
public enum SampleDataError: Error, Sendable, CustomStringConvertible {
  /// Sizes that do not fit each other or the lists of words.
  case sizes(String)
  /// The texts make no tokenizer.
  case tokenizer(TokenizerError)
  /// A value has no canonical form.
  case encoding(CanonicalJSON.EncodingError)

  /// What is wrong, in one line.
  public var description: String {
    switch self {
    case .sizes(let words): words
    case .tokenizer(let error): error.description
    case .encoding(let error): "\(error)"
    }
  }
}
