import Safetensors
import Storage
import Testing

@Suite("Headers in both modes") struct HeaderTests {
  /// A file of this header, with so many bytes of data.
  static func file(_ json: String, data: Int = 0) -> [UInt8] {
    let text = Array(json.utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) }
    return length + text + Array(repeating: 0, count: data)
  }

  @Test(
    "both modes accept what writers make",
    arguments: [
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
      #"{"__metadata__":null,"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
      #"{"__metadata__":{},"a":{"data_offsets":[0,2],"dtype":"U8","shape":[2]}}"#,
      " \n{ \"a\" : { \"dtype\":\"U8\" , \"shape\":[ 2 ],\"data_offsets\":[0 , 2] } }\t\r ",
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"I8","shape":[],"data_offsets":[1,2],"x":[{}]}}"#,
      #"{"\u00e9":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e\u0301":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
    ])
  func accepted(_ json: String) throws {
    let bytes = Self.file(json, data: 2)
    let loose = try Header(parsing: bytes.rawSpan)
    #expect(try Header(parsing: bytes.rawSpan, mode: .strict) == loose)
    #expect(Header.faults(in: bytes.rawSpan, mode: .strict).count == 0)
  }

  @Test func `strict mode accepts misaligned tensors`() throws {
    let bytes = Self.file(
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#,
      data: 5)
    #expect(try Header(parsing: bytes.rawSpan, mode: .strict)["b"]?.dataRange == 1..<5)
  }

  @Test(
    "strict mode alone refuses what readers disagree on",
    arguments: [
      (
        #"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]},"\u0061":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
        "duplicate-name"
      ),
      (#"{"a":["U8",[2],[0,2]]}"#, "unusual-form"),
      (#"{"a":{"dtype":{"U8":null},"shape":[2],"data_offsets":[0,2]}}"#, "unusual-form"),
      (
        #"{"__metadata__":{"k":"1","\u006b":"2"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
        "invalid-header-json"
      ),
    ])
  func disputed(_ json: String, _ rule: String) throws {
    let bytes = Self.file(json, data: 2)
    #expect(try Header(parsing: bytes.rawSpan)["a"]?.shape == [2])
    do throws(HeaderError) {
      _ = try Header(parsing: bytes.rawSpan, mode: .strict)
      Issue.record("accepted")
    } catch { #expect(error.name == rule) }
    #expect(Header.faults(in: bytes.rawSpan, mode: .strict).first.map(\.name) == [rule])
  }

  @Test func `the last value of a key counts`() throws {
    let header = try Header(
      parsing: Self.file(#"{"__metadata__":{"k":"1","l":"","k":"2"}}"#).rawSpan)
    #expect(header.metadata?["k"] == "2" && header.metadata?.count == 2)
  }

  @Test func `thousands of entries in any order, repeated, are found by name`() throws {
    var entries = (0..<5000).map { number in
      let name = number % 3 == 0 ? "\\u0061.\(number)" : "a.\(number)"
      return
        #""\#(name)":{"dtype":"U16","shape":[\#(number % 7),1],"data_offsets":[\#(Self.start(number)),\#(Self.start(number + 1))]}"#
    }
    // Bogus first versions, which the good ones replace.
    entries.shuffle()
    let bogus = (0..<500).map { #""a.\#($0)":{"dtype":"F64","shape":[],"data_offsets":[3,4]}"# }
    let json = "{" + (bogus + entries).joined(separator: ",") + "}"
    let header = try Header(parsing: Self.file(json, data: Self.start(5000)).rawSpan)
    #expect(header.tensors.count == 5000)
    for number in 0..<5000 {
      let info = header[ByteString("a.\(number)")]
      #expect(info?.dataRange == Self.start(number)..<Self.start(number + 1))
      #expect(info?.shape == [UInt64(number % 7), 1] && info?.dtype == .u16)
    }
    #expect(header["a.5000"] == nil)
  }

  private static func start(_ number: Int) -> Int {
    number / 7 * 42 + (0..<number % 7).reduce(0) { $0 + 2 * $1 }
  }
}
