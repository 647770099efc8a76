import Storage
import StrictJSON

/// WordPiece: the longest token that a word begins with, then the longest continuation, and so on.
struct WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  private let first: ByteTrie
  private let following: ByteTrie
  private let unknownToken: [UInt8]
  private let wordLimit: Int

  init(_ section: Section) throws(TokenizerError) {
    vocabulary = try Vocabulary(section["vocab"])
    unknownToken = try section["unk_token"].bytes()
    wordLimit = try section["max_input_chars_per_word"].integer(in: 0...Int(Int32.max))
    let prefix = try section["continuing_subword_prefix"].bytes()
    var first = ByteTrie(capacity: vocabulary.count * 4)
    var following = ByteTrie(capacity: vocabulary.count * 4)
    try vocabulary.forEach { token, id throws(TokenizerError) in
      var isAdded = token.isEmpty || first.add(token[...], value: id)
      if token.starts(with: prefix), token.count > prefix.count {
        isAdded = following.add(token[prefix.count...], value: id) && isAdded
      }
      guard isAdded else {
        throw TokenizerError(
          .unsupported("a vocabulary of this many bytes"), at: section["vocab"].path)
      }
    }
    self.first = first
    self.following = following
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout [PieceToken]
  ) throws(TokenizerError) {
    let start = tokens.count
    var scalars = 0
    for index in range where bytes[index] & 0xC0 != 0x80 { scalars += 1 }
    if scalars <= wordLimit {
      var offset = range.lowerBound
      while offset < range.upperBound {
        let trie = offset == range.lowerBound ? first : following
        guard let (id, end) = trie.longest(in: bytes, offset..<range.upperBound) else { break }
        tokens.append(
          PieceToken(
            id: id, start: Int32(offset - range.lowerBound), end: Int32(end - range.lowerBound)))
        offset = end
      }
      if offset == range.upperBound { return }
    }
    tokens.removeSubrange(start...)
    guard let unknown = vocabulary.id(of: unknownToken) else {
      throw TokenizerError(
        .notInVocabulary(ByteString(bytes: unknownToken)), at: "$.model.unk_token")
    }
    tokens.append(PieceToken(id: unknown, start: 0, end: Int32(range.count)))
  }
}
