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

    /// Whether a key has signed it that is none of the log's, as far as the log at hand leads.
    ///
    /// Told by the key's id, as it stands in the signature line: one of a known key that does not verify was not
    /// written to its end.
    func isForeign(_ keys: LogKeys) -> Bool {
      let own = note.lines.filter { ByteString($0.name) == ByteString(keys.first.name) }
      let known = keys.all.map(\.keyID)
      return !own.isEmpty && !own.contains { known.contains(Array($0.bytes.prefix(4))) }
    }

    /// Whether one of the log's keys has signed it.
    func isSigned(_ keys: LogKeys) -> Bool { keys.all.contains { note.isSigned(by: $0) } }
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
    let foreign = places.filter { $0.isForeign(keys) }.map(\.head)
    if let head = foreign.max(by: { $0.treeSize < $1.treeSize }) {
      throw LedgerError(
        .inconsistent(
          "\(head.treeSize) leaves have been seen, under a key to which this log does not lead: it was set back to before it was handed over to that key, or rewritten"
        ))
    }
    guard let head = Self.newestSigned(places, keys)?.head else {
      throw LedgerError(
        .attestation(
          AttestationError(.malformed("no pin in it is a head that the log's key has signed"))),
        path: path)
    }
    return former.map { $0.treeSize >= head.treeSize ? $0 : head } ?? head
  }

  /// The place of the newest head that one of the log's keys has signed; the first that has ends the search.
  static func newestSigned(_ places: [Place], _ keys: LogKeys) -> Place? {
    places.sorted { $0.head.treeSize > $1.head.treeSize }.first { $0.isSigned(keys) }
  }
}
