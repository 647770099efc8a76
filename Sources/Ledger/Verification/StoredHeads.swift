import Attestation
import GRDB
import Storage

/// The signed heads, in the order of their sizes.
struct StoredHeads {
  /// How many signatures are checked at a time, spread over the cores.
  private static let batch = 4096

  private let verifierKey: VerifierKey
  private let database: Database
  private var rows: RawRows?
  private var next: (size: Int, note: String)?
  private var last = 0
  private var unchecked: [(size: Int, after: Int, note: String, root: Digest)] = []

  init(_ database: Database, _ verifierKey: VerifierKey) {
    self.database = database
    self.verifierKey = verifierKey
  }

  private mutating func advance() throws {
    guard let rows, try rows.next() else {
      next = nil
      return
    }
    guard let size = rows.integer(0), let note = rows.text(1) else {
      throw LedgerError(.inconsistent("a signed head is of a wrong type"))
    }
    next = (size, note)
  }

  /// Where a head is stored of this many leaves, it must be their root.
  mutating func compare(_ frontier: MerkleFrontier) throws {
    if rows == nil {
      rows = try RawRows(database, sql: "SELECT size, note FROM checkpoints ORDER BY size")
      try advance()
    }
    while let head = next, head.size <= frontier.size {
      guard head.size == frontier.size, head.size > last else {
        throw LedgerError(.inconsistent("the head of \(head.size) leaves is out of order"))
      }
      unchecked.append((head.size, last, head.note, frontier.root))
      last = head.size
      if unchecked.count == Self.batch { try check() }
      try advance()
    }
  }

  /// Checks signatures, which cost more than all the rest, on all cores.
  private mutating func check() throws {
    let (heads, verifierKey) = (unchecked, verifierKey)
    unchecked = []
    let slice = 64
    _ = try Parallel.map((heads.count + slice - 1) / slice) { index throws(LedgerError) in
      for head in heads[index * slice..<min(heads.count, (index + 1) * slice)] {
        let checkpoint = try LedgerStore.checkedHead(
          size: head.size, note: head.note, verifierKey)
        guard checkpoint.root == head.root else {
          // The first of several failures is thrown, so the head before this one was right.
          let leaves =
            head.size - head.after == 1
            ? "leaf \(head.after) is" : "one of the leaves \(head.after) to \(head.size - 1) is"
          throw LedgerError(
            .inconsistent(
              "the signed head of \(head.size) leaves is not their root: \(leaves) not what was signed"
            ))
        }
      }
      return true
    }
  }

  mutating func finish(leafCount: Int) throws {
    try check()
    if let next {
      throw LedgerError(
        .inconsistent("a head of \(next.size) leaves is stored, there are \(leafCount)"))
    }
    guard last == leafCount else {
      throw LedgerError(
        .inconsistent("\(leafCount) leaves, and the last signed head has \(last)"))
    }
  }
}
