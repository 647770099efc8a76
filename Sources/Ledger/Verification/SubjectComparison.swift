import GRDB
import Storage

/// Compares the rows of subjects with what the leaves add up to.
enum SubjectComparison {
  static func run(_ database: Database, _ state: LedgerState) throws {
    guard try Schema.version(of: database) >= Schema.firstWithSubjects else { return }
    let rows = try RawRows(
      database, sql: "SELECT kind, id, state FROM subjects ORDER BY kind, id")
    var count = 0
    var expected = RowText()
    var last = (kind: "", id: [UInt8]())
    while try rows.next() {
      // A row that is there twice would stand for one that is missing.
      guard let kind = rows.text(0),
        let subject = rows.withBytes(1, { next(kind, $0, after: &last) }) ?? nil
      else { throw LedgerError(.inconsistent("the row \(count) of subjects is of no subject")) }
      guard state.write(subject, to: &expected) else {
        throw LedgerError(.inconsistent("the \(subject) is kept, and no leaf tells of it"))
      }
      guard rows.withBytes(2, { expected.bytes.rawSpan.hasSameBytes(as: $0) }) == true else {
        throw LedgerError(
          .inconsistent("what is kept of the \(subject) is not what the leaves add up to"))
      }
      count += 1
    }
    guard count == (state.count == 0 ? 0 : state.subjectCount) else {
      throw LedgerError(
        .inconsistent("\(count) subjects are kept, the leaves tell of \(state.subjectCount)"))
    }
  }

  /// The subject of a row that follows the last one; nil where there is none or it does not follow.
  private static func next(
    _ kind: String, _ id: RawSpan, after last: inout (kind: String, id: [UInt8])
  ) -> Subject? {
    guard kind == last.kind ? last.id.rawSpan.precedes(id) : last.kind < kind else { return nil }
    last.kind = kind
    last.id.replaceAll(with: id)
    return Subject(kind: kind, id: id)
  }
}
