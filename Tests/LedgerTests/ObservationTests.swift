import Attestation
import Ledger
import Storage
import StrictJSON
import Testing

@Suite("What leaves tell of heads and verdicts") struct ObservationTests {
  private let bench: Bench
  private let model: JSONValue = "urn:uuid:00000001-0000-4000-8000-000000000001"
  private let root: JSONValue = .text(SHA256.digest(of: Array("root".utf8)).hex)

  init() throws {
    bench = try Bench()
    try bench.append(
      Event(.modelRegistered, ["model": model, "root": root, "family": "bert"]))
  }

  /// The newest head with a witness's line under it, and the leaf that tells of it.
  private func cosigned() throws -> (bytes: [UInt8], fields: [(ByteString, JSONValue)]) {
    var (size, note) = try bench.store.newestHead()
    let witness = try PrivateKey.generate(.ed25519)
    let key = try VerifierKey(name: "witness.example/w", publicKey: witness.publicKey)
    let other = try SignedNote(signing: note.text, as: key, with: witness)
    note.replace(with: other.lines[0])
    let bytes = Array(note.encoded.utf8)
    let head = try LogCheckpoint(parsing: note.text)
    return (
      bytes,
      [
        ("size", .integer(Int64(size))), ("root", .text(head.root.hex)),
        ("note", .text(SHA256.digest(of: bytes).hex)), ("witnesses", 1),
      ]
    )
  }

  private func append(_ fields: [(ByteString, JSONValue)], keeping bytes: [UInt8]?) throws {
    func field(_ key: ByteString) -> JSONValue? { fields.first { $0.0 == key }?.1 }
    var attachments = LedgerStore.Attachments()
    if let bytes { attachments.blobs = [("text/plain", bytes)] }
    try bench.store.append(
      [
        Event(
          .checkpointWitnessed,
          [
            "size": field("size"), "root": field("root"), "note": field("note"),
            "witnesses": field("witnesses"),
          ])
      ], attachments, signedBy: bench.key, at: bench.time)
  }

  private func problem() throws -> String {
    try bench.verify().findings.first { $0.outcome == .failed }?.detail ?? ""
  }

  @Test func `a cosigned head that is kept and is a beginning of the log is valid`() throws {
    let (bytes, fields) = try cosigned()
    try append(fields, keeping: bytes)
    try bench.append(bench.request())
    let findings = try bench.verify().findings
    #expect(Verdict(findings) == .valid, "\(findings)")
    #expect(findings.contains { $0.step == "witnessed heads" && $0.outcome == .passed })
  }

  @Test func `a note that is not kept, or was changed, is told`() throws {
    let (bytes, fields) = try cosigned()
    try append(fields, keeping: nil)
    #expect(try problem().contains("is not kept, or was changed"))
    let other = try ObservationTests()
    let (kept, told) = try other.cosigned()
    try other.append(told, keeping: kept)
    try other.bench.attack("UPDATE blobs SET bytes = CAST('x' AS BLOB)")
    #expect(try other.problem().contains("is not kept, or was changed"))
    #expect(bytes != kept)
  }

  @Test func `a leaf that tells of another head than the note's is told`() throws {
    for (key, value, words) in [
      ("size", 1, "its root is not that of the first 1 leaves"),
      ("root", root, "its root is not that of the first 2 leaves"),
      ("witnesses", 2, "the note has 1 cosignatures, the leaf tells of 2"),
    ] as [(ByteString, JSONValue, String)] {
      let other = try ObservationTests()
      let (bytes, fields) = try other.cosigned()
      try other.append(fields.map { $0.0 == key ? (key, value) : $0 }, keeping: bytes)
      let problem = try other.problem()
      #expect(problem.contains(words), "\(problem)")
    }
  }

  @Test func `a head that is not before its leaf, or has no witness, is refused`() throws {
    let (bytes, fields) = try cosigned()
    for (key, value) in [("size", 3), ("size", 0), ("witnesses", 0)] as [(ByteString, JSONValue)] {
      let changed = fields.map { $0.0 == key ? (key, value) : $0 }
      #expect(throws: LedgerError.self) { try append(changed, keeping: bytes) }
    }
    #expect(Verdict(try bench.verify().findings) == .valid)
  }

  @Test func `only a verdict of valid passes, and only on what the model is now`() throws {
    let steps = root
    let other: JSONValue = .text(SHA256.digest(of: Array("other".utf8)).hex)
    typealias Row = (LeafType, String, model: JSONValue?, root: JSONValue?, isTaken: Bool)
    let rows: [Row] = [
      (.verificationPassed, "valid", model, root, true),
      (.verificationPassed, "invalid", model, root, false),
      (.verificationPassed, "valid", model, other, false),
      (.verificationPassed, "valid", model, nil, false),
      (.verificationPassed, "valid", nil, root, false),
      (.verificationFailed, "valid", model, root, false),
      (.verificationFailed, "invalid", model, other, true),
      (.verificationFailed, "incomplete", nil, nil, true),
      (.verificationFailed, "unheard", nil, nil, false),
      (.verificationFailed, "invalid", "urn:uuid:00000009-0000-4000-8000-000000000001", nil, false),
    ]
    for row in rows {
      let event = Event(
        row.0,
        ["verdict": .text(row.1), "model": row.model, "root": row.root, "steps": steps])
      var isTaken = true
      do throws(LedgerError) {
        try bench.store.append([event], signedBy: bench.key, at: bench.time)
      } catch { isTaken = false }
      #expect(isTaken == row.isTaken, "\(row)")
    }
    #expect(Verdict(try bench.verify().findings) == .valid)
  }
}
