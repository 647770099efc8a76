extension Tokenizer {
  /// Makes tokens of a text, or of a pair of texts.
  ///
  /// - Parameters:
  ///   - addsSpecialTokens: Whether the file's template adds its tokens.
  ///   - encodesSpecialTokens: Whether special tokens that a text spells out are taken as plain text.
  ///   - limit: How many tokens there may be at most, added ones included; the ends of texts are cut off, and of two
  ///     texts the longer one first.
  /// - Complexity: O(n log n) for n bytes.
  public func encode(
    _ text: String, pair: String? = nil, addsSpecialTokens: Bool = true,
    encodesSpecialTokens: Bool = false, limit: Int? = nil
  ) throws(TokenizerError) -> Encoding {
    var texts = [Array(text.utf8)]
    if let pair { texts.append(Array(pair.utf8)) }
    var parts: [[EncodedToken]] = []
    for (index, text) in texts.enumerated() {
      var part = try tokens(of: text, type: Int32(index), encodesSpecialTokens)
      for token in part.indices { part[token].text = Int32(index) }
      parts.append(part)
    }
    if let limit {
      let added =
        addsSpecialTokens ? postProcessor?.addedCount(isPair: pair != nil) ?? 0 : 0
      guard limit >= added else {
        throw TokenizerError(.limitTooSmall(limit: limit, added: added), at: "limit")
      }
      Self.truncate(&parts, to: limit - added)
    }
    if let postProcessor {
      parts = postProcessor.apply(to: parts, texts: texts, addsSpecialTokens: addsSpecialTokens)
    }
    return Encoding(parts)
  }

  /// Cuts texts so that together they have at most a number of tokens, the longer one first.
  static func truncate(_ parts: inout [[EncodedToken]], to limit: Int) {
    guard parts.reduce(0, { $0 + $1.count }) > limit else { return }
    guard parts.count == 2 else {
      parts[0].removeSubrange(limit...)
      return
    }
    let shorter = min(parts[0].count, parts[1].count)
    var kept = (shorter, max(shorter, limit - min(shorter, limit)))
    // Of an odd number, the one that was longer keeps one more.
    if kept.0 + kept.1 > limit { kept = (limit / 2, limit / 2 + limit % 2) }
    if parts[0].count > parts[1].count { kept = (kept.1, kept.0) }
    parts[0].removeSubrange(min(kept.0, parts[0].count)...)
    parts[1].removeSubrange(min(kept.1, parts[1].count)...)
  }

  private func tokens(
    of text: [UInt8], type: Int32, _ encodesSpecialTokens: Bool
  ) throws(TokenizerError) -> [EncodedToken] {
    try AlignedText.check(text.count)
    var segments = Segments(original: text)
    try added.extract(.raw, from: &segments, encodesSpecialTokens: encodesSpecialTokens)
    if let normalizer {
      try segments.rewrite { text throws(TokenizerError) in try normalizer.apply(to: &text) }
    }
    try added.extract(.normalized, from: &segments, encodesSpecialTokens: encodesSpecialTokens)
    if let preTokenizer { try preTokenizer.apply(to: &segments) }

    var cache = caches.take()
    defer { caches.giveBack(cache) }
    var scratch = BytePairModel.Scratch()
    let trims = postProcessor?.trimsOffsets ?? false
    var tokens: [EncodedToken] = []
    tokens.reserveCapacity(segments.pieces.count * 2)
    var found: [PieceToken] = []
    for piece in segments.pieces {
      found.removeAll(keepingCapacity: true)
      if let id = piece.token {
        found.append(PieceToken(id: id, start: 0, end: Int32(piece.range.count)))
      } else if piece.range.count > WordCache.wordLimit {
        try model.tokenize(segments.bytes, piece.range, into: &found, scratch: &scratch)
      } else if !cache.find(segments.bytes, piece.range, into: &found) {
        try model.tokenize(segments.bytes, piece.range, into: &found, scratch: &scratch)
        cache.insert(segments.bytes, piece.range, found[...])
      }
      for token in found {
        var encoded = EncodedToken(
          id: token.id, typeID: type,
          offsets: segments.original(of: Int(token.start)..<Int(token.end), in: piece))
        if trims {
          (encoded.leadingSpaces, encoded.trailingSpaces) = spaces(around: token, piece, segments)
        }
        tokens.append(encoded)
      }
    }
    return tokens
  }

  /// How many spaces a token's text begins and ends with: the vocabulary's text, or what was found where that counts.
  private func spaces(
    around token: PieceToken, _ piece: Segments.Piece, _ segments: borrowing Segments
  ) -> (Int32, Int32) {
    var isFound = piece.token != nil
    if case .unigram = model { isFound = true }
    if isFound {
      let start = piece.range.lowerBound + Int(token.start)
      return Self.spaces(around: segments.bytes, start..<piece.range.lowerBound + Int(token.end))
    }
    guard let bytes = model.vocabulary.token(token.id) else { return (0, 0) }
    return Self.spaces(around: bytes, 0..<bytes.count)
  }

  private static func spaces(around bytes: [UInt8], _ range: Range<Int>) -> (Int32, Int32) {
    // The letter of the space in the byte alphabet.
    func isSpace(_ scalar: UInt32) -> Bool {
      scalar == 0x120 || CharacterClass.isWhiteSpace(scalar)
    }
    var leading: Int32 = 0
    var offset = range.lowerBound
    while offset < range.upperBound {
      let (scalar, length) = UTF8Reading.scalar(in: bytes, at: offset)
      guard isSpace(scalar) else { break }
      leading += 1
      offset += length
    }
    var trailing: Int32 = 0
    offset = range.upperBound
    while offset > range.lowerBound {
      let (scalar, length) = UTF8Reading.scalar(in: bytes, before: offset)
      guard isSpace(scalar) else { break }
      trailing += 1
      offset -= length
    }
    return (leading, trailing)
  }
}
