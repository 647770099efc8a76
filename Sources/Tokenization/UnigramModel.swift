import Storage
import StrictJSON

/// Unigram: of all ways to cut a word into tokens, the one whose scores have the largest sum.
struct UnigramModel: Sendable {
  let vocabulary: Vocabulary
  private let trie: ByteTrie
  private let scores: [Double]
  private let unknownID: Int32?
  private let unknownScore: Double
  private let byteTokens: [Int32]?

  /// How far below the least likely token the unknown is.
  private static let unknownPenalty = 10.0

  init(_ section: Section) throws(TokenizerError) {
    let list = section["vocab"]
    let values = try list.values()
    guard values.count < Vocabulary.idLimit else {
      throw TokenizerError(.unsupported("a vocabulary of this many tokens"), at: list.path)
    }
    var vocabulary = Vocabulary(capacity: values.count)
    var trie = ByteTrie(capacity: values.count * 4)
    var scores: [Double] = []
    scores.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let entry = list.element(index, value)
      guard case .array(let pair) = value, pair.count == 2 else {
        throw entry.error(expected: "an array of a token and its score")
      }
      let token = try entry.element(0, pair[0]).bytes()
      scores.append(try entry.element(1, pair[1]).number())
      if let reason = vocabulary.add(token, id: Int32(index)) {
        throw TokenizerError(reason, at: entry.path)
      }
      guard token.isEmpty || trie.add(token[...], value: Int32(index)) else {
        throw TokenizerError(.unsupported("a vocabulary of this many bytes"), at: list.path)
      }
    }
    if let unknown = section["unk_id"].optional {
      guard !values.isEmpty else {
        throw unknown.error(expected: "null, as there are no tokens")
      }
      unknownID = Int32(try unknown.integer(in: 0...values.count - 1))
    } else {
      unknownID = nil
    }
    unknownScore = (scores.min() ?? .infinity) - Self.unknownPenalty
    byteTokens =
      try section["byte_fallback"].bool(or: false) ? Model.byteTokens(of: vocabulary) : nil
    self.vocabulary = vocabulary
    self.trie = trie
    self.scores = scores
  }

  /// The best way to cut the text up to a place.
  private struct Node {
    var score = 0.0
    /// Where the last token begins; -1 where no way leads here yet.
    var start: Int32 = -1
    var id: Int32 = 0
  }

  /// - Complexity: O(n · m) for n bytes and tokens of at most m.
  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout [PieceToken]
  ) throws(TokenizerError) {
    let count = range.count
    var nodes = [Node](repeating: Node(), count: count + 1)
    var start = 0
    while start < count {
      let scoreSoFar = nodes[start].score
      let length = UTF8Reading.length(leadBy: bytes[range.lowerBound + start])
      var hasSingle = false
      trie.forEachPrefix(of: bytes, range.lowerBound + start..<range.upperBound) { id, end in
        let end = end - range.lowerBound
        let score = scores[Int(id)] + scoreSoFar
        if nodes[end].start < 0 || score > nodes[end].score {
          nodes[end] = Node(score: score, start: Int32(start), id: id)
        }
        if end - start == length { hasSingle = true }
      }
      if !hasSingle {
        let score = unknownScore + scoreSoFar
        if nodes[start + length].start < 0 || score > nodes[start + length].score {
          guard let unknownID else { throw TokenizerError(.noUnknownToken, at: "text") }
          nodes[start + length] = Node(score: score, start: Int32(start), id: unknownID)
        }
      }
      start += length
    }
    // From the end to the beginning; neighbours that are unknown become one.
    var parts: [Range<Int>] = []
    var isFusing = false
    var end = count
    while end > 0 {
      let node = nodes[end]
      let part = Int(node.start)..<end
      let isUnknown = node.id == unknownID
      if isUnknown, isFusing, let last = parts.last {
        parts[parts.count - 1] = part.lowerBound..<last.upperBound
      } else {
        parts.append(part)
      }
      isFusing = isUnknown
      end = part.lowerBound
    }
    for part in parts.reversed() { try append(part, of: bytes, range, to: &tokens) }
  }

  private func append(
    _ part: Range<Int>, of bytes: [UInt8], _ range: Range<Int>, to tokens: inout [PieceToken]
  ) throws(TokenizerError) {
    let inBytes = range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
    func add(_ id: Int32) {
      tokens.append(
        PieceToken(id: id, start: Int32(part.lowerBound), end: Int32(part.upperBound)))
    }
    if let id = vocabulary.id(of: bytes, inBytes) {
      add(id)
      return
    }
    if let byteTokens, bytes[inBytes].allSatisfy({ byteTokens[Int($0)] >= 0 }) {
      for byte in bytes[inBytes] { add(byteTokens[Int(byte)]) }
      return
    }
    guard let unknownID else { throw TokenizerError(.noUnknownToken, at: "text") }
    add(unknownID)
  }
}
