import Attestation
import GRDB
import Storage
import StrictJSON
import TestSupport

@testable import Ledger

/// An attacker who can write the database and knows all formats.
struct Forger {
  /// The path of the database.
  let path: String

  /// Changes the database behind the ledger's back, and leaves no trace of that in its schema.
  func sql(_ statements: String...) throws {
    try edit { database in
      for statement in statements { try database.execute(sql: statement) }
    }
  }

  private func edit(_ body: (Database) throws -> Void) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      let triggers = try Row.fetchAll(
        database, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
      for trigger in triggers { try database.execute(sql: "DROP TRIGGER \(trigger[0] as String)") }
      try body(database)
      for trigger in triggers { try database.execute(sql: trigger[1]) }
    }
    try queue.close()
  }

  /// Changes the schema itself.
  func schema(_ statement: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: statement) }
    try queue.close()
  }

  /// The leaves as they are stored.
  func leaves() throws -> [JSONObject] {
    let queue = try DatabaseQueue(path: path)
    let texts = try queue.read {
      try String.fetchAll($0, sql: "SELECT CAST(bytes AS TEXT) FROM leaves ORDER BY sequence")
    }
    try queue.close()
    return try texts.map { text in
      let value = try JSONValue(parsing: Array(text.utf8), byteLimit: Leaf.byteLimit)
      guard case .object(let object) = value else { return JSONObject() }
      return object
    }
  }

  /// What an attacker makes anew after the leaves were changed.
  enum Making {
    /// Nothing else.
    case leaves
    /// Nodes and subjects, and the heads stay.
    case tree
    /// Heads too, signed with a key, one for each leaf.
    case heads(PrivateKeyFile, as: VerifierKey)
    /// Heads too, each with the keys of its size; where there are none, the head that was stored stays.
    case signers((_ size: Int) -> [Signer])
  }

  /// A private key, and the key of a log as which it signs.
  struct Signer {
    let file: PrivateKeyFile
    let key: VerifierKey
  }

  /// Stores these leaves instead, in this order, with their places and times made to fit.
  func replace(_ leaves: [JSONObject], _ making: Making) throws {
    let isClever = if case .leaves = making { false } else { true }
    let encoded = try isClever ? Self.renumbered(leaves) : leaves.map { try Self.bytes($0) }
    try edit { database in
      try database.execute(sql: "DELETE FROM leaves")
      for (sequence, bytes) in encoded.enumerated() {
        try database.execute(
          sql: "INSERT INTO leaves VALUES (?, CAST(? AS BLOB))",
          arguments: [sequence, String(decoding: bytes, as: UTF8.self)])
      }
      guard isClever else { return }
      try derive(encoded, database)
      switch making {
      case .leaves, .tree: return
      case .heads(let file, let key):
        try database.execute(sql: "DELETE FROM checkpoints")
        try sign(encoded, database) { _ in [Signer(file: file, key: key)] }
      case .signers(let signers): try sign(encoded, database, signers)
      }
    }
  }

  /// A head for each leaf, in the place of those that are stored.
  private func sign(
    _ leaves: [[UInt8]], _ database: Database, _ signers: (_ size: Int) -> [Signer]
  ) throws {
    var frontier = MerkleFrontier()
    for bytes in leaves {
      frontier.append(MerkleTree.leafHash(bytes))
      var note: SignedNote?
      for signer in signers(frontier.size) {
        let head = LogCheckpoint(
          origin: signer.key.name, treeSize: frontier.size, root: frontier.root)
        let key = try PrivateKey(path: signer.file.path)
        let made = try SignedNote(signing: head.text, as: signer.key, with: key)
        for line in made.lines { note?.replace(with: line) }
        note = note ?? made
      }
      guard let note else { continue }
      try database.execute(
        sql: "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)",
        arguments: [frontier.size, note.encoded])
    }
  }

  /// Nodes and subjects as they follow from the leaves.
  private func derive(_ leaves: [[UInt8]], _ database: Database) throws {
    try database.execute(sql: "DELETE FROM nodes; DELETE FROM subjects")
    var state = LedgerState()
    var frontier = MerkleFrontier()
    for (sequence, bytes) in leaves.enumerated() {
      let leaf = try Leaf(parsing: bytes, sequence: sequence)
      try state.apply(leaf)
      try frontier.append(leaf.hash) { id, hash throws in
        try database.execute(
          sql: "INSERT INTO nodes VALUES (?, ?, x'\(hash.hex)')",
          arguments: [id.level, id.position])
      }
    }
    try state.forEachSubject { subject throws in
      guard let row = state.row(of: subject) else { return }
      try database.execute(
        sql: "INSERT INTO subjects VALUES (?, ?, ?)",
        arguments: [subject.kind, subject.id, String(decoding: row, as: UTF8.self)])
    }
  }

  /// Cuts the log so that everything that is left belongs together.
  func cut(to count: Int) throws {
    try sql(
      "DELETE FROM checkpoints WHERE size > \(count)",
      "DELETE FROM leaves WHERE sequence >= \(count)")
    let bytes = try leaves().map { try Self.bytes($0) }
    try edit { try derive(bytes, $0) }
  }

  private static func bytes(_ leaf: JSONObject) throws -> [UInt8] {
    try CanonicalJSON.encode(.object(leaf))
  }

  /// Gives each leaf the place that it has now, and moves what refers to places and times along.
  private static func renumbered(_ leaves: [JSONObject]) throws -> [[UInt8]] {
    var places: [JSONValue: Int] = [:]
    for (place, leaf) in leaves.enumerated() {
      if let old = leaf["seq"], places[old] == nil { places[old] = place }
    }
    let times = leaves.compactMap { leaf -> String? in
      if case .string(let time) = leaf["time"] { return time.text }
      return nil
    }.sorted()
    return try leaves.enumerated().map { place, leaf in
      var leaf = leaf
      leaf["seq"] = .integer(Int64(place))
      leaf["time"] = .text(times[place])
      if let intent = leaf["intent"], let moved = places[intent] {
        leaf["intent"] = .integer(Int64(moved))
      }
      return try bytes(leaf)
    }
  }
}

/// A private key by its file, for keys can't be copied.
struct PrivateKeyFile {
  let path: String
}
