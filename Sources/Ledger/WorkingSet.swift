import GRDB
import Storage
import StrictJSON

/// The part of the state that an append needs: the rows of what its leaves are about, loaded as they are asked for
/// and written back where they changed.
struct WorkingSet {
  /// The partial state.
  private(set) var state: LedgerState
  /// The rows as they were loaded; nil where there was none.
  private var loaded: [Subject: [UInt8]?] = [:]

  /// The longest row that is read: more than all fields of a leaf come to.
  static let rowLimit = 1 << 18

  /// Goes on after the last leaf of a database whose keys are known.
  init(after last: Leaf?, _ keys: LogKeys, _ database: Database) throws {
    state = LedgerState(
      after: last.map { $0.sequence + 1 } ?? 0, lastTime: last?.time,
      logKeys: last == nil ? nil : keys)
    try load(.log, database)
  }

  /// Takes a leaf, or refuses it and changes nothing.
  mutating func take(_ leaf: Leaf, _ database: Database) throws {
    while true {
      do throws(LeafRefusal) {
        try state.take(leaf)
        return
      } catch {
        guard case .notLoaded(let subject) = error else { throw LedgerState.error(error, leaf) }
        try load(subject, database)
      }
    }
  }

  /// Loads the row of a subject, where there is one.
  mutating func load(_ subject: Subject, _ database: Database) throws {
    let statement = try database.cachedStatement(
      sql: "SELECT state FROM subjects WHERE kind = ? AND id = ?")
    statement.setUncheckedArguments([subject.kind, subject.id])
    let text = try DatabaseValue.fetchOne(statement)
    guard let text else {
      loaded[subject] = .some(nil)
      try state.load(subject, row: nil)
      return
    }
    guard let row = String.fromDatabaseValue(text) else { throw Self.unreadable(subject, "a type") }
    let bytes = Array(row.utf8)
    loaded[subject] = bytes
    do throws(JSONDocumentError) {
      let value = try JSONDocument.read(bytes, byteLimit: Self.rowLimit, depthLimit: 16) {
        field throws(JSONFieldError) in field
      }
      do throws(JSONFieldError) { try state.load(subject, row: value) } catch {
        throw JSONDocumentError.field(error)
      }
    } catch { throw Self.unreadable(subject, error.description) }
  }

  static func unreadable(_ subject: Subject, _ what: String) -> LedgerError {
    LedgerError(
      .inconsistent(
        "what is kept of the \(subject) can't be read (\(what)); `unlearn-patch ledger verify` tells more"
      ))
  }

  /// Writes the rows that changed.
  func save(_ database: Database) throws {
    try state.forEachSubject { subject throws in
      guard let row = state.row(of: subject) else { return }
      if let known = loaded[subject], known == row { return }
      try Self.write(row, of: subject, database)
    }
    for (subject, row) in loaded where row != nil && state.row(of: subject) == nil {
      try database.execute(
        sql: "DELETE FROM subjects WHERE kind = ? AND id = ?",
        arguments: [subject.kind, subject.id])
    }
  }

  /// Writes one row.
  static func write(_ row: [UInt8], of subject: Subject, _ database: Database) throws {
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO subjects (kind, id, state) VALUES (?, ?, ?)
        ON CONFLICT (kind, id) DO UPDATE SET state = excluded.state
        """)
    try statement.execute(
      arguments: [subject.kind, subject.id, String(decoding: row, as: UTF8.self)])
  }
}
