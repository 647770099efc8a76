import Attestation
import Storage
import TestSupport
import Testing

@Suite("Traces of a key") struct KeyTracesTests {
  private let folder: TemporaryFolder
  private let key = SecureRandom.bytes(32)

  init() throws { folder = try TemporaryFolder() }

  private func place(_ traces: KeyTraces, _ bytes: [UInt8]) throws -> Int? {
    let path = folder.file("file")
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    return try traces.firstTrace(inFile: path)
  }

  @Test("are found wherever they begin", arguments: [0, 1, 1000, 1_048_560, 1_048_575, 1_048_576])
  func anywhere(_ offset: Int) throws {
    let before = [UInt8](repeating: 0, count: offset)
    let known = KeyTraces(key: key)
    let again = KeyTraces(digest: SHA256.digest(of: key))
    let after = SecureRandom.bytes(40)
    #expect(try place(known, before + key[7..<23] + after) == offset)
    #expect(try place(known, before + key[7..<22] + [key[22] ^ 1] + after) == nil)
    let hex = Array(Hex.encode(key).utf8)
    #expect(try place(known, before + hex[..<32] + after) == offset)
    if offset < 2000 || offset == 1_048_575 {
      #expect(try place(again, before + key + after) == offset)
      #expect(try place(again, before + hex) == offset)
      #expect(try place(again, before + Array(Hex.encode(key).uppercased().utf8)) == offset)
      #expect(try place(again, before + key.dropLast() + [key[31] ^ 1] + after) == nil)
    }
  }

  @Test func `are not seen where there are none`() throws {
    #expect(try place(KeyTraces(key: key), []) == nil)
    #expect(try place(KeyTraces(key: key), SecureRandom.bytes(5000)) == nil)
    #expect(try place(KeyTraces(digest: SHA256.digest(of: key)), SecureRandom.bytes(5000)) == nil)
  }
}
