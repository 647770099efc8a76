/// A text in pieces: what is left to be tokenised, and what is a token already.
///
/// All pieces lie in one buffer, so that splitting copies nothing.
struct Segments {
  /// A part of the buffer.
  struct Piece {
    var range: Range<Int>
    /// Where in the original the piece begins.
    var shift: Int
    /// The token that the piece is, if it was found as one.
    var token: Int32?
  }

  private(set) var bytes: [UInt8]
  private(set) var origins: [Origin]
  var pieces: [Piece]

  /// A whole text as one piece; an empty text has none.
  init(original: [UInt8]) {
    let text = AlignedText(original: original)
    bytes = text.bytes
    origins = text.origins
    pieces =
      original.isEmpty ? [] : [Piece(range: 0..<original.count, shift: 0, token: nil)]
  }

  /// Whether the buffer has ASCII only.
  var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

  /// A piece for a part of another, which must not be empty.
  func piece(_ range: Range<Int>, token: Int32? = nil) -> Piece {
    Piece(range: range, shift: Int(origins[range.lowerBound].start), token: token)
  }

  /// Splits each piece that is no token, by a function that appends the parts; empty parts are left out.
  mutating func split(
    _ body: (borrowing Segments, Range<Int>, inout [Piece]) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    var split: [Piece] = []
    split.reserveCapacity(pieces.count)
    for piece in pieces {
      if piece.token == nil {
        try body(self, piece.range, &split)
      } else {
        split.append(piece)
      }
    }
    pieces = split
  }

  /// Changes each piece that is no token as a text of its own; pieces that become empty are left out.
  mutating func rewrite(
    _ body: (inout AlignedText) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    if pieces.count == 1, pieces[0].token == nil, pieces[0].range == 0..<bytes.count {
      var text = AlignedText(bytes: bytes, origins: origins, shift: pieces[0].shift)
      bytes = []
      origins = []
      try body(&text)
      bytes = text.bytes
      origins = text.origins
      pieces[0].range = 0..<bytes.count
      if bytes.isEmpty { pieces = [] }
      return
    }
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count)
    newOrigins.reserveCapacity(bytes.count)
    var kept: [Piece] = []
    kept.reserveCapacity(pieces.count)
    for var piece in pieces {
      let start = newBytes.count
      if piece.token == nil {
        var text = AlignedText(
          bytes: Array(bytes[piece.range]), origins: Array(origins[piece.range]),
          shift: piece.shift)
        try body(&text)
        newBytes += text.bytes
        newOrigins += text.origins
      } else {
        newBytes += bytes[piece.range]
        newOrigins += origins[piece.range]
      }
      piece.range = start..<newBytes.count
      if !piece.range.isEmpty { kept.append(piece) }
    }
    bytes = newBytes
    origins = newOrigins
    pieces = kept
  }

  /// Writes each byte of the pieces that are no tokens as the letter that stands for it.
  ///
  /// What every text with a byte-level vocabulary goes through, so it is one pass over all pieces.
  mutating func spellBytes() {
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count + bytes.count / 2)
    newOrigins.reserveCapacity(bytes.count + bytes.count / 2)
    for index in pieces.indices {
      let range = pieces[index].range
      let start = newBytes.count
      if pieces[index].token == nil {
        for offset in range {
          ByteAlphabet.append(bytes[offset], origin: origins[offset], to: &newBytes, &newOrigins)
        }
      } else {
        newBytes += bytes[range]
        newOrigins += origins[range]
      }
      pieces[index].range = start..<newBytes.count
    }
    bytes = newBytes
    origins = newOrigins
  }

  /// The bytes of the original that a range of a piece comes from.
  ///
  /// A range that is empty, or that reaches beyond the piece, is given as the reference gives it.
  func original(of range: Range<Int>, in piece: Piece) -> Range<Int> {
    if range.isEmpty { return piece.shift + range.lowerBound..<piece.shift + range.upperBound }
    guard range.upperBound <= piece.range.count else { return range }
    let start = origins[piece.range.lowerBound + range.lowerBound].start
    let end = origins[piece.range.lowerBound + range.upperBound - 1].end
    return Int(start)..<Int(max(start, end))
  }
}
