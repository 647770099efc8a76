/// One step that splits a text into words.
indirect enum PreTokenizer: Sendable {
  case byteLevel(addsPrefixSpace: Bool, pattern: Pattern?)
  case bert
  case whitespace
  case whitespaceSplit
  case digits(individually: Bool)
  case punctuation(SplitBehavior)
  case split(Pattern, SplitBehavior, isInverted: Bool)
  case metaspace(Metaspace)
  case character(UInt32)
  case sequence([PreTokenizer])

  /// Splits the pieces that are no tokens.
  func apply(to segments: inout Segments) throws(TokenizerError) {
    switch self {
    case .byteLevel(let addsPrefixSpace, let pattern):
      if addsPrefixSpace {
        try segments.rewrite { text in
          if text.bytes.first != 0x20 { text.prepend([0x20]) }
        }
      }
      if let pattern { try Self.split(&segments, pattern, .isolated, isInverted: false) }
      segments.spellBytes()
    case .bert:
      try Self.split(&segments, .removed) { CharacterClass.isWhiteSpace($0) }
      try Self.split(&segments, .isolated) { CharacterClass.punctuation.contains($0) }
    case .whitespace: try Self.splitWords(&segments)
    case .whitespaceSplit: try Self.split(&segments, .removed) { CharacterClass.isWhiteSpace($0) }
    case .digits(let individually):
      try Self.split(&segments, individually ? .isolated : .contiguous) {
        CharacterClass.numeric.contains($0)
      }
    case .punctuation(let behavior):
      try Self.split(&segments, behavior) { CharacterClass.punctuation.contains($0) }
    case .split(let pattern, let behavior, let isInverted):
      try Self.split(&segments, pattern, behavior, isInverted: isInverted)
    case .metaspace(let metaspace): try metaspace.apply(to: &segments)
    case .character(let delimiter): try Self.split(&segments, .removed) { $0 == delimiter }
    case .sequence(let steps):
      for step in steps { try step.apply(to: &segments) }
    }
  }

  private static func split(
    _ segments: inout Segments, _ pattern: Pattern, _ behavior: SplitBehavior, isInverted: Bool
  ) throws(TokenizerError) {
    try segments.split { segments, range, pieces throws(TokenizerError) in
      if behavior == .isolated {
        // All parts are kept, whatever they are.
        var covered = range.lowerBound
        try pattern.forEachMatch(in: segments.bytes, range: range) { match in
          if covered < match.lowerBound {
            pieces.append(segments.piece(covered..<match.lowerBound))
          }
          if !match.isEmpty { pieces.append(segments.piece(match)) }
          covered = match.upperBound
        }
        if covered < range.upperBound { pieces.append(segments.piece(covered..<range.upperBound)) }
        return
      }
      var spans = try pattern.spans(in: segments.bytes, range: range)
      if isInverted { for index in spans.indices { spans[index].isMatch.toggle() } }
      behavior.forEachPart(of: spans) { part in
        if !part.isEmpty { pieces.append(segments.piece(part)) }
      }
    }
  }

  /// Splits at each code point of which a condition holds.
  @inline(__always)
  static func split(
    _ segments: inout Segments, _ behavior: SplitBehavior, at isDelimiter: (UInt32) -> Bool
  ) throws(TokenizerError) {
    try segments.split { segments, range, pieces throws(TokenizerError) in
      var spans: [Pattern.Span] = []
      var covered = range.lowerBound
      var offset = range.lowerBound
      while offset < range.upperBound {
        let (scalar, length) = UTF8Reading.scalar(in: segments.bytes, at: offset)
        if isDelimiter(scalar) {
          if covered < offset {
            spans.append(Pattern.Span(range: covered..<offset, isMatch: false))
          }
          spans.append(Pattern.Span(range: offset..<offset + length, isMatch: true))
          covered = offset + length
        }
        offset += length
      }
      if covered < offset { spans.append(Pattern.Span(range: covered..<offset, isMatch: false)) }
      behavior.forEachPart(of: spans) { part in
        if !part.isEmpty { pieces.append(segments.piece(part)) }
      }
    }
  }

  /// Keeps runs of word characters, and runs of what is neither that nor white space.
  private static func splitWords(_ segments: inout Segments) throws(TokenizerError) {
    try segments.split { segments, range, pieces throws(TokenizerError) in
      var start = range.lowerBound
      var kind = 0
      var offset = range.lowerBound
      while offset < range.upperBound {
        let (scalar, length) = UTF8Reading.scalar(in: segments.bytes, at: offset)
        let next =
          CharacterClass.word.contains(scalar) ? 1 : CharacterClass.isWhiteSpace(scalar) ? 0 : 2
        if next != kind {
          if kind != 0 { pieces.append(segments.piece(start..<offset)) }
          start = offset
          kind = next
        }
        offset += length
      }
      if kind != 0 { pieces.append(segments.piece(start..<offset)) }
    }
  }
}

/// Writing spaces as a visible mark, and splitting before it.
struct Metaspace: Sendable {
  enum Scheme: Sendable {
    case always
    case first
    case never
  }

  var mark: UInt32
  var scheme: Scheme
  var splits: Bool

  func apply(to segments: inout Segments) throws(TokenizerError) {
    var spelled: [UInt8] = []
    UTF8Reading.append(mark, to: &spelled)
    try segments.rewrite { text in
      text.map { $0 == 0x20 ? mark : $0 }
      if scheme == .always || scheme == .first && text.shift == 0,
        !text.bytes.starts(with: spelled)
      {
        text.prepend(spelled)
      }
    }
    if splits { try PreTokenizer.split(&segments, .mergedWithNext) { $0 == mark } }
  }
}
