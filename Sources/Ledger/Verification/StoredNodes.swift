import Attestation
import GRDB
import Storage

/// The stored nodes of the tree, read level by level in the order in which leaves finish them.
struct StoredNodes {
  private let database: Database
  private var levels: [RawRows] = []

  init(_ database: Database) { self.database = database }

  /// The next stored node of a level must be this one.
  mutating func compare(_ id: MerkleTree.NodeID, _ hash: Digest) throws {
    while levels.count <= id.level {
      levels.append(
        try RawRows(
          database, sql: "SELECT position, hash FROM nodes WHERE level = ? ORDER BY position",
          [levels.count]))
    }
    let rows = levels[id.level]
    guard try rows.next() else {
      throw LedgerError(.inconsistent("the node \(id.position) of level \(id.level) is missing"))
    }
    guard rows.integer(0) == id.position,
      rows.withBytes(1, { Digest(bytes: $0) == hash }) == true
    else {
      throw LedgerError(
        .inconsistent(
          id.level == 0
            ? "leaf \(id.position) is not what its stored hash says"
            : "the stored node \(id.position) of level \(id.level) is not the hash of the leaves below it"
        ))
    }
  }

  /// Nothing more may be stored.
  mutating func finish() throws {
    for level in levels.indices where try levels[level].next() {
      throw LedgerError(
        .inconsistent("more nodes of level \(level) are stored than follow from the leaves"))
    }
    let others = try RawRows(
      database,
      sql: "SELECT level FROM nodes WHERE level IS NULL OR level NOT BETWEEN 0 AND ? LIMIT 1",
      [levels.count - 1])
    guard try !others.next() else {
      throw LedgerError(.inconsistent("nodes of levels are stored that the tree does not have"))
    }
  }
}
