import GRDB
private import GRDBSQLite
import Storage

/// The rows of a query, read in place: for walks over millions of them.
///
/// To be used within the access to the database that made it.
@safe
final class RawRows {
  // The statement owns the pointer and lives as long as this; columns are only looked at after a row was found, and
  // their bytes do not leave a call.
  private let statement: Statement
  private let pointer: OpaquePointer
  private var isAtRow = false

  /// Prepares a query.
  init(_ database: Database, sql: String, _ arguments: StatementArguments = []) throws {
    statement = try database.makeStatement(sql: sql)
    try statement.setArguments(arguments)
    unsafe pointer = statement.sqliteStatement
  }

  /// Goes to the next row; false where there is none.
  func next() throws -> Bool {
    let code = unsafe sqlite3_step(pointer)
    isAtRow = code == SQLITE_ROW
    guard isAtRow || code == SQLITE_DONE else {
      let message = unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(pointer)))
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
    return isAtRow
  }

  private func type(_ column: Int) -> Int32 {
    isAtRow ? unsafe sqlite3_column_type(pointer, Int32(column)) : SQLITE_NULL
  }

  /// The integer of a column; nil where it holds something else.
  func integer(_ column: Int) -> Int? {
    guard type(column) == SQLITE_INTEGER else { return nil }
    return Int(unsafe sqlite3_column_int64(pointer, Int32(column)))
  }

  /// The bytes of a blob or the UTF-8 of a text; nil where the column holds something else.
  func withBytes<Value>(_ column: Int, _ body: (RawSpan) throws -> Value) rethrows -> Value? {
    let start: UnsafeRawPointer?
    switch type(column) {
    case SQLITE_BLOB: unsafe start = sqlite3_column_blob(pointer, Int32(column))
    case SQLITE_TEXT: unsafe start = UnsafeRawPointer(sqlite3_column_text(pointer, Int32(column)))
    default: return nil
    }
    // After the pointer: asking for it may convert the value.
    let count = Int(unsafe sqlite3_column_bytes(pointer, Int32(column)))
    return try unsafe body(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)))
  }

  /// The bytes of a column, copied.
  func bytes(_ column: Int) -> [UInt8]? { withBytes(column) { $0.copied() } }

  /// The text of a column; nil where it is not UTF-8.
  func text(_ column: Int) -> String? { withBytes(column) { $0.text() } ?? nil }
}

extension Database {
  /// Refuses values of more than so many bytes, before they are read.
  func limitValues(to byteCount: Int) {
    guard let connection = unsafe sqliteConnection else { return }
    unsafe sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, Int32(clamping: byteCount))
  }
}
