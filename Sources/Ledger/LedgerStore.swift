public import Attestation
import GRDB
public import Storage
import StrictJSON

/// The ledger's database.
///
/// One process writes at a time, the others wait for it up to `busySeconds`; reading goes on beside a writer.
public final class LedgerStore: Sendable {
  let queue: DatabaseQueue
  /// The path of the database.
  public let path: String
  /// The key that this ledger is expected to be signed with.
  public let verifierKey: VerifierKey
  let pins: PinStore

  /// How the database is opened.
  public enum Access: Sendable {
    /// For reading; nothing is changed.
    case read
    /// For reading and appending; a database of an older schema is brought to the present one.
    case append
  }

  /// Opens a ledger.
  ///
  /// - Parameter busySeconds: How long another process is waited for that is writing.
  public init(
    path: String, verifierKey: VerifierKey, pins: PinStore, access: Access, busySeconds: Double = 5
  ) throws(LedgerError) {
    self.path = path
    self.verifierKey = verifierKey
    self.pins = pins
    do {
      guard try FileStatus.ifExists(path) != nil else {
        throw LedgerError(.database("there is no ledger; `unlearn-patch init` makes one"))
      }
      queue = try DatabaseQueue(
        path: path,
        configuration: Self.configuration(isReadOnly: access == .read, busySeconds: busySeconds))
      let version = try queue.read { try Schema.version(of: $0) }
      if access == .append {
        try Self.makeDurable(queue)
        try Self.prepareForAppending(queue, version: version, verifierKey: verifierKey)
      }
    } catch { throw LedgerError.wrapping(error, path: path) }
  }

  /// The largest value that is read from a database: a signed bundle is far smaller.
  private static let valueLimit = 1 << 26

  /// A database may come from an enemy: its schema runs nothing of its own, and its pages are checked.
  private static func configuration(isReadOnly: Bool, busySeconds: Double) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = isReadOnly
    configuration.busyMode = .timeout(busySeconds)
    configuration.prepareDatabase { database in
      database.limitValues(to: valueLimit)
      try database.execute(sql: "PRAGMA trusted_schema = OFF")
      try database.execute(sql: "PRAGMA cell_size_check = ON")
      if isReadOnly { try database.execute(sql: "PRAGMA query_only = ON") }
    }
    return configuration
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

  /// The schema is the known one, for a trigger that is not ours would act on what is appended; and it is the
  /// present one from here on.
  private static func prepareForAppending(
    _ queue: DatabaseQueue, version: Int, verifierKey: VerifierKey
  ) throws {
    if version == Schema.version {
      try queue.read { try requireKnownSchema($0) }
      return
    }
    try queue.writeWithoutTransaction { database in
      try database.inTransaction(.immediate) {
        // Another process may have been here first.
        let version = try Schema.version(of: database)
        try requireKnownSchema(database)
        if version < Schema.version {
          try Schema.migrate(database, from: version)
          try writeSubjects(database, verifierKey)
        }
        return .commit
      }
    }
  }

  private static func requireKnownSchema(_ database: Database) throws {
    if let difference = try Schema.difference(database) {
      throw LedgerError(.inconsistent(difference.reason))
    }
  }

  /// Derives the rows of all subjects from the leaves.
  private static func writeSubjects(_ database: Database, _ verifierKey: VerifierKey) throws {
    let state = try state(database, verifierKey)
    if state.count == 0 { return }
    try state.forEachSubject { subject throws in
      guard let row = state.row(of: subject) else { return }
      try WorkingSet.write(row, of: subject, database)
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
      try queue.write { try Schema.migrate($0) }
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
}
