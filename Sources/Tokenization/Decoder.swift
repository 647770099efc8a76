/// One step that makes text of tokens.
indirect enum Decoder: Sendable {
  case byteLevel
  case wordPiece(prefix: [UInt8], cleansUp: Bool)
  case metaspace(mark: UInt32, dropsFirst: Bool)
  case byteFallback
  case fuse
  case strip(scalar: UInt32, start: Int, stop: Int)
  case replace(Pattern, [UInt8])
  case bytePair(suffix: [UInt8])
  case sequence([Decoder])

  /// Changes tokens; what comes out is joined without anything between.
  func apply(to tokens: [[UInt8]]) throws(TokenizerError) -> [[UInt8]] {
    switch self {
    case .byteLevel: return [Self.repaired(tokens.flatMap(Self.bytes(spelledBy:)))]
    case .wordPiece(let prefix, let cleansUp):
      return tokens.enumerated().map { index, token in
        var text = token
        if index > 0 {
          text = token.starts(with: prefix) ? Array(token[prefix.count...]) : [0x20] + token
        }
        return cleansUp ? Self.cleanedUp(text) : text
      }
    case .metaspace(let mark, let dropsFirst):
      return tokens.enumerated().map { index, token in
        var text: [UInt8] = []
        var offset = 0
        while offset < token.count {
          let (scalar, length) = UTF8Reading.scalar(in: token, at: offset)
          if scalar != mark {
            text += token[offset..<offset + length]
          } else if index > 0 || !dropsFirst {
            text.append(0x20)
          }
          offset += length
        }
        return text
      }
    case .byteFallback: return Self.joiningBytes(tokens)
    case .fuse: return [Array(tokens.joined())]
    case .strip(let scalar, let start, let stop):
      return tokens.map { Self.stripped($0, of: scalar, start: start, stop: stop) }
    case .replace(let pattern, let content):
      var changed: [[UInt8]] = []
      for token in tokens {
        var text = AlignedText(original: token)
        var ranges: [Range<Int>] = []
        try pattern.forEachMatch(in: token, range: 0..<token.count) { ranges.append($0) }
        try text.replace(ranges, with: content)
        changed.append(text.bytes)
      }
      return changed
    case .bytePair(let suffix):
      return tokens.enumerated().map { index, token in
        Self.replacing(suffix, in: token, with: index == tokens.count - 1 ? [] : [0x20])
      }
    case .sequence(let steps):
      var tokens = tokens
      for step in steps { tokens = try step.apply(to: tokens) }
      return tokens
    }
  }

  /// UTF-8, with U+FFFD for what is none.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  /// The bytes that a token's letters stand for; the token as it is, if it has other letters.
  private static func bytes(spelledBy token: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    var offset = 0
    while offset < token.count {
      let (scalar, length) = UTF8Reading.scalar(in: token, at: offset)
      guard let byte = ByteAlphabet.byte(of: scalar) else { return token }
      bytes.append(byte)
      offset += length
    }
    return bytes
  }

  /// Undoes what splitting into words does to English punctuation.
  private static func cleanedUp(_ token: [UInt8]) -> [UInt8] {
    let rules: [(String, String)] = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
      (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return rules.reduce(token) { replacing(Array($1.0.utf8), in: $0, with: Array($1.1.utf8)) }
  }

  /// Replaces a text wherever it is found, from left to right.
  static func replacing(_ old: [UInt8], in text: [UInt8], with new: [UInt8]) -> [UInt8] {
    if old.isEmpty {
      // It is found before and after every code point.
      var replaced = new
      var offset = 0
      while offset < text.count {
        let length = UTF8Reading.length(leadBy: text[offset])
        replaced += text[offset..<offset + length]
        replaced += new
        offset += length
      }
      return replaced
    }
    if text.count < old.count { return text }
    var replaced: [UInt8] = []
    var offset = 0
    while offset < text.count {
      if text[offset] == old[0], text[offset...].starts(with: old) {
        replaced += new
        offset += old.count
      } else {
        replaced.append(text[offset])
        offset += 1
      }
    }
    return replaced
  }

  /// Makes text of runs of byte tokens, or one U+FFFD for each of a run that is no text.
  private static func joiningBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var joined: [[UInt8]] = []
    var run: [UInt8] = []
    func finish() {
      if run.isEmpty { return }
      if String(validating: run, as: UTF8.self) != nil {
        joined.append(run)
      } else {
        joined += repeatElement([0xEF, 0xBF, 0xBD], count: run.count)
      }
      run = []
    }
    for token in tokens {
      if let byte = byte(namedBy: token) {
        run.append(byte)
      } else {
        finish()
        joined.append(token)
      }
    }
    finish()
    return joined
  }

  /// The byte of a token such as `<0x0A>`; a sign before one digit is read as well, as the reference does.
  private static func byte(namedBy token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: [0x3C, 0x30, 0x78]), token[5] == 0x3E else {
      return nil
    }
    func digit(_ letter: UInt8) -> UInt8? {
      switch letter {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): letter - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): letter - UInt8(ascii: "A") + 10
      default: nil
      }
    }
    guard let low = digit(token[4]) else { return nil }
    if token[3] == UInt8(ascii: "+") { return low }
    guard let high = digit(token[3]) else { return nil }
    return high << 4 | low
  }

  private static func stripped(
    _ token: [UInt8], of scalar: UInt32, start: Int, stop: Int
  ) -> [UInt8] {
    var lower = 0
    var upper = token.count
    var left = start
    while left > 0, lower < token.count {
      let (next, length) = UTF8Reading.scalar(in: token, at: lower)
      guard next == scalar else { break }
      lower += length
      left -= 1
    }
    left = stop
    while left > 0, upper > 0 {
      let (last, length) = UTF8Reading.scalar(in: token, before: upper)
      guard last == scalar else { break }
      upper -= length
      left -= 1
    }
    return lower < upper ? Array(token[lower..<upper]) : []
  }
}
