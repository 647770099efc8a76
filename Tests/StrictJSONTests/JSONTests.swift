import Storage
import StrictJSON
import Testing

@Suite("Strict JSON") struct JSONTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), byteLimit: 1 << 20)
  }

  @Test(
    "is refused at its byte",
    arguments: [
      ("", 0), ("{", 1), (#"{"a":1,"a":2}"#, 7), (#"{"a":1,}"#, 7), ("[1,]", 3), ("[01]", 1),
      ("[1.]", 1), ("[+1]", 1), ("[.5]", 1), ("[1e999]", 1), ("nul", 3), ("[1] 2", 4),
      (#""\ud800""#, 1), (#""\x""#, 1), ("\"\u{1}\"", 1), ("\u{FEFF}1", 0), ("// c\n1", 0),
      (#"{"a" 1}"#, 5), ("NaN", 0), ("'a'", 0),
    ])
  func refused(_ text: String, _ offset: Int) {
    do throws(JSONError) {
      let value = try parse(text)
      Issue.record("accepted as \(value)")
    } catch { #expect(error.byteOffset == offset, "\(error)") }
  }

  @Test func `nesting is bounded`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try parse(deep) }
  }

  @Test func `keys and texts are bytes, so normalisation forms are two keys`() throws {
    let value = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
    guard case .object(let object) = value else { return #expect(Bool(false)) }
    #expect(object.members.count == 2)
    #expect(object["e\u{301}"] == .integer(2))
  }

  @Test func `invalid UTF-8 is refused at its byte`() {
    for (bytes, offset) in [
      ([0x22, 0xFF, 0x22], 1), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
      ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1), ([0x22, 0xE2, 0x82], 1),
    ] as [([UInt8], Int)] {
      do throws(JSONError) {
        _ = try JSONValue(parsing: bytes, byteLimit: 100)
        Issue.record("accepted")
      } catch { #expect(error == JSONError(.notUTF8, at: offset)) }
    }
  }

  /// The example of RFC 8785 section 3.2.3: members are ordered by UTF-16 units, not by code points.
  @Test func `canonical order is that of UTF-16 units`() throws {
    let text =
      #"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#
    let canonical = String(decoding: try CanonicalJSON.encode(try parse(text)), as: UTF8.self)
    let order = [
      "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
      "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
    ]
    var rest = canonical[...]
    for word in order {
      let found = try #require(rest.firstRange(of: word))
      rest = rest[found.upperBound...]
    }
  }

  @Test func `canonical bytes read back to the same bytes`() throws {
    for text in [
      #"{"a":[1,-5,true,null,"x\u0001\n\"\\é"],"b":{}}"#, "[]", "\"\"", "9007199254740991",
    ] {
      let bytes = try CanonicalJSON.encode(try parse(text))
      #expect(try CanonicalJSON.encode(JSONValue(parsing: bytes, byteLimit: 1000)) == bytes)
    }
  }

  @Test func `numbers that readers would round are not written`() throws {
    for text in ["9007199254740992", "-9223372036854775808", "1.5", "1e3"] {
      #expect(throws: CanonicalJSON.EncodingError.self) {
        try CanonicalJSON.encode(try parse(text))
      }
    }
  }
}
