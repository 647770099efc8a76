public import Attestation
import GRDB
public import Storage
import StrictJSON

/// The ledger's database.
public final class LedgerStore: Sendable {
  /// The version of the schema that this software writes, in `PRAGMA user_version`.
  static let schemaVersion = 1

  let queue: DatabaseQueue
  /// The path of the database.
  public let path: String
  /// The key that this ledger is expected to be signed with.
  public let verifierKey: VerifierKey
  private let pins: PinStore

  /// How the database is opened.
  public enum Access: Sendable {
    /// For reading; nothing is changed.
    case read
    /// For reading and appending.
    case append
  }

  /// Opens a ledger.
  public init(path: String, verifierKey: VerifierKey, pins: PinStore, access: Access)
    throws(LedgerError)
  {
    self.path = path
    self.verifierKey = verifierKey
    self.pins = pins
    do {
      guard try FileStatus.ifExists(path) != nil else {
        throw LedgerError(.database("there is no ledger; `unlearn-patch init` makes one"))
      }
      var configuration = Configuration()
      configuration.readonly = access == .read
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA trusted_schema = OFF")
      }
      queue = try DatabaseQueue(path: path, configuration: configuration)
      if access == .append { try Self.makeDurable(queue) }
      let version = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      guard version == Self.schemaVersion else {
        throw LedgerError(
          .database("schema version \(version), this software reads \(Self.schemaVersion)"))
      }
    } catch { throw LedgerError.wrapping(error, path: path) }
    // A trigger that is not ours would act on what is appended.
    if access == .append { try checkSchema() }
  }

  /// Every commit is on the disk before it counts, and what is deleted is overwritten.
  private static func makeDurable(_ queue: DatabaseQueue) throws {
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA journal_mode = WAL")
      try database.execute(sql: "PRAGMA secure_delete = ON")
      // What SQLite sets aside while it works must not reach another file system.
      try database.execute(sql: "PRAGMA temp_store = MEMORY")
      // Last: setting the journal mode may put it back.
      try database.execute(sql: "PRAGMA synchronous = FULL")
    }
  }

  /// Makes a ledger whose first leaf names it.
  public static func create(
    path: String, key: borrowing PrivateKey, verifierKey: VerifierKey, pins: PinStore,
    tool: String, at time: Timestamp
  ) throws(LedgerError) -> LedgerStore {
    do {
      guard try FileStatus.ifExists(path) == nil else {
        throw StorageError(.exists, path: path)
      }
      let queue = try DatabaseQueue(path: path)
      try makeDurable(queue)
      try queue.write { database in
        let sql = String(decoding: PackageResources._001_ledger_sql, as: UTF8.self)
        try database.execute(sql: sql)
        try database.execute(sql: "PRAGMA user_version = \(schemaVersion)")
      }
      try queue.close()
    } catch { throw LedgerError.wrapping(error, path: path) }
    let store = try LedgerStore(
      path: path, verifierKey: verifierKey, pins: pins, access: .append)
    try store.append(
      [
        Event(
          .ledgerCreated,
          [
            "origin": .text(verifierKey.name), "key": .text(verifierKey.encoded),
            "tool": .text(tool),
          ])
      ], signedBy: key, at: time)
    return store
  }

  /// Runs a read on a snapshot of the database.
  func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
    do { return try queue.read(body) } catch { throw LedgerError.wrapping(error, path: path) }
  }

  /// Runs a write in one transaction, begun as a writer's so that two never collide half-way.
  func write<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
    do {
      return try queue.writeWithoutTransaction { database in
        var value: Value?
        try database.inTransaction(.immediate) {
          value = try body(database)
          return .commit
        }
        guard let value else { throw LedgerError(.database("the transaction came to nothing")) }
        return value
      }
    } catch { throw LedgerError.wrapping(error, path: path) }
  }

  /// What is kept beside the leaves in the same transaction.
  public struct Attachments: Sendable {
    /// Artifacts that leaves name by digest.
    public var blobs: [(mediaType: String, bytes: [UInt8])] = []
    /// The key of an undo capsule.
    public var undoKey: (capsule: String, key: [UInt8])?
    /// The capsule whose key is destroyed.
    public var destroyedUndoKey: String?
    /// Disclosures of a request.
    public var disclosures: [(request: String, disclosure: Commitment)] = []
    /// Where a model lies.
    public var place: (path: String, model: String)?

    /// Nothing.
    public init() {}
  }

  /// Appends events, and signs the new head, in one transaction; then moves the pin.
  ///
  /// - Throws: `notPossible` where an event does not follow, `inconsistent` where the database does not
  ///   continue the pinned head. Nothing is recorded then.
  @discardableResult
  public func append(
    _ events: [Event], _ attachments: Attachments = Attachments(),
    signedBy key: borrowing PrivateKey, at time: Timestamp
  ) throws(LedgerError) -> [Leaf] {
    guard key.publicKey == verifierKey.publicKey else {
      throw LedgerError(.inconsistent("the key is not that of the ledger \(verifierKey.name)"))
    }
    // Signing comes after the writing in the same transaction; the key is borrowed for both.
    let pinned = try pins.head(of: verifierKey)
    do {
      return try withBorrowed(key) { key in
        let (leaves, note) = try write { database in
          try Self.appendLeaves(
            events, attachments, to: database, verifierKey: verifierKey, pinned: pinned, time: time,
            sign: key)
        }
        try pins.keep(note, of: verifierKey)
        return leaves
      }
    } catch { throw LedgerError.wrapping(error, path: path) }
  }

  /// Lends a signing function that does not outlive the borrowed key.
  private func withBorrowed<Value>(
    _ key: borrowing PrivateKey, _ body: ((String) throws -> SignedNote) throws -> Value
  ) throws -> Value {
    try body { text in try SignedNote(signing: text, as: verifierKey, with: key) }
  }

  private static func appendLeaves(
    _ events: [Event], _ attachments: Attachments, to database: Database,
    verifierKey: VerifierKey, pinned: LogCheckpoint?, time: Timestamp,
    sign: (String) throws -> SignedNote
  ) throws -> ([Leaf], SignedNote) {
    var state = try state(database)
    guard state.unknownLeaves.isEmpty else {
      throw LedgerError(
        .notPossible(
          "leaves \(state.unknownLeaves) are of types that this version does not know; use a newer one to append"
        ))
    }
    if let pinned {
      guard state.count >= pinned.treeSize,
        try MerkleTree.root(0..<pinned.treeSize, node: { try node($0, database) }) == pinned.root
      else {
        throw LedgerError(
          .inconsistent(
            "the database does not continue the head that was last seen (\(pinned.treeSize) leaves); it was set back or rewritten: `unlearn-patch ledger verify` tells more"
          ))
      }
    }
    var appended: [Leaf] = []
    for event in events {
      let leaf = try Leaf(
        event, sequence: state.count, time: max(time, state.lastTime ?? time))
      try state.apply(leaf)
      try database.execute(
        sql: "INSERT INTO leaves (sequence, bytes) VALUES (?, ?)",
        arguments: [leaf.sequence, bytes(leaf.bytes)])
      for (id, hash) in try MerkleTree.completed(
        byLeaf: leaf.sequence, hash: leaf.hash, node: { try node($0, database) })
      {
        try database.execute(
          sql: "INSERT INTO nodes (level, position, hash) VALUES (?, ?, ?)",
          arguments: [id.level, id.position, bytes(hash.bytes)])
      }
      appended.append(leaf)
    }
    try attach(attachments, to: database)
    let head = LogCheckpoint(
      origin: verifierKey.name, treeSize: state.count,
      root: try MerkleTree.root(0..<state.count, node: { try node($0, database) }))
    let note = try sign(head.text)
    try database.execute(
      sql: "INSERT INTO checkpoints (size, note) VALUES (?, ?)",
      arguments: [head.treeSize, note.encoded])
    return (appended, note)
  }

  private static func attach(_ attachments: Attachments, to database: Database) throws {
    for blob in attachments.blobs {
      try database.execute(
        sql: "INSERT OR IGNORE INTO blobs (sha256, media_type, bytes) VALUES (?, ?, ?)",
        arguments: [SHA256.digest(of: blob.bytes).hex, blob.mediaType, bytes(blob.bytes)])
    }
    if let undo = attachments.undoKey {
      try database.execute(
        sql: "INSERT INTO undo_keys (capsule, key) VALUES (?, ?)",
        arguments: [undo.capsule, bytes(undo.key)])
    }
    if let capsule = attachments.destroyedUndoKey {
      try database.execute(sql: "DELETE FROM undo_keys WHERE capsule = ?", arguments: [capsule])
    }
    for entry in attachments.disclosures {
      try database.execute(
        sql: "INSERT INTO disclosures (digest, request, disclosure) VALUES (?, ?, ?)",
        arguments: [entry.disclosure.digest, entry.request, entry.disclosure.disclosure])
    }
    if let place = attachments.place {
      try database.execute(
        sql: "INSERT OR REPLACE INTO places (path, model) VALUES (?, ?)",
        arguments: [place.path, place.model])
    }
  }
}
