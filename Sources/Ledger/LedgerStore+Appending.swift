public import Attestation
import GRDB
public import Storage
import StrictJSON

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
  /// Before, the last head must be signed by the log's key and be the root of the stored tree, and the tree must
  /// continue the pinned head. That leaves are what their hashes say is for `LedgerVerification`.
  ///
  /// - Throws: `notPossible` where an event does not follow, `inconsistent` where the database does not
  ///   continue the pinned head, `formerKey` where the log has been handed over to another key. Nothing is recorded
  ///   then.
  /// - Complexity: O(log n) for n leaves, besides the rows of what the events are about.
  @discardableResult
  public func append(
    _ events: [Event], _ attachments: Attachments = Attachments(),
    signedBy key: borrowing PrivateKey, at time: Timestamp
  ) throws(LedgerError) -> [Leaf] {
    let publicKey = key.publicKey
    return try withSigner(key) { (sign) throws(LedgerError) in
      try append(events, attachments, publicKey, at: time) { text, keys in
        guard keys.present.publicKey == publicKey else {
          throw LedgerError(
            .notPossible("the log is handed over by `unlearn-patch trust rotate --role ledger`"))
        }
        let note = try sign(text, keys.present)
        return (note, note)
      }
    }
  }

  /// Hands the log over to another key: appends the leaf that says so, and signs the head that ends with it with both
  /// keys, in one transaction.
  ///
  /// The caller has the new key on the disk already: once this returns, no other can append.
  ///
  /// - Throws: As appending does. A failure after the transaction, of the pin, leaves the log handed over: `keys` tells.
  public func handOver(
    from old: borrowing PrivateKey, to new: borrowing PrivateKey, at time: Timestamp
  ) throws(LedgerError) -> Leaf {
    let (oldKey, newKey) = (old.publicKey, new.publicKey)
    let event: Event
    do throws(AttestationError) {
      let key = try VerifierKey(name: verifierKey.name, publicKey: newKey)
      event = Event(
        .keyRotated,
        [
          "role": .text(LedgerState.logRole), "old": .text(oldKey.keyID.hex),
          "new": .text(newKey.keyID.hex), "key": .text(key.encoded),
        ])
    } catch { throw LedgerError(.attestation(error), path: path) }
    let leaves = try withSigner(old) { (signOld) throws(LedgerError) in
      try withSigner(new) { (signNew) throws(LedgerError) in
        try append([event], Attachments(), oldKey, at: time) { text, keys in
          let signers = keys.all.suffix(2)
          // A pin has room for one signature, and that of the key before is known whatever becomes of the log.
          let pinned = try signOld(text, signers[signers.startIndex])
          var note = pinned
          for line in try signNew(text, keys.present).lines { note.replace(with: line) }
          return (note, pinned)
        }
      }
    }
    return leaves[0]
  }

  /// Signs a text as a key of the log.
  private typealias Signer = (_ text: String, _ key: VerifierKey) throws -> SignedNote
  /// Signs a head with the keys that the log has after the events: the note that is stored, and the one that is pinned.
  private typealias HeadSigner = (_ text: String, _ keys: LogKeys) throws -> (
    stored: SignedNote, pinned: SignedNote
  )

  /// Lends a signing function that does not outlive the borrowed key.
  private func withSigner<Value>(
    _ key: borrowing PrivateKey, _ body: (Signer) throws(LedgerError) -> Value
  ) throws(LedgerError) -> Value {
    try body { text, name in try SignedNote(signing: text, as: name, with: key) }
  }

  private func append(
    _ events: [Event], _ attachments: Attachments, _ key: PublicKey, at time: Timestamp,
    sign: HeadSigner
  ) throws(LedgerError) -> [Leaf] {
    let (leaves, keys, pinned) = try write { database in
      try appendLeaves(events, attachments, to: database, key, time: time, sign: sign)
    }
    try pins.keep(pinned, of: keys)
    return leaves
  }

  private func appendLeaves(
    _ events: [Event], _ attachments: Attachments, to database: Database, _ key: PublicKey,
    time: Timestamp, sign: HeadSigner
  ) throws -> ([Leaf], LogKeys, pinned: SignedNote) {
    let keys = try Self.keys(database, from: verifierKey)
    guard key == keys.present.publicKey else { throw Self.refusal(of: key, keys) }
    let last = try Self.lastLeaf(database)
    var frontier = try MerkleFrontier(size: last.map { $0.sequence + 1 } ?? 0) { id in
      try Self.node(id, database)
    }
    try checkHead(frontier, keys, database)
    try checkPin(try pins.head(of: keys), frontier, database)
    var working = try WorkingSet(after: last, keys, database)
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
    let after = working.state.logKeys ?? keys
    let head = LogCheckpoint(
      origin: verifierKey.name, treeSize: frontier.size, root: frontier.root)
    let (stored, pinned) = try sign(head.text, after)
    try database.execute(
      sql: "INSERT INTO checkpoints (size, note) VALUES (?, ?)",
      arguments: [head.treeSize, stored.encoded])
    return (appended, after, pinned)
  }

  private static func refusal(of key: PublicKey, _ keys: LogKeys) -> LedgerError {
    guard let former = keys.all.first(where: { $0.publicKey == key }),
      let leaf = keys.lastLeaf(of: former)
    else {
      return LedgerError(.inconsistent("the key is not that of the ledger \(keys.first.name)"))
    }
    return LedgerError(
      .formerKey("the key is a former one of the ledger, which leaf \(leaf) has replaced"))
  }

  /// The last head is signed by the key of its size and is that of the stored tree.
  private func checkHead(_ frontier: MerkleFrontier, _ keys: LogKeys, _ database: Database) throws {
    guard let head = try Self.lastHead(database) else {
      if frontier.size == 0 { return }
      throw LedgerError(.inconsistent("the ledger has leaves and no signed head"))
    }
    let checkpoint = try Self.checkedHead(size: head.size, note: head.note, keys)
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
