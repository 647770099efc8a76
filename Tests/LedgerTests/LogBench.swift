import Attestation
import GRDB
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

/// A log in a folder of its own, with a witness and a trust file that asks for it.
final class LogBench {
  let folder: TemporaryFolder
  let key: PrivateKey
  let verifierKey: VerifierKey
  let store: LedgerStore
  let witness: TestWitness
  let time = Timestamp(seconds: 1_790_000_000)

  var path: String { folder.file("ledger.sqlite") }
  var cosigned: WitnessStore { WitnessStore(folder: folder.file("witness")) }

  /// Makes a log of so many leaves.
  init(leaves count: Int) throws {
    folder = try TemporaryFolder()
    let key = try PrivateKey.generate(.ed25519)
    verifierKey = try VerifierKey(name: "test.example/log", publicKey: key.publicKey)
    store = try LedgerStore.create(
      path: folder.file("ledger.sqlite"), key: key, verifierKey: verifierKey,
      pins: PinStore(stateFolder: folder.file("state")), tool: "test/1", at: time)
    self.key = key
    witness = try TestWitness("witness.example/w")
    try grow(to: count)
  }

  /// Appends requests until the log has so many leaves.
  func grow(to count: Int) throws {
    let size = try store.newestHead().size
    guard count > size else { return }
    try store.append(
      (size..<count).map { _ in
        Event(
          .requestReceived,
          [
            "request": .text("urn:uuid:\(SecureRandom.uuid())"), "regime": "gdpr",
            "ground": "17-1-b", "received": "2026-01-31", "due": "2026-02-28",
            "commitments": .array([]),
          ])
      }, signedBy: key, at: time)
  }

  /// A head that the log's key signs, whatever it says.
  func sign(_ head: LogCheckpoint) throws -> SignedNote {
    try SignedNote(signing: head.text, as: verifierKey, with: key)
  }

  /// Reads a trust file of lines.
  func trust(_ lines: String...) throws -> TrustFile {
    let path = folder.file("trust")
    let text = lines.map { "\($0)\n" }.joined()
    try AtomicFile.write(Array(text.utf8).rawSpan, to: path, replacing: true)
    return try TrustFile(path: path)
  }

  var logLine: String { "log \(verifierKey.encoded)" }
  var witnessLine: String { "witness w \(witness.verifierKey.encoded)" }

  /// Changes the database behind the ledger's back.
  func attack(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      for trigger in try String.fetchAll(
        database, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'")
      {
        try database.execute(sql: "DROP TRIGGER \(trigger)")
      }
      try database.execute(sql: sql)
    }
    try queue.close()
  }
}
