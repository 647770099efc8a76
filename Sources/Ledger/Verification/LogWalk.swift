import Attestation
import GRDB
import Storage

/// One pass over the leaves in order: what they add up to, the tree's right edge, and beside it the stored nodes and
/// the signed heads, each compared when the leaf is reached that finishes it.
struct LogWalk {
  /// What the leaves add up to so far.
  private(set) var state = LedgerState()
  /// The root of as many leaves as were asked for; nil where there are fewer.
  private(set) var rootFound: Digest?

  private let database: Database
  private let rootWanted: Int?
  private var frontier = MerkleFrontier()
  private var nodes: StoredNodes
  private var heads: StoredHeads
  private var treeFailure: (any Error)?
  private var headFailure: (any Error)?

  init(_ database: Database, _ verifierKey: VerifierKey, rootWanted: Int?) {
    self.database = database
    self.rootWanted = rootWanted
    nodes = StoredNodes(database)
    heads = StoredHeads(database, verifierKey)
  }

  /// Walks; throws where a leaf can't be read or does not follow. Of nodes and heads the first failure is kept.
  mutating func run() throws {
    noteRoot()
    try LedgerStore.forEachLeaf(database) { leaf in
      try state.apply(leaf)
      frontier.append(leaf.hash) { id, hash in
        if treeFailure != nil { return }
        do { try nodes.compare(id, hash) } catch { treeFailure = error }
      }
      noteRoot()
      if headFailure != nil { return }
      do { try heads.compare(frontier) } catch { headFailure = error }
    }
  }

  private mutating func noteRoot() {
    if rootWanted == frontier.size { rootFound = frontier.root }
  }

  /// Throws where a stored node is not the one that follows, or where more are stored.
  mutating func finishTree() throws {
    if let treeFailure { throw treeFailure }
    try nodes.finish()
  }

  /// Throws where a head is not signed or not the root, or where the last does not cover all leaves.
  mutating func finishHeads() throws {
    if let headFailure { throw headFailure }
    try heads.finish(leafCount: state.count)
  }
}

/// The stored nodes of the tree, read level by level in the order in which leaves finish them.
private struct StoredNodes {
  private let database: Database
  private var levels: [RowCursor] = []

  init(_ database: Database) { self.database = database }

  /// The next stored node of a level must be this one.
  mutating func compare(_ id: MerkleTree.NodeID, _ hash: Digest) throws {
    while levels.count <= id.level {
      levels.append(
        try Row.fetchCursor(
          database, sql: "SELECT position, hash FROM nodes WHERE level = ? ORDER BY position",
          arguments: [levels.count]))
    }
    guard let row = try levels[id.level].next() else {
      throw LedgerError(.inconsistent("the node \(id.position) of level \(id.level) is missing"))
    }
    guard Int.fromDatabaseValue(row[0]) == id.position, DatabaseBytes.read(row[1]) == hash.bytes
    else {
      throw LedgerError(
        .inconsistent(
          "the stored node \(id.position) of level \(id.level) is not the hash of the leaves below it"
        ))
    }
  }

  /// Nothing more may be stored.
  mutating func finish() throws {
    for level in levels.indices where try levels[level].next() != nil {
      throw LedgerError(
        .inconsistent("more nodes of level \(level) are stored than follow from the leaves"))
    }
    let others = try Row.fetchOne(
      database, sql: "SELECT level FROM nodes WHERE level IS NULL OR level NOT BETWEEN 0 AND ?",
      arguments: [levels.count - 1])
    guard others == nil else {
      throw LedgerError(.inconsistent("nodes of levels are stored that the tree does not have"))
    }
  }
}

/// The signed heads, in the order of their sizes.
private struct StoredHeads {
  /// How many signatures are checked at a time, spread over the cores.
  private static let batch = 4096

  private let verifierKey: VerifierKey
  private let database: Database
  private var rows: RowCursor?
  private var next: (size: Int, note: String)?
  private var last = 0
  private var unchecked: [(size: Int, note: String, root: Digest)] = []

  init(_ database: Database, _ verifierKey: VerifierKey) {
    self.database = database
    self.verifierKey = verifierKey
  }

  private mutating func advance() throws {
    guard let row = try rows?.next() else {
      next = nil
      return
    }
    next = try LedgerStore.head(row)
  }

  /// Where a head is stored of this many leaves, it must be their root.
  mutating func compare(_ frontier: MerkleFrontier) throws {
    if rows == nil {
      rows = try Row.fetchCursor(
        database, sql: "SELECT size, note FROM checkpoints ORDER BY size")
      try advance()
    }
    while let head = next, head.size <= frontier.size {
      guard head.size == frontier.size, head.size > last else {
        throw LedgerError(.inconsistent("the head of \(head.size) leaves is out of order"))
      }
      last = head.size
      unchecked.append((head.size, head.note, frontier.root))
      if unchecked.count == Self.batch { try check() }
      try advance()
    }
  }

  /// Checks signatures, which cost more than all the rest, on all cores.
  private mutating func check() throws {
    let (heads, verifierKey) = (unchecked, verifierKey)
    unchecked = []
    let slice = 64
    _ = try Parallel.map((heads.count + slice - 1) / slice) { index throws(LedgerError) in
      for head in heads[index * slice..<min(heads.count, (index + 1) * slice)] {
        let checkpoint = try LedgerStore.checkedHead(
          size: head.size, note: head.note, verifierKey)
        guard checkpoint.root == head.root else {
          throw LedgerError(
            .inconsistent("the head of \(head.size) leaves is not the root of the leaves"))
        }
      }
      return true
    }
  }

  mutating func finish(leafCount: Int) throws {
    try check()
    if let next {
      throw LedgerError(
        .inconsistent("a head of \(next.size) leaves is stored, there are \(leafCount)"))
    }
    guard last == leafCount else {
      throw LedgerError(
        .inconsistent("\(leafCount) leaves, and the last signed head has \(last)"))
    }
  }
}
