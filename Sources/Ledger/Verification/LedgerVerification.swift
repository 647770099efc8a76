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

  /// The keys of the log as far as its leaves lead; the expected one alone where they can't be read.
  public private(set) var keys: LogKeys

  /// Checks everything that the database says against itself, the key with which it is to begin, and the pins.
  public init(_ store: LedgerStore, pins: PinStore) {
    keys = LogKeys(first: store.verifierKey)
    let seen: Result<PinnedHeads, LedgerError>
    // Before the snapshot: pins follow the log, and would be ahead of it.
    do throws(LedgerError) { seen = .success(try pins.heads(of: store.verifierKey)) } catch {
      seen = .failure(error)
    }
    do throws(LedgerError) {
      let (findings, walk) = try store.read { database in
        Self.walk(database, store, seen)
      }
      self.findings = findings
      if let walk { (state, keys) = (walk.state, walk.keys) }
    } catch { findings.append(Finding("database", .failed, error.description)) }
  }

  /// What stands for a walk where the database is gone.
  public static func ofMissingLedger(_ key: VerifierKey, pins: PinStore) -> Finding {
    do throws(LedgerError) {
      let seen = try pins.heads(of: key)
      guard let size = seen.sizes.max() else {
        // Throws where there are pins that can't be read.
        _ = try seen.newest(LogKeys(first: key))
        return Finding(
          "database", .missing, "there is no ledger, and no head of it has been seen here before")
      }
      return Finding(
        "database", .failed,
        "there is no ledger, and \(size) leaves of it have been seen: it was deleted")
    } catch { return Finding("pin", .failed, error.description) }
  }

  private static func walk(
    _ database: Database, _ store: LedgerStore, _ seen: Result<PinnedHeads, LedgerError>
  ) -> ([Finding], LogWalk?) {
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

    var sizes: Set<Int> = []
    if case .success(let heads) = seen { sizes = heads.sizes }
    var walk = LogWalk(database, store.verifierKey, rootsWanted: sizes)
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
    add("heads", "every signed head is the root of that many leaves, by the key of its size") {
      try walk.finishHeads()
    }
    add("subjects", "what is kept of requests, patches and models is what the leaves add up to") {
      try SubjectComparison.run(database, state)
    }
    if !state.witnessedHeads.isEmpty {
      add(
        "witnessed heads",
        "every head that a leaf says was cosigned is kept, and a beginning of the log"
      ) {
        try WitnessedHeads.run(database, state.witnessedHeads, walk.keys)
      }
    }
    findings.append(judge(seen, walk))
    return (findings, walk)
  }

  private static func judge(_ seen: Result<PinnedHeads, LedgerError>, _ walk: LogWalk) -> Finding {
    let pinned: LogCheckpoint?
    do throws(LedgerError) { pinned = try seen.get().newest(walk.keys) } catch {
      return Finding("pin", .failed, error.description)
    }
    guard let head = pinned else {
      return Finding(
        "pin", .missing,
        "no head of this log has been seen here before, so a cut or replaced log can't be told")
    }
    guard let root = walk.roots[head.treeSize] else {
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
