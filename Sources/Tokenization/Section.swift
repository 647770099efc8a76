import Storage
import StrictJSON

/// A place in `tokenizer.json`, read with checks: each reading names its path, what was found and what was expected.
struct Section {
  let field: JSONField

  init(_ field: JSONField) { self.field = field }

  var path: String { field.path }
  var isPresent: Bool { field.isPresent }

  subscript(key: String) -> Section { Section(field[key]) }

  var isArray: Bool {
    if case .array = field.value { return true }
    return false
  }

  func isText(_ text: String) -> Bool { field.value == .text(text) }

  /// This place, or nil where there is nothing or `null`.
  var optional: Section? { isPresent ? self : nil }

  func error(expected: String) -> TokenizerError {
    TokenizerError(.unexpected(found: Self.name(of: field.value), expected: expected), at: path)
  }

  /// What a value is, short enough for one line.
  static func name(of value: JSONValue?) -> String {
    switch value {
    case nil: "nothing"
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let text): String(text.prefix(40))
    case .string(let text): text.bytes.count <= 40 ? "\"\(text)\"" : "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  private func read<Value>(
    _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(TokenizerError) -> Value {
    do throws(JSONFieldError) { return try body(field) } catch {
      throw self.error(expected: error.expected)
    }
  }

  func bytes() throws(TokenizerError) -> [UInt8] {
    try read { field throws(JSONFieldError) in try field.bytes() }.bytes
  }

  /// A text that is put into others many times, and short so that these cannot grow without bound.
  func shortBytes() throws(TokenizerError) -> [UInt8] {
    let bytes = try bytes()
    guard bytes.count <= 256 else { throw error(expected: "a string of at most 256 bytes") }
    return bytes
  }

  func text() throws(TokenizerError) -> String {
    try read { field throws(JSONFieldError) in try field.text() }
  }

  func bool() throws(TokenizerError) -> Bool {
    try read { field throws(JSONFieldError) in try field.bool() }
  }

  func bool(or fallback: Bool) throws(TokenizerError) -> Bool {
    isPresent ? try bool() : fallback
  }

  func number() throws(TokenizerError) -> Double {
    try read { field throws(JSONFieldError) in try field.number() }
  }

  func object() throws(TokenizerError) -> JSONObject {
    try read { field throws(JSONFieldError) in try field.object() }
  }

  /// The values of an array, without the cost of a path for each.
  func values() throws(TokenizerError) -> [JSONValue] {
    guard case .array(let values) = field.value else { throw error(expected: "an array") }
    return values
  }

  /// The sections of an array.
  func elements() throws(TokenizerError) -> [Section] {
    var sections: [Section] = []
    for (index, value) in try values().enumerated() { sections.append(element(index, value)) }
    return sections
  }

  /// One element of the array at this place.
  func element(_ index: Int, _ value: JSONValue) -> Section {
    Section(JSONField(value, path: "\(path)[\(index)]"))
  }

  /// One member of the object at this place.
  func member(_ key: ByteString, _ value: JSONValue) -> Section {
    Section(JSONField(value, path: "\(path)[\"\(key)\"]"))
  }

  /// An integer in a range.
  func integer(in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
    guard case .integer(let number) = field.value, let value = Int(exactly: number),
      range.contains(value)
    else {
      throw error(expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The number of a token.
  func tokenID() throws(TokenizerError) -> Int32 {
    Int32(try integer(in: 0...Vocabulary.idLimit - 1))
  }

  /// One code point.
  func scalar() throws(TokenizerError) -> UInt32 {
    let bytes = try bytes()
    guard let first = bytes.first, UTF8Reading.length(leadBy: first) == bytes.count else {
      throw error(expected: "a string of one character")
    }
    return UTF8Reading.scalar(in: bytes, at: 0).value
  }

  /// The name that says what kind of part this is.
  func type() throws(TokenizerError) -> String { try self["type"].text() }

  /// The parts of a sequence, read by a function that is told how deep it is.
  func parts<Part>(
    _ key: String, depth: Int, _ body: (Section, Int) throws(TokenizerError) -> Part
  ) throws(TokenizerError) -> [Part] {
    var parts: [Part] = []
    for section in try self[key].elements() { parts.append(try body(section, depth + 1)) }
    return parts
  }

  /// A pattern: `{"String": …}` or `{"Regex": …}`.
  func pattern() throws(TokenizerError) -> Pattern {
    if self["Regex"].isPresent {
      return try Pattern(regex: try self["Regex"].text(), at: self["Regex"].path)
    }
    if self["String"].isPresent {
      return try Pattern(literal: try self["String"].bytes(), at: self["String"].path)
    }
    throw error(expected: "an object with \"String\" or \"Regex\"")
  }
}
