import Safetensors
import Storage
import Testing

/// Hand-made files with the verdicts of the reference reader (safetensors 0.3.1 to 0.8.0 agree).
@Suite("The reference's verdict") struct ConformanceTests {
  static let folder = Paths.join(Paths.parent(of: #filePath), "Vectors")

  /// Case, verdict and error variant of the reference.
  static let cases: [(name: String, accepts: Bool, error: String)] = {
    do {
      let table = try Folder.read(Paths.join(folder, "expected.tsv"), limit: 1 << 20)
      return String(decoding: table, as: UTF8.self).split(separator: "\n").dropFirst().map {
        let columns = $0.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        return (columns[0], columns[1] == "ACCEPT", columns.count > 2 ? columns[2] : "")
      }
    } catch { return [] }
  }()

  /// Our name of a rule for each error variant of the reference.
  private static let names = [
    "HeaderTooSmall": "header-too-small", "HeaderTooLarge": "header-too-large",
    "InvalidHeaderLength": "invalid-header-length", "InvalidHeader": "header-not-utf8",
    "InvalidHeaderDeserialization": "invalid-header-json", "InvalidOffset": "invalid-offset",
    "ValidationOverflow": "size-overflow", "MisalignedSlice": "partial-byte",
    "TensorInvalidInfo": "size-mismatch", "MetadataIncompleteBuffer": "data-not-covered",
  ]

  @Test func `the table of cases is there`() { #expect(Self.cases.count == 139) }

  @Test("case", arguments: cases.map(\.name))
  func verdict(_ name: String) throws {
    let expected = try #require(Self.cases.first { $0.name == name })
    let path = Paths.join(Self.folder, name + ".safetensors")
    let bytes = try Folder.read(path, limit: 1 << 20)
    do throws(HeaderError) {
      let header = try Header(parsing: bytes.rawSpan)
      #expect(expected.accepts, "accepted, the reference says \(expected.error)")
      #expect(header.tensors.reduce(header.dataOffset) { $0 + $1.byteCount } == bytes.count)
    } catch {
      #expect(!expected.accepts, "\(error)")
      #expect(error.name == Self.names[expected.error], "\(error)")
      #expect(error.byteOffset <= bytes.count)
    }
  }

  @Test func `no cut and no changed byte of a valid file traps`() throws {
    for name in ["off_unordered_ok", "name_unicode", "f4_3x2"] {
      let bytes = try Folder.read(
        Paths.join(Self.folder, name + ".safetensors"), limit: 1 << 20)
      for count in 0..<bytes.count {
        let cut = Array(bytes.prefix(count))
        #expect(throws: HeaderError.self) { try Header(parsing: cut.rawSpan) }
      }
      for offset in bytes.indices {
        for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
          var changed = bytes
          changed[offset] ^= mask
          do throws(HeaderError) { _ = try Header(parsing: changed.rawSpan) } catch {
            #expect(!error.description.isEmpty)
          }
        }
      }
    }
  }

  @Test(
    "strict mode refuses what readers disagree on",
    arguments: [
      "dup_tensor_identical", "dup_tensor_escaped", "info_as_array", "dtype_map_unit",
      "dup_metadata_inner",
    ])
  func strict(_ name: String) throws {
    let bytes = try Folder.read(Paths.join(Self.folder, name + ".safetensors"), limit: 1 << 20)
    #expect(throws: Never.self) { try Header(parsing: bytes.rawSpan) }
    #expect(throws: HeaderError.self) { try Header(parsing: bytes.rawSpan, mode: .strict) }
  }
}
