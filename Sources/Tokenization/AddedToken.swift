/// A token that is looked for in a text before it is split into words.
public struct AddedToken: Hashable, Sendable {
  /// The token's number.
  public var id: Int32
  /// The text of the token.
  public var content: String
  /// Whether it is found only where it stands as a word.
  public var isWord: Bool
  /// Whether it takes the white space before it.
  public var stripsLeft: Bool
  /// Whether it takes the white space after it.
  public var stripsRight: Bool
  /// Whether it is looked for in the normalised text, as the normaliser would write it.
  public var isNormalized: Bool
  /// Whether decoding leaves it out.
  public var isSpecial: Bool

  /// Makes an added token.
  public init(
    id: Int32, content: String, isWord: Bool = false, stripsLeft: Bool = false,
    stripsRight: Bool = false, isNormalized: Bool = false, isSpecial: Bool = true
  ) {
    self.id = id
    self.content = content
    self.isWord = isWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
    self.isSpecial = isSpecial
  }

  init(_ section: Section) throws(TokenizerError) {
    id = try section["id"].tokenID()
    content = try section["content"].text()
    isWord = try section["single_word"].bool()
    stripsLeft = try section["lstrip"].bool()
    stripsRight = try section["rstrip"].bool()
    isNormalized = try section["normalized"].bool()
    isSpecial = try section["special"].bool()
  }

  /// Two tokens are equal when their bytes and settings are.
  public static func == (left: Self, right: Self) -> Bool {
    left.id == right.id && left.content.utf8.elementsEqual(right.content.utf8)
      && left.isWord == right.isWord && left.stripsLeft == right.stripsLeft
      && left.stripsRight == right.stripsRight && left.isNormalized == right.isNormalized
      && left.isSpecial == right.isSpecial
  }
}
