public import Attestation
import GRDB
import Storage

/// Walks a ledger's database as if it came from an enemy, on one snapshot, leaf by leaf.
///
/// Memory is that of what the leaves add up to, and O(log n) besides.
public struct LedgerVerification: Sendable {
  /// The steps, in order.
  public private(set) var findings: [Finding] = []
  /// What the leaves add up to; nil where they can't be read.
  public private(set) var state: LedgerState?

  /// Checks everything that the database says against itself, the key and the pin that the caller trusts.
  ///
  /// - Parameter otherKeys: The keys that the caller trusts for a log of this name instead.
  public init(
    _ store: LedgerStore, pins: PinStore, isKeyTrusted: Bool, otherKeys: [VerifierKey] = []
  ) {
    let pin: Result<LogCheckpoint?, LedgerError>
    do throws(LedgerError) { pin = .success(try pins.head(of: store.verifierKey)) } catch {
      pin = .failure(error)
    }
    do throws(LedgerError) {
      let (findings, state) = try store.read { database in
        Self.walk(database, store, pin)
      }
      (self.findings, self.state) = (findings, state)
    } catch { findings.append(Finding("database", .failed, error.description)) }
    if !isKeyTrusted { findings.append(Self.untrustedLog(store.verifierKey, otherKeys)) }
  }

  /// What stands for a walk where the database is gone.
  public static func ofMissingLedger(_ key: VerifierKey, pins: PinStore) -> Finding {
    do throws(LedgerError) {
      guard let head = try pins.head(of: key) else {
        return Finding(
          "database", .missing, "there is no ledger, and no head of it has been seen here before")
      }
      return Finding(
        "database", .failed,
        "there is no ledger, and \(head.treeSize) leaves of it have been seen: it was deleted")
    } catch { return Finding("pin", .failed, error.description) }
  }

  private static func untrustedLog(_ key: VerifierKey, _ others: [VerifierKey]) -> Finding {
    if let other = others.first {
      return Finding(
        "trusted log", .failed,
        "the trust file names another key for the log \(key.name): expected \(other.encoded), found \(key.encoded); the key was replaced, or the log rebuilt with another"
      )
    }
    return Finding(
      "trusted log", .missing, "the trust file has no line `log \(key.encoded)`")
  }

  private static func walk(
    _ database: Database, _ store: LedgerStore, _ pin: Result<LogCheckpoint?, LedgerError>
  ) -> ([Finding], LedgerState?) {
    var findings: [Finding] = []
    func add(_ step: String, _ held: String, _ body: () throws -> Void) {
      do {
        try body()
        findings.append(Finding(step, .passed, held))
      } catch {
        let error = LedgerError.wrapping(error, path: store.path)
        findings.append(Finding(step, .failed, error.description))
      }
    }
    var isReadable = true
    add("schema", "tables, triggers and views are the known ones") {
      isReadable = false
      guard let difference = try Schema.difference(database) else {
        isReadable = true
        return
      }
      isReadable = difference.isReadable
      throw LedgerError(.inconsistent(difference.reason))
    }
    // What stands in a table's place could do anything when it is read.
    guard isReadable else { return (findings, nil) }

    var pinned: LogCheckpoint?
    if case .success(let head) = pin { pinned = head }
    var walk = LogWalk(database, store.verifierKey, rootWanted: pinned?.treeSize)
    add("leaves", "every leaf is canonical and follows from those before it") { try walk.run() }
    guard findings[findings.count - 1].outcome == .passed else { return (findings, nil) }
    let state = walk.state
    let unknown = state.unknownTypes
    if !unknown.isEmpty {
      findings.append(
        Finding(
          "leaf types", .missing,
          "\(unknown.reduce(0) { $0 + $1.count }) leaves are of types that this version does not know: \(unknown.prefix(20).map(\.name).joined(separator: ", "))"
        ))
    }
    add("tree", "every stored node is the hash of what is below it") { try walk.finishTree() }
    add("heads", "every signed head is the root of that many leaves") { try walk.finishHeads() }
    add("subjects", "what is kept of requests, patches and models is what the leaves add up to") {
      try SubjectComparison.run(database, state)
    }
    findings.append(judge(pin, walk))
    return (findings, state)
  }

  private static func judge(_ pin: Result<LogCheckpoint?, LedgerError>, _ walk: LogWalk) -> Finding
  {
    let head: LogCheckpoint?
    switch pin {
    case .failure(let error): return Finding("pin", .failed, error.description)
    case .success(let found): head = found
    }
    guard let head else {
      return Finding(
        "pin", .missing,
        "no head of this log has been seen here before, so a cut or replaced log can't be told")
    }
    guard let root = walk.rootFound else {
      return Finding(
        "pin", .failed,
        "the log has \(walk.state.count) leaves, \(head.treeSize) have been seen: its end was cut or an old copy restored"
      )
    }
    guard root == head.root else {
      return Finding(
        "pin", .failed,
        "the first \(head.treeSize) leaves are not those that have been seen: the log was rewritten"
      )
    }
    return Finding(
      "pin", .passed, "the log continues the head that was seen (\(head.treeSize) leaves)")
  }
}
