import Storage
import StrictJSON

/// Whole words, and one token for all others.
struct WordLevelModel: Sendable {
  let vocabulary: Vocabulary
  private let unknownToken: [UInt8]

  init(_ section: Section) throws(TokenizerError) {
    vocabulary = try Vocabulary(section["vocab"])
    unknownToken = try section["unk_token"].bytes()
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout [PieceToken]
  ) throws(TokenizerError) {
    guard let id = vocabulary.id(of: bytes, range) ?? vocabulary.id(of: unknownToken) else {
      throw TokenizerError(
        .notInVocabulary(ByteString(bytes: unknownToken)), at: "$.model.unk_token")
    }
    tokens.append(PieceToken(id: id, start: 0, end: Int32(range.count)))
  }
}
