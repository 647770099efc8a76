import Attestation
import GRDB
public import Storage

#if canImport(FoundationEssentials)
  import struct FoundationEssentials.Data
#else
  import struct Foundation.Data
#endif

extension LedgerStore {
  /// SQLite's blobs travel as `Data` in GRDB; nothing else of Foundation is used.
  static func bytes(_ bytes: [UInt8]) -> Data { Data(bytes) }

  static func node(_ id: MerkleTree.NodeID, _ database: Database) throws -> Digest {
    let data = try Data.fetchOne(
      database, sql: "SELECT hash FROM nodes WHERE level = ? AND position = ?",
      arguments: [id.level, id.position])
    guard let data, let digest = Digest(bytes: Array(data)) else {
      throw LedgerError(
        .inconsistent("the tree lacks the node \(id.position) of level \(id.level)"))
    }
    return digest
  }

  /// The bytes of a leaf, and nothing of one that is too long to be read.
  private static let leafColumns =
    "sequence, CASE WHEN length(bytes) <= \(Leaf.byteLimit) THEN bytes END"

  /// Reads leaves in order, one at a time.
  static func forEachLeaf(_ database: Database, _ body: (Leaf) throws -> Void) throws {
    let rows = try RawRows(
      database, sql: "SELECT \(leafColumns) FROM leaves ORDER BY sequence")
    var count = 0
    while try rows.next() {
      try body(try leaf(rows, sequence: count))
      count += 1
    }
  }

  private static func leaf(_ rows: RawRows, sequence: Int) throws -> Leaf {
    guard rows.integer(0) == sequence, let bytes = rows.bytes(1) else {
      throw LedgerError(
        .inconsistent("leaf \(sequence) is missing, of a wrong type or too long"))
    }
    return try Leaf(parsing: bytes, sequence: sequence)
  }

  /// The last leaf; nil where there is none.
  static func lastLeaf(_ database: Database) throws -> Leaf? {
    let rows = try RawRows(
      database, sql: "SELECT \(leafColumns) FROM leaves ORDER BY sequence DESC LIMIT 1")
    guard try rows.next() else { return nil }
    guard let sequence = rows.integer(0), sequence >= 0, sequence < Int.max else {
      throw LedgerError(.inconsistent("the last leaf has no place"))
    }
    return try leaf(rows, sequence: sequence)
  }

  /// The leaf of a place.
  public func leaf(_ sequence: Int) throws(LedgerError) -> Leaf {
    try read { database in
      let rows = try RawRows(
        database, sql: "SELECT \(Self.leafColumns) FROM leaves WHERE sequence = ?", [sequence])
      guard try rows.next() else {
        throw LedgerError(.inconsistent("leaf \(sequence) is missing"))
      }
      return try Self.leaf(rows, sequence: sequence)
    }
  }

  /// All leaves, in order.
  public func leaves() throws(LedgerError) -> [Leaf] {
    try read { database in
      var leaves: [Leaf] = []
      try Self.forEachLeaf(database) { leaves.append($0) }
      return leaves
    }
  }

  /// What the leaves add up to; they are those of the last signed head.
  public func state() throws(LedgerError) -> LedgerState {
    try read { try Self.state($0, verifierKey) }
  }

  static func state(_ database: Database, _ verifierKey: VerifierKey) throws -> LedgerState {
    var state = LedgerState()
    var frontier = MerkleFrontier()
    try forEachLeaf(database) { leaf in
      frontier.append(leaf.hash)
      try state.apply(leaf)
    }
    let keys = try keys(database, from: verifierKey)
    guard let head = try lastHead(database) else {
      if state.count == 0 { return state }
      throw LedgerError(.inconsistent("the ledger has leaves and no signed head"))
    }
    let checkpoint = try checkedHead(size: head.size, note: head.note, keys)
    guard checkpoint.treeSize == state.count, checkpoint.root == frontier.root else {
      throw LedgerError(
        .inconsistent(
          "\(try changedLeaf(database)), or the signed head of \(head.size) has been; `unlearn-patch ledger verify` tells more"
        ))
    }
    return state
  }

