import Storage
import StrictJSON

/// Text to tokens and back, as a Hugging Face `tokenizer.json` describes it.
///
/// What comes out is what the `tokenizers` package gives for the same file: numbers, types, offsets and decoded text.
/// A part that is not supported, or a file that contradicts itself, is refused when it is read.
public struct Tokenizer: Sendable {
  /// Files that are longer are refused.
  public static let fileByteLimit = 64 << 20

  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
  let model: Model
  let postProcessor: PostProcessor?
  let decoder: Decoder?
  let added: AddedTokens
  let caches = WordCachePool()

  /// The truncation that the file asks for; encoding does not apply it.
  public let truncation: Truncation?
  /// The padding that the file asks for; it is not applied.
  public let padding: Padding?

  /// Reads the bytes of a `tokenizer.json`.
  public init(parsing bytes: RawSpan) throws(TokenizerError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes, byteLimit: Self.fileByteLimit, depthLimit: 32)
    } catch { throw TokenizerError(.syntax(error), at: "$") }
    try self.init(Section(JSONField(value)))
  }

  /// Reads the bytes of a `tokenizer.json`.
  public init(parsing bytes: [UInt8]) throws(TokenizerError) {
    try self.init(parsing: bytes.rawSpan)
  }

  /// Reads a `tokenizer.json`.
  public init(path: String) throws(TokenizerError) {
    let file: MappedFile
    do throws(StorageError) { file = try MappedFile(path: path) } catch {
      throw TokenizerError(.storage(error), at: path)
    }
    guard file.byteCount <= Self.fileByteLimit else {
      throw TokenizerError(
        .storage(
          StorageError(.tooLarge(limit: Self.fileByteLimit, found: file.byteCount), path: path)),
        at: path)
    }
    try self.init(parsing: file.bytes)
  }

  private init(_ root: Section) throws(TokenizerError) {
    if root["version"].isPresent, try root["version"].text() != "1.0" {
      throw root["version"].error(expected: "\"1.0\"")
    }
    model = try Model(root["model"])
    /// Reads a part that may be missing.
    func part<Part>(
      _ key: String, _ body: (Section) throws(TokenizerError) -> Part
    ) throws(TokenizerError) -> Part? {
      guard let section = root[key].optional else { return nil }
      return try body(section)
    }
    normalizer = try part("normalizer") { section throws(TokenizerError) in
      try Normalizer(section)
    }
    preTokenizer = try part("pre_tokenizer") { section throws(TokenizerError) in
      try PreTokenizer(section)
    }
    postProcessor = try part("post_processor") { section throws(TokenizerError) in
      try PostProcessor(section)
    }
    decoder = try part("decoder") { section throws(TokenizerError) in try Decoder(section) }
    truncation = try part("truncation", Truncation.init)
    padding = try part("padding", Padding.init)
    added = try AddedTokens(
      root["added_tokens"], vocabulary: model.vocabulary, normalizer: normalizer)
  }
}

extension Tokenizer {
  /// How many tokens there are, added ones included.
  public var vocabularySize: Int {
    model.vocabulary.count
      + added.tokens.count { model.vocabulary.id(of: Array($0.content.utf8)) == nil }
  }

  /// The tokens that are looked for before a text is split, in the file's order.
  public var addedTokens: [AddedToken] { added.tokens }

  /// The added tokens that decoding leaves out.
  public var specialTokens: [AddedToken] { added.tokens.filter(\.isSpecial) }

  /// The number of a token, given as the vocabulary writes it.
  public func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    return added.id(of: bytes) ?? model.vocabulary.id(of: bytes)
  }

  /// A token as the vocabulary writes it; nil where there is none of that number.
  public func token(_ id: Int32) -> String? {
    (added.decoded(id) ?? model.vocabulary.token(id)).map { String(decoding: $0, as: UTF8.self) }
  }
}
