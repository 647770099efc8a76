import Storage
import StrictJSON
import Testing

@Suite("Objects in plain canonical form") struct CanonicalObjectTests {
  /// What the general reader and writer say: the bytes are an object in canonical form.
  private static func isCanonical(_ bytes: [UInt8]) -> Bool {
    do {
      let value = try JSONValue(parsing: bytes, byteLimit: 1 << 20, depthLimit: 4)
      guard case .object = value else { return false }
      return try CanonicalJSON.encode(value) == bytes
    } catch { return false }
  }

  private static func isPlain(_ bytes: [UInt8]) -> Bool {
    CanonicalObject(scanning: bytes.rawSpan, depthLimit: 4) != nil
  }

  @Test(
    "plain ones are found",
    arguments: [
      "{}", #"{"a":1}"#, #"{"a":-1,"b":0,"c":[],"d":{}}"#, #"{"a":"","aa":"x y","b":true}"#,
      #"{"a":[1,[2,{"z":null}]],"b":false}"#, #"{"a":999999999999999}"#,
    ])
  func plain(_ text: String) throws {
    let bytes = Array(text.utf8)
    #expect(Self.isPlain(bytes))
    #expect(Self.isCanonical(bytes))
  }

  @Test(
    "others are left to the general reader",
    arguments: [
      "", "1", "[]", #""a""#, "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1}x"#, #"{"a": 1}"#,
      #"{"b":1,"a":2}"#, #"{"a":1,"a":2}"#, #"{"a":01}"#, #"{"a":-0}"#, #"{"a":1.0}"#,
      #"{"a":1e2}"#,
      #"{"a":9007199254740993}"#, #"{"a":"\n"}"#, #"{"a":"é"}"#, #"{"é":1}"#, #"{"a":tru}"#,
      #"{"a":[1 ]}"#, #"{"a":[1,]}"#, #"{"a":[[[[1]]]]}"#, #"{"a":-}"#, "{\"a\":\"\u{1}\"}",
    ])
  func others(_ text: String) { #expect(!Self.isPlain(Array(text.utf8))) }

  @Test func `whatever changes, a plain one is canonical`() {
    let text = Array(
      #"{"commitments":["ab",{"x":-12,"y":[true,null]}],"seq":1204,"time":"2026-01-01","v":1}"#.utf8
    )
    let bytes: [UInt8] = Array("\"\\{}[],:-0129.eE aznt\u{7F}".utf8) + [0, 0x1F, 0x80, 0xC3, 0xFF]
    var wrong: [String] = []
    var plain = 0
    for place in text.indices {
      for byte in bytes {
        var replaced = text
        replaced[place] = byte
        var inserted = text
        inserted.insert(byte, at: place)
        var removed = text
        removed.remove(at: place)
        for changed in [replaced, inserted, removed] where Self.isPlain(changed) {
          plain += 1
          if !Self.isCanonical(changed) { wrong.append(String(decoding: changed, as: UTF8.self)) }
        }
      }
    }
    #expect(wrong.isEmpty)
    #expect(plain > 100)
  }

  @Test func `members are found by their keys`() throws {
    let bytes = Array(#"{"a":1,"bc":"x","d":[1]}"#.utf8)
    let found = CanonicalObject(scanning: bytes.rawSpan, depthLimit: 4)
    let object = try #require(found)
    func text(_ key: StaticString) -> String? {
      object.place(of: key, in: bytes.rawSpan).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    #expect(text("a") == "1")
    #expect(text("bc") == "\"x\"")
    #expect(text("d") == "[1]")
    #expect(text("b") == nil)
  }
}
