import Storage

/// The tokens that are looked for before all else, and where they are found.
struct AddedTokens: Sendable {
  /// In the order of the file.
  let tokens: [AddedToken]
  /// The place of each number in ``tokens``.
  private let places: [Int32: Int]
  private var ids: [ByteString: Int32] = [:]
  /// What each token is when decoding: as the normaliser writes it, where it is looked for so.
  private var decoded: [Int32: [UInt8]] = [:]
  /// Texts that decoding leaves out.
  private var special: Set<ByteString> = []
  private var rawTrie: ByteTrie?
  private var normalizedTrie: ByteTrie?

  /// Reads the list, whose numbers must be those that the reference would give.
  init(
    _ section: Section, vocabulary: Vocabulary, normalizer: Normalizer?
  ) throws(TokenizerError) {
    var tokens: [AddedToken] = []
    var places: [Int32: Int] = [:]
    // What is not in the model's vocabulary is numbered from its size on.
    var next = Int32(vocabulary.count)
    for element in section.isPresent ? try section.elements() : [] {
      let token = try AddedToken(element)
      // The reference leaves these out as well.
      if token.content.isEmpty { continue }
      let bytes = Array(token.content.utf8)
      guard bytes.count <= Vocabulary.tokenByteLimit else {
        throw TokenizerError(
          .unexpected(
            found: "one of \(bytes.count) bytes",
            expected: "tokens of at most \(Vocabulary.tokenByteLimit) bytes"), at: element.path)
      }
      let key = ByteString(bytes: bytes)
      guard ids[key] == nil else {
        throw TokenizerError(.duplicate("the token \"\(key)\""), at: element.path)
      }
      let expected = vocabulary.id(of: bytes) ?? next
      guard token.id == expected else { throw element["id"].error(expected: "\(expected)") }
      if vocabulary.id(of: bytes) == nil {
        guard vocabulary.token(token.id) == nil, Int(next) < Vocabulary.idLimit - 1 else {
          throw TokenizerError(.duplicate("the number \(token.id)"), at: element["id"].path)
        }
        next += 1
      }
      ids[key] = token.id
      var written = bytes
      if token.isNormalized, let normalizer {
        var text = AlignedText(original: bytes)
        try normalizer.apply(to: &text)
        written = text.bytes
      }
      decoded[token.id] = written
      if token.isSpecial { special.insert(key) }
      let isAdded =
        token.isNormalized
        ? Self.add(written, token.id, to: &normalizedTrie)
        : Self.add(written, token.id, to: &rawTrie)
      guard isAdded else {
        throw TokenizerError(
          written.isEmpty
            ? .unexpected(found: "nothing", expected: "a text after normalisation")
            : .duplicate(
              "the text \"\(ByteString(bytes: written))\" (as the normaliser writes it)"),
          at: element.path)
      }
      places[token.id] = tokens.count
      tokens.append(token)
    }
    self.tokens = tokens
    self.places = places
  }

  private static func add(_ token: [UInt8], _ id: Int32, to trie: inout ByteTrie?) -> Bool {
    if token.isEmpty || token.count > Vocabulary.tokenByteLimit { return false }
    var grown = trie ?? ByteTrie(capacity: 64)
    trie = nil
    let isAdded = grown.add(token[...], value: id)
    trie = grown
    return isAdded
  }

  /// The number of a token.
  func id(of token: [UInt8]) -> Int32? { ids[ByteString(bytes: token)] }

  /// The text of a token.
  func content(_ id: Int32) -> [UInt8]? { places[id].map { Array(tokens[$0].content.utf8) } }

  /// What a token is when decoding.
  func decoded(_ id: Int32) -> [UInt8]? { decoded[id] }

  /// Whether decoding may leave a token out.
  func isSpecial(_ token: [UInt8]) -> Bool {
    !special.isEmpty && special.contains(ByteString(bytes: token))
  }

  /// Which of the two searches is meant.
  enum Stage {
    case raw
    case normalized
  }

  /// Makes pieces of the tokens that are found.
  func extract(
    _ stage: Stage, from segments: inout Segments, encodesSpecialTokens: Bool
  ) throws(TokenizerError) {
    guard let trie = stage == .raw ? rawTrie : normalizedTrie else { return }
    try segments.split { segments, range, pieces throws(TokenizerError) in
      find(trie, in: segments, range, encodesSpecialTokens, &pieces)
    }
  }

  private func find(
    _ trie: ByteTrie, in segments: borrowing Segments, _ range: Range<Int>,
    _ encodesSpecialTokens: Bool, _ pieces: inout [Segments.Piece]
  ) {
    let bytes = segments.bytes
    // Everything before this is in a piece already.
    var covered = range.lowerBound
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard let (id, end) = trie.longest(in: bytes, offset..<range.upperBound) else {
        offset += 1
        continue
      }
      var start = offset
      var stop = end
      // What is found is passed over, even if it does not count.
      offset = end
      guard let place = places[id] else { continue }
      let token = tokens[place]
      if encodesSpecialTokens && token.isSpecial { continue }
      if token.isWord {
        if start > range.lowerBound,
          CharacterClass.word.contains(UTF8Reading.scalar(in: bytes, before: start).value)
        {
          continue
        }
        if stop < range.upperBound,
          CharacterClass.word.contains(UTF8Reading.scalar(in: bytes, at: stop).value)
        {
          continue
        }
      }
      if token.stripsLeft {
        while start > covered {
          let (scalar, length) = UTF8Reading.scalar(in: bytes, before: start)
          guard CharacterClass.isWhiteSpace(scalar) else { break }
          start -= length
        }
        start = max(start, covered)
      }
      if token.stripsRight {
        while stop < range.upperBound {
          let (scalar, length) = UTF8Reading.scalar(in: bytes, at: stop)
          guard CharacterClass.isWhiteSpace(scalar) else { break }
          stop += length
        }
      }
      if covered < start { pieces.append(segments.piece(covered..<start)) }
      pieces.append(segments.piece(start..<stop, token: id))
      covered = stop
    }
    if covered < range.upperBound { pieces.append(segments.piece(covered..<range.upperBound)) }
  }
}
