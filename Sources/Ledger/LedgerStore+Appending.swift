public import Attestation
import GRDB
public import Storage

extension LedgerStore {
  /// What is kept beside the leaves in the same transaction.
  public struct Attachments: Sendable {
    /// Artifacts that leaves name by digest.
    public var blobs: [(mediaType: String, bytes: [UInt8])] = []
    /// The key of an undo capsule.
    public var undoKey: (capsule: String, key: [UInt8])?
    /// The capsule whose key is destroyed.
    public var destroyedUndoKey: String?
    /// Disclosures of a request.
    public var disclosures: [Disclosure] = []
    /// The digests of disclosures that are erased.
    public var shreddedDisclosures: [String] = []
    /// Where a model lies.
    public var place: (path: String, model: String)?

    /// Nothing.
    public init() {}
  }

  /// Appends events, and signs the new head, in one transaction; then moves the pin.
  ///
  /// Before, the last head must be signed by the ledger's key and be the root of the stored tree, and the tree must
  /// continue the pinned head. That leaves are what their hashes say is for `LedgerVerification`.
  ///
  /// - Throws: `notPossible` where an event does not follow, `inconsistent` where the database does not
  ///   continue the pinned head. Nothing is recorded then.
  /// - Complexity: O(log n) for n leaves, besides the rows of what the events are about.
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
          try appendLeaves(
            events, attachments, to: database, pinned: pinned, time: time, sign: key)
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

  private func appendLeaves(
    _ events: [Event], _ attachments: Attachments, to database: Database,
    pinned: LogCheckpoint?, time: Timestamp, sign: (String) throws -> SignedNote
  ) throws -> ([Leaf], SignedNote) {
    let last = try Self.lastLeaf(database)
    var frontier = try MerkleFrontier(size: last.map { $0.sequence + 1 } ?? 0) { id in
      try Self.node(id, database)
    }
    try checkHead(frontier, database)
    try checkPin(pinned, frontier, database)
    var working = try WorkingSet(after: last, database)
    let unknown = working.state.unknownTypes
    guard unknown.isEmpty else {
      throw LedgerError(
        .notPossible(
          "\(unknown.reduce(0) { $0 + $1.count }) leaves are of types that this version does not know (\(unknown.map(\.name).joined(separator: ", "))); use a newer one to append"
        ))
    }
    var appended: [Leaf] = []
    for event in events {
      let leaf = try Leaf(
        event, sequence: working.state.count, time: max(time, working.state.lastTime ?? time))
      try working.take(leaf, database)
      try Self.insert(leaf, &frontier, database)
      appended.append(leaf)
    }
    try working.save(database)
    try Self.attach(attachments, to: database)
    let head = LogCheckpoint(
      origin: verifierKey.name, treeSize: frontier.size, root: frontier.root)
    let note = try sign(head.text)
    try database.execute(
      sql: "INSERT INTO checkpoints (size, note) VALUES (?, ?)",
      arguments: [head.treeSize, note.encoded])
    return (appended, note)
  }

  /// The last head is signed by the ledger's key and is that of the stored tree.
  private func checkHead(_ frontier: MerkleFrontier, _ database: Database) throws {
    guard let head = try Self.lastHead(database) else {
      if frontier.size == 0 { return }
      throw LedgerError(.inconsistent("the ledger has leaves and no signed head"))
    }
    let checkpoint = try Self.checkedHead(size: head.size, note: head.note, verifierKey)
    guard checkpoint.treeSize == frontier.size, checkpoint.root == frontier.root else {
      throw LedgerError(
        .inconsistent(
          "the signed head of \(head.size) leaves is not that of the \(frontier.size) that are stored; they were changed: `unlearn-patch ledger verify` tells more"
        ))
    }
  }

  /// The database continues the head that was last seen.
  private func checkPin(_ pinned: LogCheckpoint?, _ frontier: MerkleFrontier, _ database: Database)
    throws
  {
    guard let pinned else { return }
    let isContinued =
      try pinned.treeSize <= frontier.size
      && MerkleFrontier(size: pinned.treeSize) { try Self.node($0, database) }.root
        == pinned.root
    guard isContinued else {
      throw LedgerError(
        .inconsistent(
          "the database does not continue the head that was last seen (\(pinned.treeSize) leaves); it was set back or rewritten: `unlearn-patch ledger verify` tells more"
        ))
    }
  }

  private static func insert(_ leaf: Leaf, _ frontier: inout MerkleFrontier, _ database: Database)
    throws
  {
    try database.cachedStatement(sql: "INSERT INTO leaves (sequence, bytes) VALUES (?, ?)")
      .execute(arguments: [leaf.sequence, bytes(leaf.bytes)])
    let insertion = try database.cachedStatement(
      sql: "INSERT INTO nodes (level, position, hash) VALUES (?, ?, ?)")
    try frontier.append(leaf.hash) { id, hash throws in
      try insertion.execute(arguments: [id.level, id.position, bytes(hash.bytes)])
    }
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
        sql: "INSERT INTO disclosures (digest, request, disclosure, expires) VALUES (?, ?, ?, ?)",
        arguments: [
          entry.commitment.digest, entry.request, entry.commitment.disclosure,
          entry.expiry?.description,
        ])
    }
    for digest in attachments.shreddedDisclosures {
      try database.execute(sql: "DELETE FROM disclosures WHERE digest = ?", arguments: [digest])
    }
    if let place = attachments.place {
      try database.execute(
        sql: "INSERT OR REPLACE INTO places (path, model) VALUES (?, ?)",
        arguments: [place.path, place.model])
    }
  }
}
