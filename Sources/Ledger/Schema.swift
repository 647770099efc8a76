import GRDB
import Storage
import StrictJSON

/// The schema of the ledger's database and its versions, in `PRAGMA user_version`.
enum Schema {
  /// The version that this software writes.
  static let version = 2

  /// The statements that lead from each version to the next; the first from nothing to version 1.
  private static let steps = [
    PackageResources._001_ledger_sql, PackageResources._002_subjects_sql,
  ]

  /// The oldest version in which there are rows of subjects, and a disclosure can have a day of expiry.
  static let firstWithSubjects = 2

  /// The version of a database.
  ///
  /// - Throws: Where this software does not know it.
  static func version(of database: Database) throws -> Int {
    let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if found > version {
      throw LedgerError(
        .database(
          "the ledger has schema version \(found), made by a newer unlearn-patch; this one knows versions up to \(version): use the newer one"
        ))
    }
    guard found > 0 else {
      throw LedgerError(.database("this is no ledger of unlearn-patch: its schema has no version"))
    }
    return found
  }

  /// Makes the tables of a version where there are none, or leads from one version to another.
  static func migrate(_ database: Database, from old: Int = 0, to new: Int = version) throws {
    for step in steps[old..<new] {
      try database.execute(sql: String(decoding: step, as: UTF8.self))
    }
    try database.execute(sql: "PRAGMA user_version = \(new)")
  }

  /// One thing of a schema, as `sqlite_schema` has it.
  private struct Item: Hashable {
    let type: String
    let name: String
    let table: String
    let sql: String
  }

  private static func items(_ database: Database) throws -> [Item] {
    let rows = try Row.fetchCursor(
      database, sql: "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    var items: [Item] = []
    while let row = try rows.next() {
      // More than any ledger has: a hostile schema does not fill the memory.
      guard items.count < 1000 else {
        throw LedgerError(.inconsistent("the schema has more than 1000 tables and triggers"))
      }
      func text(_ column: Int) -> String { String.fromDatabaseValue(row[column]) ?? "" }
      items.append(Item(type: text(0), name: text(1), table: text(2), sql: text(3)))
    }
    return items
  }

  /// How a schema differs from the known one.
  struct Difference {
    /// What differs, in words.
    let reason: String
    /// Whether the tables are those of the schema all the same, so that they can be read.
    let isReadable: Bool
  }

  /// Compares a database's schema with that of a new one of its version; nil where they are equal.
  static func difference(_ database: Database) throws -> Difference? {
    let version = try version(of: database)
    let fresh = try DatabaseQueue()
    let expected = try fresh.write { fresh in
      try migrate(fresh, to: version)
      return try items(fresh)
    }
    let found = try items(database)
    // Nothing that could stand for one of our tables may be another's.
    let isReadable = expected.filter { $0.type == "table" }.allSatisfy { found.contains($0) }
    for item in found where !expected.contains(item) {
      return Difference(
        reason: "the \(item.type) \"\(item.name)\" is not part of the known schema",
        isReadable: isReadable)
    }
    for item in expected where !found.contains(item) {
      return Difference(
        reason: "the \(item.type) \"\(item.name)\" is missing", isReadable: isReadable)
    }
    return nil
  }
}
