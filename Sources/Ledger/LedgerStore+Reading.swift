import Attestation
import GRDB
public import Storage

#if canImport(FoundationEssentials)
  import struct FoundationEssentials.Data
#else
  import struct Foundation.Data
#endif

/// SQLite's blobs travel as `Data` in GRDB; nothing else of Foundation is used.
enum DatabaseBytes {
  /// The bytes of a column; empty where it holds something else.
  static func read(_ value: DatabaseValue) -> [UInt8] {
    Data.fromDatabaseValue(value).map { Array($0) } ?? []
  }
}

extension LedgerStore {
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

  static func leaves(_ database: Database) throws -> [Leaf] {
    let rows = try Row.fetchCursor(
      database, sql: "SELECT sequence, bytes FROM leaves ORDER BY sequence")
    var leaves: [Leaf] = []
    while let row = try rows.next() {
      guard let sequence = Int.fromDatabaseValue(row[0]), let data = Data.fromDatabaseValue(row[1]),
        sequence == leaves.count
      else {
        throw LedgerError(.inconsistent("leaf \(leaves.count) is missing or of a wrong type"))
      }
      leaves.append(try Leaf(parsing: Array(data), sequence: sequence))
    }
    return leaves
  }

  /// All leaves, in order.
  public func leaves() throws(LedgerError) -> [Leaf] { try read { try Self.leaves($0) } }

  /// What the leaves add up to; each is held against its hash in the tree.
  public func state() throws(LedgerError) -> LedgerState { try read { try Self.state($0) } }

  static func state(_ database: Database) throws -> LedgerState {
    var state = LedgerState()
    for leaf in try leaves(database) {
      guard
        try node(MerkleTree.NodeID(level: 0, position: leaf.sequence), database) == leaf.hash
      else {
        throw LedgerError(
          .inconsistent(
            "leaf \(leaf.sequence) has been changed: it is not what its hash in the tree says"))
      }
      try state.apply(leaf)
    }
    return state
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
      let rows = try Row.fetchAll(database, sql: "SELECT size, note FROM checkpoints ORDER BY size")
      return try rows.map { row in
        guard let size = Int.fromDatabaseValue(row[0]), let note = String.fromDatabaseValue(row[1])
        else { throw LedgerError(.inconsistent("a signed head is of a wrong type"), path: path) }
        return (size, note)
      }
    }
  }

  /// The inclusion proof of a leaf in the whole log.
  public func inclusionProof(of leaf: Int, size: Int) throws(LedgerError) -> [Digest] {
    try read { database in
      try MerkleTree.inclusionProof(of: leaf, size: size, node: { try Self.node($0, database) })
    }
  }
}
