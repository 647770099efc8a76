extension PreTokenizer {
  /// GPT-2's words: contractions, letters, digits or signs with a space before, and white space.
  static let byteLevelPattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Reads a pre-tokeniser.
  init(_ section: Section, depth: Int = 0) throws(TokenizerError) {
    guard depth < Normalizer.depthLimit else {
      throw TokenizerError(.unsupported("a sequence this deep"), at: section.path)
    }
    switch try section.type() {
    case "ByteLevel":
      // Read for its checks; trimming belongs to the post-processor.
      _ = try section["trim_offsets"].bool(or: true)
      let usesPattern = try section["use_regex"].bool(or: true)
      self = .byteLevel(
        addsPrefixSpace: try section["add_prefix_space"].bool(),
        pattern: usesPattern ? try Pattern(regex: Self.byteLevelPattern, at: section.path) : nil)
    case "BertPreTokenizer": self = .bert
    case "Whitespace": self = .whitespace
    case "WhitespaceSplit": self = .whitespaceSplit
    case "Digits": self = .digits(individually: try section["individual_digits"].bool())
    case "Punctuation":
      let behavior = section["behavior"]
      self = .punctuation(behavior.isPresent ? try SplitBehavior(behavior) : .isolated)
    case "Split":
      self = .split(
        try section["pattern"].pattern(), try SplitBehavior(section["behavior"]),
        isInverted: try section["invert"].bool())
    case "Metaspace": self = .metaspace(try Metaspace(section))
    case "CharDelimiterSplit":
      self = .character(try section["delimiter"].scalar())
    case "Sequence":
      self = .sequence(
        try section.parts("pretokenizers", depth: depth) { part, depth throws(TokenizerError) in
          try PreTokenizer(part, depth: depth)
        })
    case let name:
      throw TokenizerError(
        .unsupported("the pre-tokenizer \"\(name)\""), at: section["type"].path)
    }
  }
}

extension Metaspace {
  /// Reads the marks and how they are put; `add_prefix_space` is how files said it before `prepend_scheme`.
  init(_ section: Section) throws(TokenizerError) {
    mark = try section["replacement"].scalar()
    splits = try section["split"].bool(or: true)
    let scheme = section["prepend_scheme"]
    if scheme.isPresent {
      switch try scheme.text() {
      case "always": self.scheme = .always
      case "first": self.scheme = .first
      case "never": self.scheme = .never
      default: throw scheme.error(expected: "always, first or never")
      }
    } else {
      self.scheme = .always
    }
    if section["add_prefix_space"].isPresent, try !section["add_prefix_space"].bool() {
      guard !scheme.isPresent || self.scheme == .never else {
        throw scheme.error(expected: "never, as add_prefix_space is false")
      }
      self.scheme = .never
    }
  }
}
