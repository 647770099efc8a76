/// To what length a tokenizer's file asks texts to be cut.
public struct Truncation: Hashable, Sendable {
  /// Which of two texts loses tokens.
  public enum Strategy: String, Hashable, Sendable {
    /// The longer one, until both are equally long.
    case longestFirst = "LongestFirst"
    /// The first.
    case onlyFirst = "OnlyFirst"
    /// The second.
    case onlySecond = "OnlySecond"
  }

  /// The end at which tokens are lost, or added.
  public enum Direction: String, Hashable, Sendable {
    /// The beginning.
    case left = "Left"
    /// The end.
    case right = "Right"
  }

  /// How many tokens are kept, added ones included.
  public var limit: Int
  /// Which text loses tokens.
  public var strategy: Strategy
  /// How many tokens an overflowing part repeats.
  public var stride: Int
  /// The end at which tokens are lost.
  public var direction: Direction

  init(_ section: Section) throws(TokenizerError) {
    let counts = 0...Int(Int32.max)
    limit = try section["max_length"].integer(in: counts)
    stride = try section["stride"].integer(in: counts)
    guard let strategy = Strategy(rawValue: try section["strategy"].text()) else {
      throw section["strategy"].error(expected: "LongestFirst, OnlyFirst or OnlySecond")
    }
    self.strategy = strategy
    direction = try Direction(section["direction"])
  }
}

extension Truncation.Direction {
  init(_ section: Section) throws(TokenizerError) {
    guard let direction = Self(rawValue: try section.optional?.text() ?? "Right") else {
      throw section.error(expected: "Left or Right")
    }
    self = direction
  }
}

/// To what length a tokenizer's file asks texts to be filled up.
public struct Padding: Hashable, Sendable {
  /// The length; nil for that of the longest text of a batch.
  public var length: Int?
  /// The end at which padding is added.
  public var direction: Truncation.Direction
  /// A number that lengths are a multiple of.
  public var multiple: Int?
  /// The number of the padding token.
  public var id: Int32
  /// The type of the padding token.
  public var typeID: Int32
  /// The text of the padding token.
  public var token: String

  init(_ section: Section) throws(TokenizerError) {
    let counts = 0...Int(Int32.max)
    let strategy = section["strategy"]
    if strategy["Fixed"].isPresent {
      length = try strategy["Fixed"].integer(in: counts)
    } else {
      guard strategy.isText("BatchLongest") else {
        throw strategy.error(expected: "BatchLongest or an object with \"Fixed\"")
      }
      length = nil
    }
    direction = try Truncation.Direction(section["direction"])
    multiple = try section["pad_to_multiple_of"].optional?.integer(in: counts)
    id = try section["pad_id"].tokenID()
    typeID = try section["pad_type_id"].tokenID()
    token = try section["pad_token"].text()
  }
}
