public import Attestation
import GRDB
import Storage
import StrictJSON

extension LedgerStore {
  /// The keys that sign this log's heads, from the one that it is expected to begin with.
  ///
  /// - Throws: `inconsistent` where a handover is not what both keys have signed.
  public func keys() throws(LedgerError) -> LogKeys {
    try read { try Self.keys($0, from: verifierKey) }
  }

  /// The heads with which a key has handed the log over to the next, by the leaf that says so.
  public func handovers() throws(LedgerError) -> [Int: SignedNote] {
    try read { database in
      var notes: [Int: SignedNote] = [:]
      for handover in try Self.keys(database, from: verifierKey).handovers {
        let text = try Self.note(size: handover.leaf + 1, database)
        notes[handover.leaf] = try SignedNote(parsing: Array(text.utf8))
      }
      return notes
    }
  }

  /// Follows the handovers.
  ///
  /// Which leaves they are is kept with the log's row; what is believed of them is only what both keys have signed.
  ///
  /// - Complexity: O(log n) for each handover.
  static func keys(_ database: Database, from first: VerifierKey) throws -> LogKeys {
    var keys = LogKeys(first: first)
    guard try Schema.version(of: database) >= Schema.firstWithSubjects else { return keys }
    for sequence in try handoverLeaves(database) {
      let rows = try RawRows(
        database, sql: "SELECT bytes FROM leaves WHERE sequence = ?", [sequence])
      let bytes = try rows.next() ? rows.bytes(0) ?? [] : []
      let leaf = try Leaf(parsing: bytes, sequence: sequence)
      guard leaf.type == .keyRotated, sequence < Int.max else {
        throw LedgerError(.inconsistent("leaf \(sequence) does not hand the log over"))
      }
      do throws(LeafRefusal) { try keys.take(LeafFields(leaf)) } catch {
        throw LedgerState.error(error, leaf)
      }
      let size = sequence + 1
      let head = try checkedHead(size: size, note: try note(size: size, database), keys)
      let proof = try MerkleTree.inclusionProof(
        of: sequence, size: size, node: { try node($0, database) })
      guard
        MerkleTree.verifyInclusion(
          leaf: leaf.hash, index: sequence, size: size, proof: proof, root: head.root)
      else {
        throw LedgerError(
          .inconsistent(
            "leaf \(sequence), which hands the log over to another key, is not what was signed"))
      }
    }
    return keys
  }

  /// The leaves that the log's row names as handovers.
  private static func handoverLeaves(_ database: Database) throws -> [Int] {
    let row = try String.fetchOne(
      database, sql: "SELECT state FROM subjects WHERE kind = 'log' AND id = ''")
    guard let row else { return [] }
    do throws(JSONDocumentError) {
      return try JSONDocument.read(
        Array(row.utf8), byteLimit: WorkingSet.rowLimit, depthLimit: 16
      ) { field throws(JSONFieldError) in
        guard let leaves = field["handovers"].optional else { return [] }
        return try leaves.elements().map { leaf throws(JSONFieldError) in try leaf.count() }
      }
    } catch { throw WorkingSet.unreadable(.log, error.description) }
  }

  /// The stored head of so many leaves.
  private static func note(size: Int, _ database: Database) throws -> String {
    let row = try Row.fetchOne(
      database, sql: "SELECT size, note FROM checkpoints WHERE size = ?", arguments: [size])
    guard let row else { throw missingHandover(size: size) }
    return try head(row).note
  }

  /// What is said where a key hands over and has signed no head that ends so.
  static func missingHandover(size: Int) -> LedgerError {
    LedgerError(
      .inconsistent(
        "leaf \(size - 1) hands the log over to another key, and no head of \(size) leaves is stored, which the key before it must have signed"
      ))
  }

  /// What a stored head says, if the keys of its size have signed it.
  static func checkedHead(size: Int, note text: String, _ keys: LogKeys) throws(LedgerError)
    -> LogCheckpoint
  {
    func fail(_ what: String) -> LedgerError {
      LedgerError(.inconsistent("the head of \(size) leaves \(what)"))
    }
    let note: SignedNote
    let head: LogCheckpoint
    do throws(AttestationError) {
      note = try SignedNote(parsing: Array(text.utf8))
      head = try LogCheckpoint(parsing: note.text)
    } catch { throw fail("can't be read: \(error)") }
    if let problem = keys.problem(of: note, treeSize: size) { throw fail(problem) }
    guard head.origin.utf8.elementsEqual(keys.first.name.utf8), head.treeSize == size else {
      throw fail("says \(ByteString(head.origin)), \(head.treeSize)")
    }
    return head
  }
}
