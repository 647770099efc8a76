/// A text, or a pair of texts, as tokens.
public struct Encoding: Hashable, Sendable {
  /// The number of each token.
  public var ids: [Int32]
  /// Which text each token belongs to, as the file's template numbers them.
  public var typeIDs: [Int32]
  /// The bytes, in UTF-8, of its text that each token comes from; 0..<0 for what the template adds.
  public var offsets: [Range<Int>]
  /// Which of the texts each token comes from, from 0; −1 for what the template adds.
  public var texts: [Int32]
  /// Whether each token was added by the template rather than found in a text.
  public var isSpecial: [Bool]

  /// How many tokens there are.
  public var count: Int { ids.count }

  init(_ parts: [[EncodedToken]]) {
    let tokens = parts.joined()
    ids = tokens.map(\.id)
    typeIDs = tokens.map(\.typeID)
    offsets = tokens.map(\.offsets)
    texts = tokens.map(\.text)
    isSpecial = tokens.map(\.isSpecial)
  }
}

/// A token on its way through the post-processor.
struct EncodedToken {
  var id: Int32
  var typeID: Int32
  var offsets: Range<Int>
  var isSpecial = false
  /// Which of the texts it comes from; −1 for what the template adds.
  var text: Int32 = -1
  /// How many spaces the token's own text begins and ends with; counted only where they will be trimmed.
  var leadingSpaces: Int32 = 0
  var trailingSpaces: Int32 = 0
}
