import Attestation
import Storage
import TestSupport
import Testing

@Suite("What was disclosed about a person can be erased") struct ShredTests {
  private static let facts =
    #"{"name":"Ada Muster","customer":"4711-0815","mail":"ada@muster.example"}"#

  /// Opens a request with facts; gives its identity.
  private func open(_ bench: Bench, _ more: String...) throws -> String {
    try AtomicFile.write(
      Array(Self.facts.utf8).rawSpan, to: bench.folder.file("facts.json"), replacing: true)
    let result = try bench.run(
      ["request", "open", "--regime", "gdpr", "--ground", "17-1-b", "--disclose", "facts.json"]
        + more)
    try #require(result.code == 0, "\(result.errors)")
    return String(result.output.dropLast())
  }

  /// Whether any file of the workspace holds a text, as it is or in base64url at any of the three alignments.
  private func holds(_ bench: Bench, _ text: String) throws -> Bool {
    let forms: [[UInt8]] =
      [Array(text.utf8)]
      + (0..<3).map { shift in
        let padded = [UInt8](repeating: 0x20, count: shift) + Array(text.utf8)
        let encoded = Array(Base64.encodeURLSafe(padded).utf8)
        // The characters that depend on this text alone.
        return Array(encoded.dropFirst((shift * 8 + 5) / 6).dropLast(2))
      }
    for (_, bytes) in try bench.contents(".unlearn") {
      for form in forms where contains(bytes, form) { return true }
    }
    return false
  }

  private func contains(_ bytes: [UInt8], _ form: [UInt8]) -> Bool {
    guard bytes.count >= form.count else { return false }
    return (0...bytes.count - form.count).contains { start in
      bytes[start] == form[0] && bytes[start..<start + form.count].elementsEqual(form)
    }
  }

  @Test func `shredding leaves no byte of it, and the log stays valid`() throws {
    let bench = try Bench()
    let gone = try open(bench)
    let kept = try open(bench, "--disclose-until", "2999-01-01")
    #expect(try holds(bench, "Ada Muster"))
    let answer = try bench.succeed("ledger", "shred", "--request", gone)
    #expect(answer.contains("erased 3 disclosures of \(gone)") && answer.contains("no trace"))
    #expect(try bench.succeed("ledger", "shred", "--request", gone).contains("nothing to erase"))
    #expect(try bench.succeed("ledger", "shred", "--expired").contains("nothing to erase"))
    #expect(try holds(bench, "Ada Muster"))
    try bench.succeed("ledger", "shred", "--request", kept)
    for text in ["Ada Muster", "4711-0815", "ada@muster.example"] {
      #expect(try !holds(bench, text), "\(text)")
    }
    #expect(try bench.succeed("ledger", "verify").contains("verdict: valid"))
    #expect(try bench.succeed("ledger", "log").contains("disclosure.shredded"))
  }

  @Test func `a copy in the workspace is found`() throws {
    let bench = try Bench()
    let request = try open(bench, "--disclose-until", "2026-01-01")
    let database = try Folder.read(bench.folder.file(".unlearn/ledger.sqlite"), limit: 1 << 24)
    try AtomicFile.write(database.rawSpan, to: bench.folder.file(".unlearn/backup"))
    try bench.refuse(
      ["ledger", "shred", "--expired"], code: 1, saying: "not erased", request, ".unlearn/backup")
    try Folder.remove(bench.folder.file(".unlearn/backup"))
    #expect(try !holds(bench, "Ada Muster"))
  }

  @Test func `a data set is named by a digest that only the workspace's key can make`() throws {
    let bench = try Bench()
    let other = try Bench()
    for bench in [bench, other] {
      try AtomicFile.write(
        Array(#"{"text":"Ada Muster"}"#.utf8).rawSpan, to: bench.folder.file("set.jsonl"))
    }
    let digest = try bench.succeed("ledger", "data-digest", "set.jsonl")
    #expect(try bench.succeed("ledger", "data-digest", "set.jsonl") == digest)
    #expect(try other.succeed("ledger", "data-digest", "set.jsonl") != digest)
    let plain = try SHA256.digest(ofFile: bench.folder.file("set.jsonl"))
    #expect(!digest.contains(plain.hex))
    let key = try Folder.read(bench.folder.file(".unlearn/data.key"), limit: 32)
    #expect(digest == KeyedDigest.of(fileDigest: plain, key: key).hex + "\n")
  }
}
