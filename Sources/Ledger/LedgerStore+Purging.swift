import GRDB

extension LedgerStore {
  /// Writes the database anew, so that nothing that was deleted is left in its file or its write-ahead log.
  ///
  /// - Throws: Where another process is reading, which keeps the log from being emptied.
  public func purge() throws(LedgerError) {
    try emptyLog()
    do {
      try queue.writeWithoutTransaction { database in try database.execute(sql: "VACUUM") }
    } catch { throw LedgerError.wrapping(error, path: path) }
    try emptyLog()
  }

  /// Moves all of the write-ahead log into the database and cuts the log to nothing.
  private func emptyLog() throws(LedgerError) {
    let isBusy: Bool
    do {
      isBusy = try queue.writeWithoutTransaction { database in
        let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        return row.flatMap { Int.fromDatabaseValue($0[0]) } != 0
      }
    } catch { throw LedgerError.wrapping(error, path: path) }
    if isBusy {
      throw LedgerError(
        .notPossible(
          "another process is reading the ledger, so what was deleted can't be cleared from its log; try again"
        ), path: path)
    }
  }
}
