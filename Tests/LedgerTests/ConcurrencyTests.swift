import Attestation
import Dispatch
import GRDB
@testable import Ledger
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("A ledger that several use") struct ConcurrencyTests {
  /// Runs bodies at once, each on a thread of its own; gives their failures.
  private func together(_ bodies: [@Sendable () throws -> Void]) -> [String] {
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: bodies.count) { index in
      do { try bodies[index]() } catch { failures.withLock { $0.append("\(error)") } }
    }
    return failures.withLock { $0 }
  }

  @Test func `two writers take turns, and readers go on`() throws {
    let bench = try Bench()
    let (path, verifierKey, pins, time) = (bench.path, bench.verifierKey, bench.pins, bench.time)
    let pem = bench.key.pem()
    let writer: @Sendable () throws -> Void = {
      let key = try PrivateKey(pem: pem)
      for _ in 0..<25 {
        let store = try LedgerStore(
          path: path, verifierKey: verifierKey, pins: pins, access: .append, busySeconds: 30)
        try store.append([Bench.request()], signedBy: key, at: time)
      }
    }
    let reader: @Sendable () throws -> Void = {
      for _ in 0..<10 {
        let store = try LedgerStore(
          path: path, verifierKey: verifierKey, pins: pins, access: .read, busySeconds: 5)
        let state = try store.state()
        #expect(state.count == state.requests.count + 1)
        // The pin may be ahead of the snapshot; all else holds.
        let findings = LedgerVerification(store, pins: pins).findings
        #expect(!findings.contains { $0.outcome == .failed && $0.step != "pin" }, "\(findings)")
      }
    }
    #expect(together([writer, writer, reader]).isEmpty)
    #expect(try bench.store.leaves().count == 51)
    #expect(Verdict(try bench.verify().findings) == .valid)
  }

  @Test func `a reader keeps its snapshot and no writer waiting`() throws {
    let bench = try Bench()
    let reading = try LedgerStore(
      path: bench.path, verifierKey: bench.verifierKey, pins: bench.pins, access: .read)
    try reading.read { database in
      let count = "SELECT count(*) FROM leaves"
      #expect(try Int.fetchOne(database, sql: count) == 1)
      try bench.append(bench.request())
      #expect(try Int.fetchOne(database, sql: count) == 1)
    }
    #expect(try reading.leaves().count == 2)
  }

  @Test func `a writer that does not end is told of`() throws {
    let bench = try Bench()
    let store = try LedgerStore(
      path: bench.path, verifierKey: bench.verifierKey, pins: bench.pins, access: .append,
      busySeconds: 0.1)
    let other = try DatabaseQueue(path: bench.path)
    try other.writeWithoutTransaction { database in
      try database.execute(sql: "BEGIN IMMEDIATE")
      let error = #expect(throws: LedgerError.self) {
        try store.append([bench.request()], signedBy: bench.key, at: bench.time)
      }
      #expect(error?.description.contains("another process is writing") ?? false)
      try database.execute(sql: "ROLLBACK")
    }
    try store.append([bench.request()], signedBy: bench.key, at: bench.time)
    #expect(Verdict(try bench.verify().findings) == .valid)
  }

  @Test func `on a full disk nothing is recorded, and with space again all goes on`() throws {
    let bench = try Bench()
    try bench.append(bench.request())
    try bench.store.queue.writeWithoutTransaction { database in
      try database.execute(
        sql: "PRAGMA max_page_count = \(try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0)")
    }
    let many = (0..<200).map { _ in bench.request() }
    let error = #expect(throws: LedgerError.self) {
      try bench.store.append(many, signedBy: bench.key, at: bench.time)
    }
    #expect(error?.description.contains("the disk is full") ?? false)
    #expect(try bench.store.leaves().count == 2)
    #expect(Verdict(try bench.verify().findings) == .valid)
    try bench.store.queue.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA max_page_count = 1000000")
    }
    try bench.store.append(many, signedBy: bench.key, at: bench.time)
    #expect(try bench.store.leaves().count == 202)
    #expect(Verdict(try bench.verify().findings) == .valid)
  }
}
