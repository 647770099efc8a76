import Attestation
import GRDB
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("The ledger") struct LedgerStoreTests {
  @Test func `an honest ledger is valid, and durable by its settings`() throws {
    let bench = try Bench()
    for _ in 0..<9 { try bench.append(bench.request()) }
    let verification = try bench.verify()
    #expect(Verdict(verification.findings) == .valid, "\(verification.findings)")
    #expect(verification.state?.requests.count == 9)
    #expect(try bench.store.heads().count == 10)
    let proof = try bench.store.inclusionProof(of: 3, size: 10)
    let head = try LogCheckpoint(
      parsing: SignedNote(parsing: Array(try bench.store.heads()[9].note.utf8)).text)
    #expect(
      MerkleTree.verifyInclusion(
        leaf: try bench.store.leaf(3).hash, index: 3, size: 10, proof: proof, root: head.root))
    #expect(try bench.store.settings() == ["2", "wal", "1"])
  }

  @Test(
    "each attack on the database is told",
    arguments: [
      (
        "UPDATE leaves SET bytes = CAST(replace(CAST(bytes AS TEXT), '17-1-b', '17-1-c') AS BLOB) WHERE sequence = 2",
        "tree"
      ),
      ("DELETE FROM leaves WHERE sequence = 3", "tree"),
      ("DELETE FROM leaves", "leaves"), ("DELETE FROM leaves WHERE sequence = 1", "leaves"),
      ("UPDATE leaves SET bytes = x'7b7d' WHERE sequence = 1", "leaves"),
      ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1", "tree"),
      ("DELETE FROM checkpoints WHERE size = 4", "heads"),
      ("UPDATE checkpoints SET note = replace(note, 'test.example', 'evil.example')", "heads"),
      ("CREATE TRIGGER evil AFTER INSERT ON blobs BEGIN SELECT 1; END", "schema"),
      ("CREATE VIEW evil AS SELECT 1", "schema"), ("CREATE TABLE evil (x)", "schema"),
      (
        "DROP TABLE nodes; CREATE TABLE nodes (level, position, hash); INSERT INTO nodes VALUES ('x', NULL, 5)",
        "schema"
      ),
      (
        "DROP TABLE checkpoints; CREATE TABLE checkpoints (size, note); INSERT INTO checkpoints VALUES (NULL, 5)",
        "schema"
      ),
      ("INSERT INTO nodes VALUES (0, 9, zeroblob(32))", "tree"),
      ("INSERT INTO nodes VALUES (9, 0, zeroblob(32))", "tree"),
      ("INSERT INTO nodes VALUES (-1, 0, zeroblob(32))", "tree"),
      ("DELETE FROM nodes WHERE level = 0 AND position = 2", "tree"),
      ("INSERT INTO checkpoints SELECT 9, note FROM checkpoints WHERE size = 4", "heads"),
      ("INSERT INTO checkpoints SELECT 40, note FROM checkpoints WHERE size = 4", "heads"),
      ("DELETE FROM subjects WHERE kind = 'request'", "subjects"),
      ("DELETE FROM subjects", "subjects"),
      ("UPDATE subjects SET state = replace(state, 'open', 'final')", "subjects"),
      ("UPDATE subjects SET state = state || ' ' WHERE kind = 'log'", "subjects"),
      ("UPDATE subjects SET id = id || 'x' WHERE kind = 'request'", "subjects"),
      ("INSERT INTO subjects VALUES ('key', 'x', '{}')", "subjects"),
      ("INSERT INTO subjects VALUES ('request', 'x', '{}')", "subjects"),
    ])
  func attacked(_ sql: String, _ step: String) throws {
    let bench = try Bench()
    for _ in 0..<3 { try bench.append(bench.request()) }
    try bench.attack(sql)
    let failures = try bench.failures()
    #expect(failures.contains { $0.hasPrefix(step) }, "\(failures)")
    #expect(step == "schema" || !failures.contains { $0.hasPrefix("schema") }, "\(failures)")
    #expect(Verdict(try bench.verify().findings) == .invalid)
  }

  @Test func `a tail cut cleanly is caught by the pin, and refused at append`() throws {
    let bench = try Bench()
    for _ in 0..<3 { try bench.append(bench.request()) }
    try bench.attack(
      "DELETE FROM leaves WHERE sequence = 3", "DELETE FROM checkpoints WHERE size = 4",
      "DELETE FROM nodes WHERE (level = 0 AND position = 3) OR (level = 1 AND position = 1) OR level = 2"
    )
    let failures = try bench.failures()
    #expect(failures.contains { $0.contains("its end was cut") }, "\(failures)")
    #expect(!failures.contains { $0.hasPrefix("tree") || $0.hasPrefix("heads") })
    #expect(throws: LedgerError.self) { try bench.append(bench.request()) }
  }

  @Test func `without a pin the verdict is incomplete, with another key invalid`() throws {
    let bench = try Bench()
    let blind = LedgerVerification(
      bench.store, pins: PinStore(stateFolder: bench.folder.file("elsewhere")))
    #expect(Verdict(blind.findings) == .incomplete)
    let other = try PrivateKey.generate(.ed25519)
    let stranger = try bench.verify(
      VerifierKey(name: "test.example/log", publicKey: other.publicKey))
    #expect(Verdict(stranger.findings) == .invalid)
    #expect(throws: LedgerError.self) {
      try bench.store.append([bench.request()], signedBy: other, at: bench.time)
    }
  }

  @Test func `what does not follow is refused and nothing is recorded`() throws {
    let bench = try Bench()
    let id = SecureRandom.uuid()
    try bench.append(bench.request(id))
    #expect(throws: LedgerError.self) { try bench.append(bench.request(id)) }
    #expect(throws: LedgerError.self) {
      try bench.append(
        Event(
          .patchIntent,
          [
            "operation": "apply", "model": .text("urn:uuid:\(id)"),
            "patch": .text(SHA256.digest(of: [1]).hex), "base": .text(SHA256.digest(of: [2]).hex),
            "result": .text(SHA256.digest(of: [3]).hex), "undo": "undo-1",
          ]))
    }
    // Two events of which the second is not possible: neither is recorded.
    #expect(throws: LedgerError.self) {
      try bench.store.append(
        [bench.request(), bench.request(id)], signedBy: bench.key, at: bench.time)
    }
    #expect(try bench.store.leaves().count == 2)
    #expect(Verdict(try bench.verify().findings) == .valid)
  }

  @Test(
    "personal data can't get into a leaf",
    arguments: [
      "ada@example.com", "Ada Lovelace", "ada lovelace", "4930123456789", "17(1)(b) for Ada", "é",
      "", String(repeating: "a", count: 65), "urn:uuid:ada",
    ])
  func personalData(_ text: String) throws {
    let bench = try Bench()
    #expect(throws: LedgerError.self) {
      try bench.append(
        Event(
          .requestReceived,
          [
            "request": .text("urn:uuid:\(SecureRandom.uuid())"), "regime": "gdpr",
            "ground": .text(text), "received": "2026-01-31", "due": "2026-02-28",
            "commitments": .array([]),
          ]))
    }
    #expect(try bench.store.leaves().count == 1)
  }

  @Test func `a later clock is kept, an earlier one does not go back`() throws {
    let bench = try Bench()
    try bench.store.append(
      [bench.request()], signedBy: bench.key, at: Timestamp(seconds: bench.time.seconds - 500))
    #expect(try bench.store.leaves()[1].time == bench.time)
  }

  @Test func `undo keys are forgotten`() throws {
    let bench = try Bench()
    var attachments = LedgerStore.Attachments()
    let key = SecureRandom.bytes(32)
    attachments.undoKey = ("undo-1", key)
    try bench.store.append([bench.request()], attachments, signedBy: bench.key, at: bench.time)
    #expect(try bench.store.undoKey("undo-1") == key)
    try bench.store.forgetUndoKey("undo-1")
    #expect(try bench.store.undoKey("undo-1") == nil)
  }
}
