/// A token in a piece of text.
struct PieceToken: Sendable {
  var id: Int32
  /// The bytes of the piece that it covers.
  var start: Int32
  var end: Int32
}

/// What turns words into tokens.
enum Model: Sendable {
  case bytePair(BytePairModel)
  case wordPiece(WordPieceModel)
  case unigram(UnigramModel)
  case wordLevel(WordLevelModel)

  var vocabulary: Vocabulary {
    switch self {
    case .bytePair(let model): model.vocabulary
    case .wordPiece(let model): model.vocabulary
    case .unigram(let model): model.vocabulary
    case .wordLevel(let model): model.vocabulary
    }
  }

  /// Appends the tokens of a word that is a part of some bytes.
  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout [PieceToken],
    scratch: inout BytePairModel.Scratch
  ) throws(TokenizerError) {
    switch self {
    case .bytePair(let model):
      try model.tokenize(bytes, range, into: &tokens, scratch: &scratch)
    case .wordPiece(let model): try model.tokenize(bytes, range, into: &tokens)
    case .unigram(let model): try model.tokenize(bytes, range, into: &tokens)
    case .wordLevel(let model): try model.tokenize(bytes, range, into: &tokens)
    }
  }

  /// Reads a model; files from before `type` was written are told by what they have.
  init(_ section: Section) throws(TokenizerError) {
    let type: String
    if section["type"].isPresent {
      type = try section.type()
    } else if section["merges"].isPresent {
      type = "BPE"
    } else if section["max_input_chars_per_word"].isPresent {
      type = "WordPiece"
    } else if section["vocab"].isArray {
      type = "Unigram"
    } else {
      type = "WordLevel"
    }
    switch type {
    case "BPE": self = .bytePair(try BytePairModel(section))
    case "WordPiece": self = .wordPiece(try WordPieceModel(section))
    case "Unigram": self = .unigram(try UnigramModel(section))
    case "WordLevel": self = .wordLevel(try WordLevelModel(section))
    default: throw TokenizerError(.unsupported("the model \"\(type)\""), at: section["type"].path)
    }
  }

  /// The tokens `<0x00>` to `<0xFF>` that stand for single bytes; -1 where there is none.
  static func byteTokens(of vocabulary: Vocabulary) -> [Int32] {
    let digits = Array("0123456789ABCDEF".utf8)
    return (0..<256).map { byte in
      vocabulary.id(of: [0x3C, 0x30, 0x78, digits[byte >> 4], digits[byte & 15], 0x3E]) ?? -1
    }
  }
}
