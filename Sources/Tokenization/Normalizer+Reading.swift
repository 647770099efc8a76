extension Normalizer {
  /// How deep sequences may lie in sequences.
  static let depthLimit = 8

  /// Reads a normaliser.
  init(_ section: Section, depth: Int = 0) throws(TokenizerError) {
    guard depth < Self.depthLimit else {
      throw TokenizerError(.unsupported("a sequence this deep"), at: section.path)
    }
    switch try section.type() {
    case "BertNormalizer":
      let lowercases = try section["lowercase"].bool()
      self = .bert(
        BertNormalizer(
          cleansText: try section["clean_text"].bool(),
          setsIdeographsApart: try section["handle_chinese_chars"].bool(),
          stripsAccents: try section["strip_accents"].bool(or: lowercases),
          lowercases: lowercases))
    case "NFC": self = .form(.nfc)
    case "NFD": self = .form(.nfd)
    case "NFKC": self = .form(.nfkc)
    case "NFKD": self = .form(.nfkd)
    case "Lowercase": self = .lowercase
    case "StripAccents": self = .stripAccents
    case "Strip":
      self = .strip(
        left: try section["strip_left"].bool(), right: try section["strip_right"].bool())
    case "Replace":
      self = .replace(try section["pattern"].pattern(), try section["content"].shortBytes())
    case "Prepend": self = .prepend(try section["prepend"].shortBytes())
    case "Nmt": self = .nmt
    case "Precompiled": self = .charsmap(try Charsmap(section["precompiled_charsmap"]))
    case "ByteLevel": self = .byteLevel
    case "Sequence":
      self = .sequence(
        try section.parts("normalizers", depth: depth) { part, depth throws(TokenizerError) in
          try Normalizer(part, depth: depth)
        })
    case let name:
      throw TokenizerError(.unsupported("the normalizer \"\(name)\""), at: section["type"].path)
    }
  }
}
