import Attestation
import GRDB
import Storage

/// The signed heads, in the order of their sizes.
struct StoredHeads {
  /// How many signatures are checked at a time, spread over the cores.
  private static let batch = 4096

  private let database: Database
  private var rows: RawRows?
  private var next: (size: Int, note: String)?
  private var last = 0
  private var unchecked: [Unchecked] = []

  private struct Unchecked {
    let size: Int
    /// The size of the head before.
    let after: Int
    let note: String
    let root: Digest
  }

  init(_ database: Database) { self.database = database }

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

  /// Whether there is something to compare at so many leaves: the next head is of no more, or its key hands over.
  func concerns(_ size: Int, _ handover: LogKeys.Handover?) -> Bool {
    guard rows != nil else { return true }
    if let next, next.size <= size { return true }
    return handover?.leaf == size - 1
  }

  /// Where a head is stored of this many leaves, it must be their root, signed by the key of its size.
  ///
  /// - Parameter keys: The keys of the log as far as the leaves lead.
  mutating func compare(_ frontier: MerkleFrontier, _ keys: LogKeys) throws {
    if rows == nil {
      rows = try RawRows(database, sql: "SELECT size, note FROM checkpoints ORDER BY size")
      try advance()
    }
    while let head = next, head.size <= frontier.size {
      guard head.size == frontier.size, head.size > last else {
        throw LedgerError(.inconsistent("the head of \(head.size) leaves is out of order"))
      }
      unchecked.append(
        Unchecked(size: head.size, after: last, note: head.note, root: frontier.root))
      last = head.size
      if unchecked.count == Self.batch { try check(keys) }
      try advance()
    }
    if last != frontier.size, keys.handovers.last?.leaf == frontier.size - 1 {
      // A head before this one may be the wrong one that is told first.
      try check(keys)
      throw LedgerStore.missingHandover(size: frontier.size)
    }
  }

  /// Checks signatures, which cost more than all the rest, on all cores.
  private mutating func check(_ keys: LogKeys) throws {
    let heads = unchecked
    unchecked = []
    let slice = 64
    _ = try Parallel.map((heads.count + slice - 1) / slice) { index throws(LedgerError) in
      for head in heads[index * slice..<min(heads.count, (index + 1) * slice)] {
        let checkpoint = try LedgerStore.checkedHead(
          size: head.size, note: head.note, keys)
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

  mutating func finish(leafCount: Int, _ keys: LogKeys) throws {
    try check(keys)
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
