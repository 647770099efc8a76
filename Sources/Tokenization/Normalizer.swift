/// One step that changes a text before it is split.
indirect enum Normalizer: Sendable {
  case bert(BertNormalizer)
  case form(UnicodeForm)
  case lowercase
  case stripAccents
  case strip(left: Bool, right: Bool)
  case replace(Pattern, [UInt8])
  case prepend([UInt8])
  case nmt
  case charsmap(Charsmap)
  case byteLevel
  case sequence([Normalizer])

  /// Changes a text.
  func apply(to text: inout AlignedText) throws(TokenizerError) {
    switch self {
    case .bert(let bert): bert.apply(to: &text)
    case .form(let form): form.apply(to: &text)
    case .lowercase: Self.lowercase(&text)
    case .stripAccents:
      if !text.isASCII { text.filter { !CharacterClass.combining.contains($0) } }
    case .strip(let left, let right): text.strip(left: left, right: right)
    case .replace(let pattern, let content):
      var ranges: [Range<Int>] = []
      try pattern.forEachMatch(in: text.bytes, range: 0..<text.bytes.count) { ranges.append($0) }
      try text.replace(ranges, with: content)
    case .prepend(let prefix): text.prepend(prefix)
    case .nmt: Self.nmt(&text)
    case .charsmap(let map): try map.apply(to: &text)
    case .byteLevel: Self.spellBytes(&text)
    case .sequence(let steps):
      for step in steps { try step.apply(to: &text) }
    }
  }

  /// Lowercases each code point by itself; final sigma is not looked for.
  static func lowercase(_ text: inout AlignedText) {
    let dottedCapital: UInt32 = 0x130
    var hasDottedCapital = false
    text.forEachScalar { if $0 == dottedCapital { hasDottedCapital = true } }
    if !hasDottedCapital {
      text.map { CharacterClass.lowercase($0) }
      return
    }
    var changes: [AlignedText.Change] = []
    text.forEachScalar { scalar in
      if scalar == dottedCapital {
        changes.append(AlignedText.Change(scalar: 0x69, step: 0))
        changes.append(AlignedText.Change(scalar: 0x307, step: 1))
      } else {
        changes.append(AlignedText.Change(scalar: CharacterClass.lowercase(scalar), step: 0))
      }
    }
    text.apply(changes)
  }

  /// The cleaning of SentencePiece's `nmt` rules.
  private static func nmt(_ text: inout AlignedText) {
    text.filter { scalar in
      switch scalar {
      case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: false
      default: true
      }
    }
    text.map { scalar in
      switch scalar {
      case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF,
        0xFFFD:
        0x20
      default: scalar
      }
    }
  }

  private static func spellBytes(_ text: inout AlignedText) {
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(text.bytes.count)
    for byte in text.bytes {
      let isContinuation = byte & 0xC0 == 0x80
      changes.append(
        AlignedText.Change(scalar: ByteAlphabet.scalars[Int(byte)], step: isContinuation ? 1 : 0))
    }
    text.apply(changes)
  }
}

/// The cleaning that BERT's vocabularies expect.
struct BertNormalizer: Sendable {
  var cleansText: Bool
  var setsIdeographsApart: Bool
  var stripsAccents: Bool
  var lowercases: Bool

  func apply(to text: inout AlignedText) {
    if cleansText {
      text.filter { !CharacterClass.removed.contains($0) }
      text.map { CharacterClass.isWhiteSpace($0) ? 0x20 : $0 }
    }
    let isASCII = text.isASCII
    if setsIdeographsApart && !isASCII { Self.setIdeographsApart(&text) }
    if stripsAccents && !isASCII {
      UnicodeForm.nfd.apply(to: &text)
      text.filter { !CharacterClass.nonspacing.contains($0) }
    }
    if lowercases { Normalizer.lowercase(&text) }
  }

  private static func setIdeographsApart(_ text: inout AlignedText) {
    var changes: [AlignedText.Change] = []
    var hasIdeograph = false
    text.forEachScalar { scalar in
      if CharacterClass.isIdeograph(scalar) {
        hasIdeograph = true
        changes.append(AlignedText.Change(scalar: 0x20, step: 0))
        changes.append(AlignedText.Change(scalar: scalar, step: 1))
        changes.append(AlignedText.Change(scalar: 0x20, step: 1))
      } else {
        changes.append(AlignedText.Change(scalar: scalar, step: 0))
      }
    }
    if hasIdeograph { text.apply(changes) }
  }
}
