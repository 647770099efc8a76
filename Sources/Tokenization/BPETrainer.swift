import Storage
import StrictJSON

/// Learns a byte-level vocabulary from texts.
///
/// The same texts in the same order give the same file, on every machine. Of pairs that occur equally often, the one
/// is merged first whose left token has the smaller number, then the one whose right token has.
public struct BPETrainer: Sendable {
  /// How many tokens the vocabulary is to have, special ones and the 256 bytes included.
  public var vocabularySize: Int
  /// Tokens that no text is split into, numbered from 0 on.
  public var specialTokens: [String]
  /// Pairs that occur less often are not merged.
  public var leastFrequency: Int
  /// Whether each digit is a word of its own.
  public var splitsDigits: Bool

  /// The largest vocabulary that is made.
  public static let vocabularyLimit = 1 << 20

  /// Makes a trainer.
  public init(
    vocabularySize: Int, specialTokens: [String] = [], leastFrequency: Int = 2,
    splitsDigits: Bool = true
  ) {
    self.vocabularySize = vocabularySize
    self.specialTokens = specialTokens
    self.leastFrequency = leastFrequency
    self.splitsDigits = splitsDigits
  }

  /// Trains, and gives the bytes of a `tokenizer.json`, in canonical form.
  ///
  /// Fewer tokens come out where no pair occurs often enough any more.
  public func train(_ texts: some Sequence<String>) throws(TokenizerError) -> [UInt8] {
    let least = 256 + specialTokens.count
    guard vocabularySize >= least, vocabularySize <= Self.vocabularyLimit else {
      throw TokenizerError(
        .vocabularySize(wanted: vocabularySize, least: least, most: Self.vocabularyLimit),
        at: "vocabularySize")
    }
    try checkSpecialTokens()
    var learner = PairLearner(
      reserved: specialTokens.map { Array($0.utf8) }, words: try countWords(texts))
    learner.learn(tokenCount: vocabularySize, leastFrequency: max(1, leastFrequency))
    return try document(learner)
  }

  /// Trains, and writes a `tokenizer.json` that appears whole or not at all.
  public func train(
    _ texts: some Sequence<String>, writingTo path: String, replacing: Bool = false
  ) throws(TokenizerError) {
    let bytes = try train(texts)
    do throws(StorageError) {
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: replacing)
    } catch { throw TokenizerError(.storage(error), at: path) }
  }

  private func checkSpecialTokens() throws(TokenizerError) {
    var seen: Set<ByteString> = []
    for (index, token) in specialTokens.enumerated() {
      let place = "specialTokens[\(index)]"
      guard !token.isEmpty, token.utf8.count <= Vocabulary.tokenByteLimit else {
        throw TokenizerError(
          .unexpected(
            found: "\(token.utf8.count) bytes",
            expected: "from 1 to \(Vocabulary.tokenByteLimit) bytes"), at: place)
      }
      // One letter of the alphabet is what a byte is written as, and cannot be both.
      let isLetter =
        token.unicodeScalars.count == 1
        && token.unicodeScalars.allSatisfy { ByteAlphabet.byte(of: $0.value) != nil }
      guard seen.insert(ByteString(token)).inserted, !isLetter else {
        throw TokenizerError(.duplicate("the token \"\(ByteString(token))\""), at: place)
      }
    }
  }

  /// The words of all texts and how often each occurs, in the order of their bytes.
  private func countWords(
    _ texts: some Sequence<String>
  ) throws(TokenizerError) -> [(word: [UInt8], count: Int)] {
    let pattern = try Pattern(regex: PreTokenizer.byteLevelPattern, at: "text")
    var steps: [PreTokenizer] = splitsDigits ? [.digits(individually: true)] : []
    // Without the alphabet's letters, which stand one to one for bytes.
    steps.append(.split(pattern, .isolated, isInverted: false))
    let preTokenizer = PreTokenizer.sequence(steps)
    var counts: [ByteString: Int] = [:]
    for text in texts {
      let bytes = Array(text.utf8)
      try AlignedText.check(bytes.count)
      var segments = Segments(original: bytes)
      try preTokenizer.apply(to: &segments)
      for piece in segments.pieces {
        counts[ByteString(bytes: Array(segments.bytes[piece.range])), default: 0] += 1
      }
    }
    return counts.sorted { $0.key < $1.key }.map { ($0.key.bytes, $0.value) }
  }

  /// The file: what is learned, and the settings under which the reference reads it alike.
  private func document(_ learner: PairLearner) throws(TokenizerError) -> [UInt8] {
    var vocabulary = JSONObject()
    for (id, token) in learner.tokens.enumerated() {
      vocabulary[ByteString(bytes: token)] = .integer(Int64(id))
    }
    let merges: [JSONValue] = learner.merges.map { merge in
      .array([
        .string(ByteString(bytes: learner.tokens[Int(merge.left)])),
        .string(ByteString(bytes: learner.tokens[Int(merge.right)])),
      ])
    }
    let added: [JSONValue] = specialTokens.enumerated().map { index, token in
      .members([
        "id": .integer(Int64(index)), "content": .text(token), "single_word": .bool(false),
        "lstrip": .bool(false), "rstrip": .bool(false), "normalized": .bool(false),
        "special": .bool(true),
      ])
    }
    let byteLevel: JSONValue = .members([
      "type": "ByteLevel", "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(true),
    ])
    let digits: JSONValue = .members(["type": "Digits", "individual_digits": .bool(true)])
    let preTokenizer: JSONValue =
      splitsDigits
      ? .members(["type": "Sequence", "pretokenizers": .array([digits, byteLevel])]) : byteLevel
    let root: JSONValue = .members([
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": .null, "pre_tokenizer": preTokenizer, "post_processor": .null,
      "decoder": byteLevel,
      "model": .members([
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
        "ignore_merges": .bool(false), "vocab": .object(vocabulary), "merges": .array(merges),
      ]),
    ])
    do throws(CanonicalJSON.EncodingError) { return try CanonicalJSON.encode(root) } catch {
      throw TokenizerError(
        .unexpected(found: "\(error)", expected: "numbers that JSON keeps"), at: "$")
    }
  }
}
