import Attestation
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Pins outside the database") struct PinTests {
  private func heads(_ bench: Bench) throws -> String {
    let name = try #require(
      try Folder.files(below: bench.folder.file("state")).first { $0.name.hasSuffix("/heads") }?
        .name)
    return Paths.join(bench.folder.file("state"), name)
  }

  private func pin(_ bench: Bench) throws -> Int? {
    try bench.pins.head(of: LogKeys(first: bench.verifierKey))?.treeSize
  }

  /// Overwrites the place of the newest head, as a write that was torn does.
  private func tear(_ bench: Bench, at count: Int) throws {
    let path = try heads(bench)
    var bytes = try Folder.read(path, limit: 1 << 16)
    let place = try #require(
      (0..<bytes.count / 1024).first { place in
        String(decoding: bytes[place * 1024..<(place + 1) * 1024], as: UTF8.self)
          .hasPrefix("test.example/log\n\(count)\n")
      })
    for index in 60..<512 { bytes[place * 1024 + index] = 0 }
    try AtomicFile.write(bytes.rawSpan, to: path, mode: 0o600, replacing: true)
  }

  @Test func `every append moves the pin, round the places and round again`() throws {
    let bench = try Bench()
    for count in 2..<30 {
      try bench.append(bench.request())
      #expect(try pin(bench) == count)
    }
    #expect(try Folder.read(try heads(bench), limit: 1 << 16).count == 8 * 1024)
    #expect(try FileStatus(of: try heads(bench)).mode & 0o777 == 0o600)
  }

  @Test func `a torn pin is the one before it, and the next append writes on`() throws {
    let bench = try Bench()
    for _ in 2..<12 { try bench.append(bench.request()) }
    try tear(bench, at: 11)
    #expect(try pin(bench) == 10)
    #expect(try bench.failures() == [])
    try bench.append(bench.request())
    #expect(try pin(bench) == 12)
  }

  @Test func `pins none of which is a head are an error, not no pin`() throws {
    let bench = try Bench()
    try bench.append(bench.request())
    let path = try heads(bench)
    for bytes in [
      [UInt8](repeating: 0, count: 8192), [], [0x41], Array("test.example/log\n2\n".utf8),
    ] {
      try AtomicFile.write(bytes.rawSpan, to: path, mode: 0o600, replacing: true)
      #expect(throws: LedgerError.self) { try pin(bench) }
      #expect(throws: LedgerError.self) { try bench.append(bench.request()) }
      #expect(try bench.failures().contains { $0.hasPrefix("pin") })
    }
  }

  @Test func `a pin of a former version counts, until there is a later one`() throws {
    let bench = try Bench()
    try bench.append(bench.request())
    let path = try heads(bench)
    let note = try Folder.read(path, limit: 1 << 16).prefix { $0 != 0 }
    try AtomicFile.write(
      Array(note).rawSpan, to: Paths.join(Paths.parent(of: path), "latest"), replacing: true)
    try Folder.remove(path)
    #expect(try pin(bench) == 1)
    try bench.append(bench.request())
    #expect(try pin(bench) == 3)
  }
}
