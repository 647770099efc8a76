import Attestation
import GRDB
import Ledger
import Storage
import StrictJSON
import TestSupport

/// A ledger in a folder of its own.
final class Bench {
  let folder: TemporaryFolder
  let key: PrivateKey
  let verifierKey: VerifierKey
  let pins: PinStore
  let store: LedgerStore
  let time = Timestamp(seconds: 1_790_000_000)

  var path: String { folder.file("ledger.sqlite") }

  init() throws {
    folder = try TemporaryFolder()
    let key = try PrivateKey.generate(.ed25519)
    verifierKey = try VerifierKey(name: "test.example/log", publicKey: key.publicKey)
    pins = PinStore(stateFolder: folder.file("state"))
    store = try LedgerStore.create(
      path: folder.file("ledger.sqlite"), key: key, verifierKey: verifierKey, pins: pins,
      tool: "test/1", at: time)
    self.key = key
  }

  func request(_ id: String = SecureRandom.uuid()) -> Event { Self.request(id) }

  static func request(_ id: String = SecureRandom.uuid()) -> Event {
    Event(
      .requestReceived,
      [
        "request": .text("urn:uuid:\(id)"), "regime": "gdpr", "ground": "17-1-b",
        "received": "2026-01-31", "due": "2026-02-28", "commitments": .array([]),
      ])
  }

  func append(_ event: Event) throws {
    try store.append([event], signedBy: key, at: time)
  }

  func verify(_ verifierKey: VerifierKey? = nil) throws -> LedgerVerification {
    let store = try LedgerStore(
      path: path, verifierKey: verifierKey ?? self.verifierKey, pins: pins, access: .read)
    return LedgerVerification(store, pins: pins)
  }

  /// Changes the database behind the ledger's back, and leaves no trace of that in its schema.
  func attack(_ sql: String...) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      let triggers = try Row.fetchAll(
        database, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
      for trigger in triggers { try database.execute(sql: "DROP TRIGGER \(trigger[0] as String)") }
      for statement in sql { try database.execute(sql: statement) }
      for trigger in triggers { try database.execute(sql: trigger[1]) }
    }
    try queue.close()
  }

  /// Copies the database as it is.
  func copy(to path: String) throws {
    let queue = try DatabaseQueue(path: self.path)
    try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO '\(path)'") }
    try queue.close()
  }

  /// Puts another leaf in the place of the only one, with its node and a head that the log's key signs.
  func replaceOnlyLeaf(with bytes: [UInt8]) throws {
    let hash = MerkleTree.leafHash(bytes)
    let head = LogCheckpoint(origin: verifierKey.name, treeSize: 1, root: hash)
    let note = try SignedNote(signing: head.text, as: verifierKey, with: key)
    try attack(
      "UPDATE leaves SET bytes = CAST('\(String(decoding: bytes, as: UTF8.self))' AS BLOB)",
      "UPDATE nodes SET hash = x'\(hash.hex)'", "UPDATE checkpoints SET note = '\(note.encoded)'")
  }

  func failures() throws -> [String] {
    try verify().findings.filter { $0.outcome == .failed }.map { "\($0.step): \($0.detail)" }
  }
}
