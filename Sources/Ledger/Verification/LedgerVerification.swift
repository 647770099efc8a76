import Attestation
import GRDB
import Storage
import StrictJSON

/// One named step of a verification and what came of it.
public struct Finding: Hashable, Sendable {
  /// What came of a step.
  public enum Outcome: String, Hashable, Sendable {
    /// The check held.
    case passed
    /// The check failed.
    case failed
    /// Something that the check needs is missing.
    case missing
  }

  /// The step.
  public let step: String
  /// What came of it.
  public let outcome: Outcome
  /// The reason, or what was checked.
  public let detail: String

  /// Records a step.
  public init(_ step: String, _ outcome: Outcome, _ detail: String) {
    self.step = step
    self.outcome = outcome
    self.detail = detail
  }
}

/// What a verification comes to.
public enum Verdict: String, Hashable, Sendable {
  /// Everything that is needed was there and held.
  case valid
  /// A check failed.
  case invalid
  /// Nothing failed, and something needed was missing.
  case incomplete

  /// One failure makes it invalid, one gap incomplete.
  public init(_ findings: [Finding]) {
    if findings.contains(where: { $0.outcome == .failed }) {
      self = .invalid
    } else if findings.contains(where: { $0.outcome == .missing }) {
      self = .incomplete
    } else {
      self = .valid
    }
  }
}

/// Walks a ledger's database as if it came from an enemy.
public struct LedgerVerification: Sendable {
  /// The steps, in order.
  public private(set) var findings: [Finding] = []
  /// What the leaves add up to; nil where they can't be read.
  public private(set) var state: LedgerState?
  /// The leaves, as far as they could be read.
  public private(set) var leaves: [Leaf] = []

  /// Checks everything that the database says against itself, the key and the pin that the caller trusts.
  public init(_ store: LedgerStore, pins: PinStore, isKeyTrusted: Bool) {
    check("schema", "tables, triggers and views are the known ones") { () throws(LedgerError) in
      try store.checkSchema()
    }
    let read = check("leaves", "every leaf is canonical and follows from those before it") {
      () throws(LedgerError) in
      let leaves = try store.leaves()
      var state = LedgerState()
      for leaf in leaves { try state.apply(leaf) }
      return (leaves, state)
    }
    guard let (leaves, state) = read else { return }
    (self.leaves, self.state) = (leaves, state)
    if !state.unknownLeaves.isEmpty {
      findings.append(
        Finding(
          "leaf types", .missing,
          "leaves \(state.unknownLeaves) are of types that this version does not know"))
    }
    let tree = check("tree", "every stored node is the hash of what is below it") {
      () throws(LedgerError) in try store.checkNodes(leaves.map(\.hash))
    }
    guard let roots = tree else { return }
    check("heads", "every signed head is the root of that many leaves") {
      () throws(LedgerError) in try store.checkHeads(roots)
    }
    if !isKeyTrusted {
      findings.append(
        Finding(
          "trusted log", .missing,
          "the trust file has no line `log \(store.verifierKey.encoded)`"))
    }
    checkPin(store, pins, roots)
  }

  @discardableResult
  private mutating func check<Value>(
    _ step: String, _ detail: String, _ body: () throws(LedgerError) -> Value
  ) -> Value? {
    do throws(LedgerError) {
      let value = try body()
      findings.append(Finding(step, .passed, detail))
      return value
    } catch {
      findings.append(Finding(step, .failed, error.description))
      return nil
    }
  }

  private mutating func checkPin(_ store: LedgerStore, _ pins: PinStore, _ roots: [Digest]) {
    let head: LogCheckpoint?
    do throws(LedgerError) { head = try pins.head(of: store.verifierKey) } catch {
      findings.append(Finding("pin", .failed, error.description))
      return
    }
    guard let head else {
      findings.append(
        Finding(
          "pin", .missing,
          "no head of this log has been seen here before, so a cut or replaced log can't be told"))
      return
    }
    if head.treeSize >= roots.count {
      findings.append(
        Finding(
          "pin", .failed,
          "the log has \(roots.count - 1) leaves, \(head.treeSize) have been seen: its end was cut or an old copy restored"
        ))
    } else if roots[head.treeSize] != head.root {
      findings.append(
        Finding(
          "pin", .failed,
          "the first \(head.treeSize) leaves are not those that have been seen: the log was rewritten"
        ))
    } else {
      findings.append(
        Finding(
          "pin", .passed, "the log continues the head that was seen (\(head.treeSize) leaves)"))
    }
  }
}

