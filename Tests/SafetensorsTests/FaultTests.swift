import Safetensors
import Storage
import Testing

@Suite("All faults of a file") struct FaultTests {
  private func faults(_ json: String, data: Int) -> [String] {
    let bytes = HeaderTests.file(json, data: data)
    return Header.faults(in: bytes.rawSpan).first.map { fault in
      "\(fault.tensor?.text ?? "-") \(fault.name) \(fault.byteOffset)"
    }
  }

  @Test func `every entry's fault is found, with its tensor and its byte`() {
    let json =
      #"{"a":{"dtype":"X8","shape":[2],"data_offsets":[0,2]},"b":{"shape":[2],"data_offsets":[2,4]},"#
      + #""c":{"dtype":"F32","shape":[1],"data_offsets":[4,5]},"d":7}"#
    #expect(
      faults(json, data: 5) == [
        "a invalid-header-json 22", "b invalid-header-json 61", "d invalid-header-json 153",
        "c size-mismatch 100",
      ])
  }

  @Test func `holes, overlaps, sizes and the end are told apart`() {
    let json =
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]},"#
      + #""c":{"dtype":"F4","shape":[3],"data_offsets":[5,7]},"#
      + #""d":{"dtype":"U8","shape":[18446744073709551615,2],"data_offsets":[7,9]}}"#
    #expect(
      faults(json, data: 8) == [
        "a invalid-offset 9", "b invalid-offset 61", "c partial-byte 113", "d size-overflow 165",
        "d data-not-covered 246",
      ])
  }

  @Test func `broken text ends the search, after what was found before`() {
    #expect(
      faults(#"{"a":{"dtype":"X"},"b":{"shape":[1,]}}"#, data: 0) == [
        "a invalid-header-json 22", "b invalid-header-json 43",
      ])
  }

  @Test func `only the first thousand are kept, and all are counted`() {
    let entries = (0..<3000).map { #""\#($0)":{"dtype":"U8","shape":[],"data_offsets":[5,5]}"# }
    let bytes = HeaderTests.file("{" + entries.joined(separator: ",") + "}", data: 5)
    let faults = Header.faults(in: bytes.rawSpan)
    #expect(faults.first.count == HeaderFaults.limit && faults.count > 3000)
  }

  @Test(
    "files of other kinds are named",
    arguments: [
      (Array("version https://git-lfs.github.com/spec/v1\noid".utf8), ForeignFile.lfsPointer),
      (Array("\n <!doctype HTML><html>".utf8), .html), (Array("<html><body>404".utf8), .html),
      ([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0], .zip), (Array("GGUF\u{3}\0\0\0abcdefgh".utf8), .gguf),
      ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3], .gzip),
      (
        [
          0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
          0x80, 2,
        ], .torchLegacy
      ),
      ([0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 1, 0], .pickle),
      ([0x80, 3, 0x7D, 0x71, 0, 0x28, 0x58, 1, 0], .pickle),
      ([0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0], .pickle),
      ([0x80, 5, 0x95, 1, 0, 0, 0, 0, 0, 0, 0], .pickle),
      (Array("(dp0\nVa\np1\nI1\ns.".utf8), .pickle),
      (Array("}q\0X\u{1}\0\0\0aq\u{1}".utf8), .pickle),
    ] as [([UInt8], ForeignFile)])
  func foreign(_ bytes: [UInt8], _ kind: ForeignFile) {
    do throws(HeaderError) {
      _ = try Header(parsing: bytes.rawSpan)
      Issue.record("accepted")
    } catch { #expect(error.foreignKind == kind) }
    #expect(Header.faults(in: bytes.rawSpan).first.first?.foreignKind == kind)
  }
}
