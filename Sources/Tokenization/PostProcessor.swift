/// What is added around a text's tokens, and how their offsets are trimmed.
indirect enum PostProcessor: Sendable {
  case template(Template)
  case bert(sep: Int32, cls: Int32)
  case roberta(sep: Int32, cls: Int32, trims: Bool, addsPrefixSpace: Bool)
  case byteLevel(trims: Bool, addsPrefixSpace: Bool)
  case sequence([PostProcessor])

  /// Whether the spaces at a token's ends must be known.
  var trimsOffsets: Bool {
    switch self {
    case .template, .bert: false
    case .roberta(_, _, let trims, _), .byteLevel(let trims, _): trims
    case .sequence(let steps): steps.contains(where: \.trimsOffsets)
    }
  }

  /// Whether more parts than texts come out of it.
  var makesParts: Bool {
    switch self {
    case .template: true
    case .sequence(let steps): steps.contains(where: \.makesParts)
    default: false
    }
  }

  /// How many tokens are added.
  func addedCount(isPair: Bool) -> Int {
    switch self {
    case .template(let template): template.addedCount(isPair: isPair)
    case .bert: isPair ? 3 : 2
    case .roberta: isPair ? 4 : 2
    case .byteLevel: 0
    case .sequence(let steps): steps.reduce(0) { $0 + $1.addedCount(isPair: isPair) }
    }
  }

  /// Works on one or two texts' tokens; `texts` are their bytes.
  func apply(
    to parts: [[EncodedToken]], texts: [[UInt8]], addsSpecialTokens: Bool
  ) -> [[EncodedToken]] {
    switch self {
    case .template(let template):
      return template.apply(to: parts, addsSpecialTokens: addsSpecialTokens)
    case .bert(let sep, let cls):
      if !addsSpecialTokens { return parts }
      return parts.enumerated().map { index, part in
        index == 0
          ? [Self.added(cls, type: 0)] + part + [Self.added(sep, type: 0)]
          : part + [Self.added(sep, type: 1)]
      }
    case .roberta(let sep, let cls, let trims, let addsPrefixSpace):
      var parts = trims ? Self.trim(parts, texts, addsPrefixSpace) : parts
      for part in parts.indices {
        for token in parts[part].indices { parts[part][token].typeID = 0 }
      }
      if !addsSpecialTokens { return parts }
      return parts.enumerated().map { index, part in
        [Self.added(index == 0 ? cls : sep, type: 0)] + part + [Self.added(sep, type: 0)]
      }
    case .byteLevel(let trims, let addsPrefixSpace):
      return trims ? Self.trim(parts, texts, addsPrefixSpace) : parts
    case .sequence(let steps):
      return steps.reduce(parts) {
        $1.apply(to: $0, texts: texts, addsSpecialTokens: addsSpecialTokens)
      }
    }
  }

  static func added(_ id: Int32, type: Int32) -> EncodedToken {
    EncodedToken(id: id, typeID: type, offsets: 0..<0, isSpecial: true)
  }

  /// Takes the spaces that tokens begin or end with out of their offsets, code point by code point.
  private static func trim(
    _ parts: [[EncodedToken]], _ texts: [[UInt8]], _ addsPrefixSpace: Bool
  ) -> [[EncodedToken]] {
    var parts = parts
    for part in parts.indices {
      let text = texts[min(part, texts.count - 1)]
      for index in parts[part].indices {
        let token = parts[part][index]
        var leading = Int(token.leadingSpaces)
        let trailing = Int(token.trailingSpaces)
        var (start, end) = (token.offsets.lowerBound, token.offsets.upperBound)
        if leading > 0 {
          // One space at the beginning is the one that was added.
          if (index == 0 || start == 0) && addsPrefixSpace && leading == 1 { leading = 0 }
          while leading > 0, start < end {
            start += start < text.count ? UTF8Reading.length(leadBy: text[start]) : 1
            leading -= 1
          }
          start = min(start, end)
        }
        if trailing > 0, Self.hasScalars(trailing, in: text, before: end) {
          var left = trailing
          while left > 0, end > start {
            end -=
              end <= text.count && end > 0
              ? UTF8Reading.scalar(in: text, before: end).length : 1
            left -= 1
          }
          end = max(start, end)
        }
        parts[part][index].offsets = start..<end
      }
    }
    return parts
  }

  /// Whether a text has so many code points before an offset.
  private static func hasScalars(_ wanted: Int, in text: [UInt8], before offset: Int) -> Bool {
    var left = wanted
    var offset = min(offset, text.count)
    while left > 0, offset > 0 {
      offset -= UTF8Reading.scalar(in: text, before: offset).length
      left -= 1
    }
    return left == 0
  }
}

/// Tokens and texts in the order in which they are put together.
struct Template: Sendable {
  enum Item: Sendable {
    /// The tokens of the first text, or of the second.
    case text(isSecond: Bool, type: Int32)
    /// Tokens that are always the same.
    case tokens([Int32], type: Int32)
  }

  var single: [Item]
  var pair: [Item]

  func addedCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, item in
      if case .tokens(let ids, _) = item { return count + ids.count }
      return count
    }
  }

  func apply(to texts: [[EncodedToken]], addsSpecialTokens: Bool) -> [[EncodedToken]] {
    (texts.count > 1 ? pair : single).compactMap { item in
      switch item {
      case .text(let isSecond, let type):
        guard isSecond == false || texts.count > 1 else { return nil }
        return texts[isSecond ? 1 : 0].map { token in
          var token = token
          token.typeID = type
          return token
        }
      case .tokens(let ids, let type):
        return addsSpecialTokens ? ids.map { PostProcessor.added($0, type: type) } : nil
      }
    }
  }
}