extension LedgerStore {
  /// The schema of this database equals that of a new one.
  func checkSchema() throws(LedgerError) {
    let sql =
      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name"
    func rows(_ database: Database) throws -> [[String]] {
      try Row.fetchAll(database, sql: sql).map { row in
        (0..<4).map { String.fromDatabaseValue(row[$0]) ?? "" }
      }
    }
    let expected: [[String]]
    do {
      let fresh = try DatabaseQueue()
      expected = try fresh.write { database in
        try database.execute(
          sql: String(decoding: PackageResources._001_ledger_sql, as: UTF8.self))
        return try rows(database)
      }
    } catch { throw LedgerError.wrapping(error, path: path) }
    let found = try read { try rows($0) }
    for row in found where !expected.contains(row) {
      throw LedgerError(
        .inconsistent("the \(row[0]) \"\(row[1])\" is not part of the known schema"), path: path)
    }
    for row in expected where !found.contains(row) {
      throw LedgerError(.inconsistent("the \(row[0]) \"\(row[1])\" is missing"), path: path)
    }
  }

  /// Recomputes the tree and compares every stored node; gives the root after 0, 1, 2, … leaves.
  func checkNodes(_ hashes: [Digest]) throws(LedgerError) -> [Digest] {
    let stored = try read { database in
      var nodes: [MerkleTree.NodeID: [UInt8]] = [:]
      let rows = try Row.fetchCursor(database, sql: "SELECT level, position, hash FROM nodes")
      while let row = try rows.next() {
        guard let level = Int.fromDatabaseValue(row[0]),
          let position = Int.fromDatabaseValue(row[1])
        else { throw LedgerError(.inconsistent("a node is of a wrong type"), path: path) }
        nodes[MerkleTree.NodeID(level: level, position: position)] = DatabaseBytes.read(row[2])
      }
      return nodes
    }
    var computed: [MerkleTree.NodeID: Digest] = [:]
    var roots = [MerkleTree.emptyRoot]
    func node(_ id: MerkleTree.NodeID) throws(LedgerError) -> Digest {
      guard let hash = computed[id] else {
        throw LedgerError(.inconsistent("node \(id.position) of level \(id.level) is missing"))
      }
      return hash
    }
    for (index, hash) in hashes.enumerated() {
      for (id, value) in try MerkleTree.completed(byLeaf: index, hash: hash, node: node) {
        computed[id] = value
        guard stored[id] == value.bytes else {
          throw LedgerError(
            .inconsistent(
              "the stored node \(id.position) of level \(id.level) is not the hash of leaf \(index) and what is before it"
            ), path: path)
        }
      }
      roots.append(try MerkleTree.root(0..<index + 1, node: node))
    }
    guard stored.count == computed.count else {
      throw LedgerError(
        .inconsistent("\(stored.count) nodes are stored, \(computed.count) follow from the leaves"),
        path: path)
    }
    return roots
  }

  /// Every signed head is signed by the ledger's key and fits the leaves; the last covers them all.
  func checkHeads(_ roots: [Digest]) throws(LedgerError) {
    var last = 0
    for (size, text) in try heads() {
      func fail(_ what: String) -> LedgerError {
        LedgerError(.inconsistent("the head of \(size) leaves \(what)"), path: path)
      }
      let note: SignedNote
      let head: LogCheckpoint
      do throws(AttestationError) {
        note = try SignedNote(parsing: Array(text.utf8))
        head = try LogCheckpoint(parsing: note.text)
      } catch { throw fail("can't be read: \(error)") }
      guard note.isSigned(by: verifierKey) else {
        throw fail("is not signed by the key of \(verifierKey.name)")
      }
      guard head.origin == verifierKey.name, head.treeSize == size else {
        throw fail("says \(head.origin), \(head.treeSize)")
      }
      guard size < roots.count, roots[size] == head.root else {
        throw fail("is not the root of the leaves")
      }
      last = size
    }
    guard last == roots.count - 1 else {
      throw LedgerError(
        .inconsistent("\(roots.count - 1) leaves, and the last signed head has \(last)"), path: path
      )
    }
  }
}
