import GRDB
import StrictJSON

/// Compares the rows of subjects with what the leaves add up to.
enum SubjectComparison {
  static func run(_ database: Database, _ state: LedgerState) throws {
    guard try Schema.version(of: database) >= Schema.firstWithSubjects else { return }
    let rows = try Row.fetchCursor(
      database, sql: "SELECT kind, id, state FROM subjects ORDER BY kind, id")
    var count = 0
    var last: [String] = []
    while let row = try rows.next() {
      guard let kind = String.fromDatabaseValue(row[0]), let id = String.fromDatabaseValue(row[1]),
        let text = String.fromDatabaseValue(row[2]), let subject = Subject(kind: kind, id: id),
        // A row that is there twice would stand for one that is missing.
        last.isEmpty || last.lexicographicallyPrecedes([kind, id])
      else { throw LedgerError(.inconsistent("the row \(count) of subjects is of no subject")) }
      guard let expected = state.row(of: subject) else {
        throw LedgerError(.inconsistent("the \(subject) is kept, and no leaf tells of it"))
      }
      guard try CanonicalJSON.encode(expected).elementsEqual(text.utf8) else {
        throw LedgerError(
          .inconsistent("what is kept of the \(subject) is not what the leaves add up to"))
      }
      last = [kind, id]
      count += 1
    }
    guard count == (state.count == 0 ? 0 : state.subjectCount) else {
      throw LedgerError(
        .inconsistent("\(count) subjects are kept, the leaves tell of \(state.subjectCount)"))
    }
  }
}
