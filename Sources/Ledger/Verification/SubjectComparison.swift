import GRDB
import Storage

/// Compares the rows of subjects with what the leaves add up to.
enum SubjectComparison {
  static func run(_ database: Database, _ state: LedgerState) throws {
    guard try Schema.version(of: database) >= Schema.firstWithSubjects else { return }
    let rows = try RawRows(
      database, sql: "SELECT kind, id, state FROM subjects ORDER BY kind, id")
    var count = 0
    var last: (kind: String, id: String)?
    while try rows.next() {
      // A row that is there twice would stand for one that is missing.
      guard let kind = rows.text(0), let id = rows.text(1),
        let subject = Subject(kind: kind, id: id), last.map({ $0 < (kind, id) }) ?? true
      else { throw LedgerError(.inconsistent("the row \(count) of subjects is of no subject")) }
      guard let expected = state.row(of: subject) else {
        throw LedgerError(.inconsistent("the \(subject) is kept, and no leaf tells of it"))
      }
      guard rows.withBytes(2, { expected.rawSpan.hasSameBytes(as: $0) }) == true else {
        throw LedgerError(
          .inconsistent("what is kept of the \(subject) is not what the leaves add up to"))
      }
      last = (kind, id)
      count += 1
    }
    guard count == (state.count == 0 ? 0 : state.subjectCount) else {
      throw LedgerError(
        .inconsistent("\(count) subjects are kept, the leaves tell of \(state.subjectCount)"))
    }
  }
}
