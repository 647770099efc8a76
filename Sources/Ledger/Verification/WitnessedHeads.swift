import Attestation
import GRDB
import Storage

/// Checks what leaves tell of cosigned heads.
///
/// The kept note is a head of this log, of that size and root, with as many cosignatures. Whether its witnesses are
/// trusted is for the trust file.
enum WitnessedHeads {
  static func run(_ database: Database, _ heads: [LedgerState.WitnessedHead], _ keys: LogKeys)
    throws
  {
    for head in heads {
      func fail(_ what: String) -> LedgerError {
        LedgerError(.inconsistent("leaf \(head.leaf), of the cosigned head \(head.size): \(what)"))
      }
      let root = try MerkleFrontier(size: head.size) { try LedgerStore.node($0, database) }.root
      guard root == head.root else {
        throw fail("its root is not that of the first \(head.size) leaves")
      }
      let rows = try RawRows(
        database, sql: "SELECT bytes FROM blobs WHERE sha256 = ?", [head.note.hex])
      guard try rows.next(), let bytes = rows.bytes(0), SHA256.digest(of: bytes) == head.note else {
        throw fail("the cosigned note \(head.note) is not kept, or was changed")
      }
      let note = try SignedNote(parsing: bytes)
      let checkpoint = try keys.head(note)
      guard checkpoint.treeSize == head.size, checkpoint.root == head.root else {
        throw fail("the cosigned note \(head.note) is of another head")
      }
      let count = keys.cosignatureCount(note)
      guard count == head.witnessCount else {
        throw fail("the note has \(count) cosignatures, the leaf tells of \(head.witnessCount)")
      }
    }
  }
}
