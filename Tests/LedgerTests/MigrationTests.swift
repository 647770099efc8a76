import Attestation
import GRDB
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

/// A copy of the ledger that was written while the schema was version 1 (`Fixtures/make-version-1.swift`).
private final class OldLedger {
  static let count = 29
  let folder: TemporaryFolder
  let key: PrivateKey
  let verifierKey: VerifierKey
  let pins: PinStore
  var path: String { folder.file("ledger.sqlite") }

  init() throws {
    let fixtures = Paths.join(Paths.parent(of: #filePath), "Fixtures/version-1")
    folder = try TemporaryFolder()
    func read(_ name: String) throws -> [UInt8] {
      try Folder.read(Paths.join(fixtures, name), limit: 1 << 20)
    }
    let bytes = try read("ledger.sqlite")
    try AtomicFile.write(bytes.rawSpan, to: folder.file("ledger.sqlite"))
    key = try PrivateKey(pem: try read("ledger.key.pem"))
    let text = String(decoding: try read("ledger.vkey"), as: UTF8.self)
    verifierKey = try VerifierKey(String(text.dropLast()))
    pins = PinStore(stateFolder: folder.file("state"))
    let name = SHA256.digest(of: Array(verifierKey.encoded.utf8)).hex
    let place = folder.file("state/unlearn-patch/pins/\(name)")
    try Folder.create(place)
    let pin = try read("pin")
    try AtomicFile.write(pin.rawSpan, to: Paths.join(place, "latest"))
  }

  func open(_ access: LedgerStore.Access) throws -> LedgerStore {
    try LedgerStore(path: path, verifierKey: verifierKey, pins: pins, access: access)
  }

  func execute(_ sql: String...) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      for statement in sql { try database.execute(sql: statement) }
    }
    try queue.close()
  }

  func version() throws -> Int? {
    let queue = try DatabaseQueue(path: path)
    return try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
  }

  func verify() throws -> LedgerVerification {
    LedgerVerification(try open(.read), pins: pins)
  }

  func report() -> Event {
    Event(.reportExported, ["report": .text(SHA256.digest(of: [7]).hex)])
  }
}

@Suite("Ledgers of an older schema") struct MigrationTests {
  @Test func `one is read and verified as it is`() throws {
    let old = try OldLedger()
    let verification = try old.verify()
    #expect(Verdict(verification.findings) == .valid, "\(verification.findings)")
    let state = try old.open(.read).state()
    #expect(state.count == OldLedger.count)
    #expect(state.requests.map(\.status) == [.final, .applied])
    #expect(state.models.map { $0.applied.count } == [2, 0])
    // There are no rows to look requests up in.
    let store = try old.open(.read)
    let ids = state.requests.map(\.id)
    #expect(try ids.map { try store.requests(matching: $0).map(\.id) } == ids.map { [$0] })
    #expect(try store.requests(matching: "").map(\.id) == ids)
    #expect(try old.version() == 1)
  }

  @Test func `opening it for appending leads to the present schema, with the same leaves`() throws {
    let old = try OldLedger()
    let before = try old.open(.read).leaves().map(\.bytes)
    let store = try old.open(.append)
    #expect(try old.version() == 2)
    #expect(try store.leaves().map(\.bytes) == before)
    #expect(Verdict(try old.verify().findings) == .valid)
    try store.append(
      [old.report()], signedBy: old.key, at: Timestamp(seconds: 1_800_000_000))
    // What was derived is what a rollback needs: the last of the patches that are applied.
    let model = try #require(try store.state().models.first)
    let applied = try #require(model.applied.last)
    #expect(throws: LedgerError.self) {
      try store.append(
        [
          Event(
            .patchIntent,
            [
              "operation": "apply", "model": .text(model.id), "patch": .text(applied.patch.hex),
              "base": .text(model.head.hex), "result": .text(applied.before.hex),
              "undo": "undo-x",
            ])
        ], signedBy: old.key, at: Timestamp(seconds: 1_800_000_000))
    }
    #expect(Verdict(try old.verify().findings) == .valid)
    #expect(try store.leaves().count == OldLedger.count + 1)
  }

  @Test func `a changed one stays at its version`() throws {
    let old = try OldLedger()
    try old.execute(
      "DROP TRIGGER leaves_stay",
      "UPDATE leaves SET bytes = CAST(replace(CAST(bytes AS TEXT), '17-1-b', '17-1-c') AS BLOB)",
      "CREATE TRIGGER leaves_stay BEFORE UPDATE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves are append-only'); END"
    )
    #expect(throws: LedgerError.self) { try old.open(.append) }
    #expect(try old.version() == 1)
    #expect(Verdict(try old.verify().findings) == .invalid)
  }

  @Test(
    "a version that is not known is refused in words", arguments: [(3, "newer"), (0, "no ledger")])
  func unknown(_ version: Int, _ reason: String) throws {
    let old = try OldLedger()
    try old.execute("PRAGMA user_version = \(version)")
    for access in [LedgerStore.Access.read, .append] {
      let error = #expect(throws: LedgerError.self) { try old.open(access) }
      #expect(error?.description.contains(reason) ?? false, "\(String(describing: error))")
    }
  }
}
