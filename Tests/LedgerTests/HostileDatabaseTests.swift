import Attestation
import GRDB
import Ledger
import Storage
import TestSupport
import Testing

@Suite("Databases of enemies") struct HostileDatabaseTests {
  /// Writes past the types and checks of the tables, and puts their schema back.
  private func force(_ bench: Bench, _ table: String, _ sql: String) throws {
    func edit(_ statements: String...) throws {
      let queue = try DatabaseQueue(path: bench.path)
      try queue.writeWithoutTransaction { database in
        for statement in statements { try database.execute(sql: statement) }
      }
      try queue.close()
    }
    let queue = try DatabaseQueue(path: bench.path)
    let triggers = try queue.read {
      try Row.fetchAll($0, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    }
    let known = try queue.read {
      try String.fetchOne($0, sql: "SELECT sql FROM sqlite_schema WHERE name = '\(table)'") ?? ""
    }
    try queue.close()
    for trigger in triggers { try edit("DROP TRIGGER \(trigger[0] as String)") }
    let loose = known.replacing("STRICT, ", with: "").replacing(" STRICT", with: "")
      .replacing("'", with: "''")
    try edit(
      "PRAGMA writable_schema = ON",
      "UPDATE sqlite_schema SET sql = '\(loose)' WHERE name = '\(table)'")
    try edit("PRAGMA ignore_check_constraints = ON", sql)
    try edit(
      "PRAGMA writable_schema = ON",
      "UPDATE sqlite_schema SET sql = '\(known.replacing("'", with: "''"))' WHERE name = '\(table)'"
    )
    for trigger in triggers { try edit(trigger[1]) }
  }

  @Test(
    "a value of a wrong type or size is told",
    arguments: [
      ("leaves", "bytes", "'x'", "leaves"), ("leaves", "bytes", "5", "leaves"),
      ("leaves", "bytes", "1.5", "leaves"), ("leaves", "bytes", "zeroblob(70000)", "leaves"),
      ("leaves", "bytes", "zeroblob(100000000)", "leaves"), ("nodes", "hash", "'x'", "tree"),
      ("nodes", "hash", "7", "tree"), ("nodes", "hash", "zeroblob(100000000)", "tree"),
      ("nodes", "hash", "x''", "tree"), ("nodes", "position", "'x'", "tree"),
      ("nodes", "position", "1.5", "tree"), ("nodes", "level", "'x'", "tree"),
      ("checkpoints", "note", "x'00ff'", "heads"), ("checkpoints", "note", "5", "heads"),
      ("checkpoints", "note", "zeroblob(100000000)", "heads"),
      ("subjects", "state", "x'ff'", "subjects"),
      ("subjects", "state", "5", "subjects"), ("subjects", "id", "x'ff'", "subjects"),
      ("subjects", "state", "zeroblob(100000000)", "subjects"),
    ])
  func wrongValue(_ table: String, _ column: String, _ value: String, _ step: String) throws {
    let bench = try Bench()
    for _ in 0..<3 { try bench.append(bench.request()) }
    let place =
      switch table {
      case "leaves": "sequence = 2"
      case "nodes": "level = 1 AND position = 1"
      case "checkpoints": "size = 3"
      default: "kind = 'log'"
      }
    try force(bench, table, "UPDATE \(table) SET \(column) = \(value) WHERE \(place)")
    let failures = try bench.failures()
    #expect(failures.contains { $0.hasPrefix(step) }, "\(failures)")
    #expect(!failures.contains { $0.hasPrefix("schema") }, "\(failures)")
  }

  @Test func `a database that was cut anywhere is refused without a crash`() throws {
    let bench = try Bench()
    for _ in 0..<20 { try bench.append(bench.request()) }
    try bench.attack("PRAGMA wal_checkpoint(TRUNCATE)")
    let whole = try Folder.read(bench.path, limit: 1 << 24)
    #expect(whole.count > 8 * 4096)
    let pages = Array(stride(from: 0, to: whole.count, by: 4096))
    let odd = Array(stride(from: 1, to: whole.count, by: 3331)) + [1, 15, 16, 99, 100, 101]
    let cut = bench.folder.file("cut.sqlite")
    for count in pages + odd {
      try AtomicFile.write(Array(whole.prefix(count)).rawSpan, to: cut, replacing: true)
      for access in [LedgerStore.Access.read, .append] {
        do throws(LedgerError) {
          let store = try LedgerStore(
            path: cut, verifierKey: bench.verifierKey, pins: bench.pins, access: access)
          let verification = LedgerVerification(store, pins: bench.pins)
          #expect(Verdict(verification.findings) == .invalid, "cut at \(count)")
        } catch { #expect(!error.description.isEmpty) }
      }
    }
  }

  @Test func `a byte changed anywhere is refused, or changes nothing`() throws {
    let bench = try Bench()
    for _ in 0..<6 { try bench.append(bench.request()) }
    try bench.attack("PRAGMA wal_checkpoint(TRUNCATE)")
    let whole = try Folder.read(bench.path, limit: 1 << 24)
    let leaves = try bench.store.leaves().map(\.bytes)
    let changed = bench.folder.file("changed.sqlite")
    var invalid = 0
    for place in Array(0..<100) + Array(stride(from: 100, to: whole.count, by: 211)) {
      var bytes = whole
      bytes[place] ^= 0x55
      try AtomicFile.write(bytes.rawSpan, to: changed, replacing: true)
      do throws(LedgerError) {
        let store = try LedgerStore(
          path: changed, verifierKey: bench.verifierKey, pins: bench.pins, access: .read)
        let verification = LedgerVerification(store, pins: bench.pins)
        if Verdict(verification.findings) == .invalid {
          invalid += 1
        } else {
          #expect(try store.leaves().map(\.bytes) == leaves, "byte \(place)")
        }
      } catch { invalid += 1 }
    }
    #expect(invalid > 20)
  }
}
