import Storage
import StrictJSON
import Testing

@Suite("Reading over JSON") struct SkippingTests {
  private func skip(_ text: String) throws(JSONError) {
    let bytes = Array(text.utf8)
    var reader = JSONReader(bytes.rawSpan)
    try reader.skipValue()
    try reader.finish()
  }

  @Test(
    "finite numbers pass, as serde_json rounds",
    arguments: [
      "1e308", "-1e308", "0e999999999999", "1e-99999999999",
      "1" + String(repeating: "0", count: 308),
      "0." + String(repeating: "0", count: 400) + "1e420", "17976931348623157e292",
    ])
  func finite(_ text: String) { #expect(throws: Never.self) { try skip("[\(text)]") } }

  @Test(
    "others are refused at their first byte",
    arguments: [
      "1e309", "1e400", "-1e99999999999", "1" + String(repeating: "0", count: 309),
      "17976931348623159e292", "1.", "01", "-", "1e+",
    ])
  func infinite(_ text: String) {
    do throws(JSONError) {
      try skip("[\(text),0]")
      Issue.record("accepted")
    } catch { #expect(error.reason == .badNumber && error.byteOffset == 1 || text == "-") }
  }

  @Test func `a string's end is found at every place, whatever stands before`() throws {
    for count in 0..<40 {
      for ending in ["\"", "\\\"\"", "\\n\"", "\\u00e9\"", "\\ud83d\\ude42\"", "é\"", "\u{7F}\""] {
        let text = "\"" + String(repeating: "~", count: count) + ending
        try skip(text)
        let bytes = Array(text.utf8)
        var reader = JSONReader(bytes.rawSpan)
        let read = try reader.readString()
        let inner = String(text.dropFirst().dropLast())
        let plain =
          inner.contains("\\")
          ? String(repeating: "~", count: count)
            + ["\\\"": "\"", "\\n": "\n", "\\u00e9": "é", "\\ud83d\\ude42": "🙂"][
              String(inner.dropFirst(count)), default: "?"] : inner
        #expect(read == ByteString(plain))
      }
      let control = "\"" + String(repeating: "~", count: count) + "\u{1F}~~~~~~~~~\""
      #expect(throws: JSONError(.controlCharacter(0x1F), at: count + 1)) { try skip(control) }
    }
  }

  @Test func `an integer keeps its rules`() throws {
    func read(_ text: String) throws(JSONError) -> UInt64 {
      let bytes = Array(text.utf8)
      var reader = JSONReader(bytes.rawSpan)
      return try reader.readUnsigned()
    }
    #expect(try read("18446744073709551615") == .max)
    #expect(try read(" 0") == 0)
    for (text, reason) in [
      ("18446744073709551616", .notUnsignedInteger), ("-0", .notUnsignedInteger),
      ("4.0", .notUnsignedInteger), ("4e0", .notUnsignedInteger), ("04", .badNumber),
      ("1e999", .badNumber), ("\"4\"", .notUnsignedInteger),
    ] as [(String, JSONError.Reason)] {
      #expect(throws: JSONError(reason, at: 0)) { try read(text) }
    }
  }
}