  /// Which leaf is not what its stored hash says, in words.
  private static func changedLeaf(_ database: Database) throws -> String {
    var changed: Int?
    try forEachLeaf(database) { leaf in
      if changed == nil,
        try node(MerkleTree.NodeID(level: 0, position: leaf.sequence), database) != leaf.hash
      {
        changed = leaf.sequence
      }
    }
    return changed.map { "leaf \($0) has been changed: it is not what its hash in the tree says" }
      ?? "the leaves have been changed"
  }

  /// An artifact by its digest; nil where it is not kept.
  ///
  /// - Throws: Where what is kept is not what the digest says.
  public func blob(_ digest: Digest) throws(LedgerError) -> [UInt8]? {
    let bytes = try read { database in
      try Data.fetchOne(
        database, sql: "SELECT bytes FROM blobs WHERE sha256 = ?", arguments: [digest.hex])
    }.map { Array($0) }
    if let bytes, SHA256.digest(of: bytes) != digest {
      throw LedgerError(.inconsistent("the kept artifact \(digest) has been changed"), path: path)
    }
    return bytes
  }

  /// The key of an undo capsule; nil where it has been destroyed.
  public func undoKey(_ capsule: String) throws(LedgerError) -> [UInt8]? {
    try read { database in
      try Data.fetchOne(
        database, sql: "SELECT key FROM undo_keys WHERE capsule = ?", arguments: [capsule])
    }.map { Array($0) }
  }

  /// Forgets the key of an undo capsule that is not needed any more.
  public func forgetUndoKey(_ capsule: String) throws(LedgerError) {
    try write { database in
      try database.execute(
        sql: "DELETE FROM undo_keys WHERE capsule = ?", arguments: [capsule])
    }
  }

  /// The model that lies at a path; nil where none is known there.
  public func model(at path: String) throws(LedgerError) -> String? {
    try read { database in
      try String.fetchOne(
        database, sql: "SELECT model FROM places WHERE path = ?", arguments: [path])
    }
  }

  /// Where a model lies; empty where that is not known.
  public func places(of model: String) throws(LedgerError) -> [String] {
    try read { database in
      try String.fetchAll(
        database, sql: "SELECT path FROM places WHERE model = ? ORDER BY path",
        arguments: [model])
    }
  }

  /// Where all models lie, as far as that is known.
  public func places() throws(LedgerError) -> [(path: String, model: String)] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT path, model FROM places ORDER BY path").compactMap {
        row in
        guard let path = String.fromDatabaseValue(row[0]),
          let model = String.fromDatabaseValue(row[1])
        else { return nil }
        return (path, model)
      }
    }
  }

  /// All signed heads with their sizes, ascending.
  public func heads() throws(LedgerError) -> [(size: Int, note: String)] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT size, note FROM checkpoints ORDER BY size")
        .map { try Self.head($0) }
    }
  }

  /// The last signed head; nil where there is none.
  public func lastHead() throws(LedgerError) -> (size: Int, note: String)? {
    try read { try Self.lastHead($0) }
  }

  static func lastHead(_ database: Database) throws -> (size: Int, note: String)? {
    try Row.fetchOne(
      database, sql: "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
    ).map { try head($0) }
  }

  static func head(_ row: Row) throws -> (size: Int, note: String) {
    guard let size = Int.fromDatabaseValue(row[0]), let note = String.fromDatabaseValue(row[1])
    else { throw LedgerError(.inconsistent("a signed head is of a wrong type")) }
    return (size, note)
  }

  /// The inclusion proof of a leaf in the whole log.
  public func inclusionProof(of leaf: Int, size: Int) throws(LedgerError) -> [Digest] {
    try read { database in
      try MerkleTree.inclusionProof(of: leaf, size: size, node: { try Self.node($0, database) })
    }
  }
}
