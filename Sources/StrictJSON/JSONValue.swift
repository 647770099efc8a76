public import Storage

/// A JSON value, held as it was read.
///
/// For documents of bounded size: statements, leaves, configurations. Members keep their order; keys and
/// texts are bytes; a number that is not an `Int64` keeps its text.
public enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// An integer.
  case integer(Int64)
  /// Any other number, as it was written.
  case number(String)
  /// A string.
  case string(ByteString)
  /// An array.
  case array([JSONValue])
  /// An object, whose keys are distinct.
  case object(JSONObject)

  /// Makes a string.
  public static func text(_ text: String) -> JSONValue { .string(ByteString(text)) }

  /// Makes an object from members with distinct keys.
  public static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(JSONObject(members.map { (ByteString($0.key), $0.value) }))
  }
}

/// The members of a JSON object.
public struct JSONObject: Hashable, Sendable {
  /// The members in the order in which they were read or added.
  public private(set) var members: [(key: ByteString, value: JSONValue)] = []
  /// Where members are, of an object of so many that a search would take longer.
  private var places: [ByteString: Int] = [:]
  private static let searchLimit = 16

  /// Makes an empty object.
  public init() {}

  /// Makes an object; a later member of the same key replaces an earlier one.
  public init(_ members: [(ByteString, JSONValue)]) {
    for (key, value) in members { self[key] = value }
  }

  private func place(_ key: ByteString) -> Int? {
    members.count > Self.searchLimit ? places[key] : members.firstIndex { $0.key == key }
  }

  /// Keeps the places of all members, or of none while they are few.
  private mutating func noteAll() {
    places = [:]
    guard members.count > Self.searchLimit else { return }
    for (index, member) in members.enumerated() { places[member.key] = index }
  }

  /// The value of a member; nil where there is none, and setting nil removes the member.
  public subscript(key: ByteString) -> JSONValue? {
    get { place(key).map { members[$0].value } }
    set {
      if let place = place(key) {
        if let newValue {
          members[place].value = newValue
        } else {
          members.remove(at: place)
          noteAll()
        }
      } else if let newValue {
        members.append((key, newValue))
        if members.count > Self.searchLimit + 1 {
          places[key] = members.count - 1
        } else {
          noteAll()
        }
      }
    }
  }

  /// Two objects are equal when they have equal members, in whatever order.
  public static func == (left: Self, right: Self) -> Bool {
    left.members.count == right.members.count
      && left.members.allSatisfy { right[$0.key] == $0.value }
  }

  /// Hashes the keys in a fixed order.
  public func hash(into hasher: inout Hasher) {
    for key in members.map(\.key).sorted() { hasher.combine(key) }
  }
}

extension JSONValue {
  /// Reads one value from a whole text; duplicate members are refused.
  ///
  /// - Parameters:
  ///   - byteLimit: The longest text that is read.
  ///   - depthLimit: The deepest nesting that is read.
  public init(parsing bytes: RawSpan, byteLimit: Int, depthLimit: Int = 64) throws(JSONError) {
    guard bytes.byteCount <= byteLimit else {
      throw JSONError(.tooLarge(limit: byteLimit), at: byteLimit)
    }
    if let offset = JSONReader.firstNonUTF8(in: bytes, range: 0..<bytes.byteCount) {
      throw JSONError(.notUTF8, at: offset)
    }
    var reader = JSONReader(bytes, depthLimit: depthLimit)
    self = try Self.read(from: &reader)
    try reader.finish()
  }

  /// Reads one value from a whole text; duplicate members are refused.
  public init(parsing bytes: [UInt8], byteLimit: Int, depthLimit: Int = 64) throws(JSONError) {
    try self.init(parsing: bytes.rawSpan, byteLimit: byteLimit, depthLimit: depthLimit)
  }

  @_lifetime(reader: copy reader)
  private static func read(from reader: inout JSONReader) throws(JSONError) -> JSONValue {
    switch try reader.peek() {
    case .null:
      try reader.readNull()
      return .null
    case .bool: return .bool(try reader.readBool())
    case .string: return .string(try reader.readString())
    case .number:
      let text = try reader.readNumber()
      if let value = Int64(text), text != "-0" { return .integer(value) }
      return .number(text)
    case .array:
      try reader.beginArray()
      var elements: [JSONValue] = []
      while try reader.nextElement(isFirst: elements.isEmpty) {
        elements.append(try read(from: &reader))
      }
      return .array(elements)
    case .object:
      try reader.beginObject()
      var object = JSONObject()
      while true {
        guard let key = try reader.nextKey(isFirst: object.members.isEmpty) else { break }
        guard object[key] == nil else {
          throw JSONError(.duplicateKey(key), at: reader.stringStart)
        }
        object[key] = try read(from: &reader)
      }
      return .object(object)
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  /// Makes an integer from a literal.
  public init(integerLiteral value: Int64) { self = .integer(value) }

  /// Makes a string from a literal.
  public init(stringLiteral value: String) { self = .text(value) }
}
