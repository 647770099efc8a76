import GRDB

extension LedgerStore {
  /// What SQLite says of its settings: `synchronous` (2 is FULL), `journal_mode`, `secure_delete`.
  package func settings() throws(LedgerError) -> [String] {
    try read { database in
      try ["synchronous", "journal_mode", "secure_delete"].map { name in
        try String.fetchOne(database, sql: "PRAGMA \(name)") ?? ""
      }
    }
  }
}
