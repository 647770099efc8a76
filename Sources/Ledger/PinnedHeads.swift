import Attestation
import Storage

/// What has been seen of a log, to be judged by the keys to which the log leads.
struct PinnedHeads {
  /// One head of a file of pins.
  struct Place {
    /// Which of the file's places.
    let number: Int
    let note: SignedNote
    let head: LogCheckpoint

    /// Whose head it is.
    func standing(_ keys: LogKeys) -> Standing {
      if keys.all.contains(where: { note.isSigned(by: $0) }) { return .signed }
      // A line of the log's name and an unknown key is another key's; anything else is one of ours gone wrong.
      let known = keys.all.map(\.keyID)
      let isForeign = note.lines.contains {
        ByteString($0.name) == ByteString(keys.first.name)
          && !known.contains(Array($0.bytes.prefix(4)))
      }
      return isForeign ? .foreign : .torn
    }
  }

  /// Whose head stands in a place.
  enum Standing {
    /// A key of the log has signed it.
    case signed
    /// It was not written to its end.
    case torn
    /// None of the log's keys has, as far as the log at hand leads.
    case foreign
  }

  /// The file of places.
  let path: String
  /// The heads in it; nil where there is no such file.
  let places: [Place]?
  /// The head that versions before kept, which knew one key only; nil where there is none.
  let former: LogCheckpoint?

  /// The sizes of all heads, whoever has signed them.
  var sizes: Set<Int> {
    Set((places ?? []).map(\.head.treeSize) + (former.map { [$0.treeSize] } ?? []))
  }

  /// The newest head that one of the log's keys has signed; nil where nothing has been seen.
  func newest(_ keys: LogKeys) throws(LedgerError) -> LogCheckpoint? {
    guard let places else { return former }
    func newest(_ wanted: Standing) -> LogCheckpoint? {
      places.filter { $0.standing(keys) == wanted }.map(\.head).max { $0.treeSize < $1.treeSize }
    }
    if let head = newest(.foreign) {
      throw LedgerError(
        .inconsistent(
          "\(head.treeSize) leaves have been seen, under a key to which this log does not lead: it was set back to before it was handed over to that key, or rewritten"
        ))
    }
    guard let head = newest(.signed) else {
      throw LedgerError(
        .attestation(
          AttestationError(.malformed("no pin in it is a head that the log's key has signed"))),
        path: path)
    }
    return former.map { $0.treeSize >= head.treeSize ? $0 : head } ?? head
  }
}
