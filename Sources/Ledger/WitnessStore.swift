public import Attestation
import Storage

/// The cosigned heads of a log: files `SIZE.checkpoint` in a folder beside the ledger.
///
/// They are evidence of their own: nothing in the log's database vouches for them, and whoever reads one checks
/// its signatures.
public struct WitnessStore: Sendable {
  private static let ending = ".checkpoint"
  private let folder: String

  /// Uses a folder, which need not be there yet.
  public init(folder: String) { self.folder = folder }

  private func path(_ size: Int) -> String { Paths.join(folder, "\(size)\(Self.ending)") }

  /// The sizes of the heads that are kept, ascending; names that are none are passed over.
  public func sizes() throws(LedgerError) -> [Int] {
    do throws(StorageError) {
      guard try FileStatus.ifExists(folder) != nil else { return [] }
      return try Folder.names(in: folder).compactMap { name in
        name.hasSuffix(Self.ending)
          ? DecimalText.integer(name.utf8.dropLast(Self.ending.utf8.count)) : nil
      }.sorted()
    } catch { throw LedgerError(.storage(error)) }
  }

  /// A kept head, held against the log's keys; nil where none of that size is kept.
  ///
  /// - Throws: Where the file is no head of that size that the key of its size has signed.
  public func head(of size: Int, signedBy keys: LogKeys) throws(LedgerError) -> SignedNote? {
    let path = path(size)
    let bytes: [UInt8]
    do throws(StorageError) {
      guard try FileStatus.ifExists(path) != nil else { return nil }
      bytes = try Folder.read(path, limit: SignedNote.byteLimit)
    } catch { throw LedgerError(.storage(error)) }
    do throws(AttestationError) {
      let note = try SignedNote(parsing: bytes)
      let head = try keys.head(note)
      guard head.treeSize == size else {
        throw AttestationError(
          .malformed("the head has \(head.treeSize) leaves, its name says \(size)"))
      }
      return note
    } catch { throw LedgerError(.attestation(error), path: path) }
  }

  /// Keeps a cosigned head, in place of one of the same size.
  public func keep(_ note: SignedNote) throws(LedgerError) {
    do throws(AttestationError) {
      let head = try LogCheckpoint(parsing: note.text)
      let bytes = Array(note.encoded.utf8)
      try keep(bytes, as: path(head.treeSize))
    } catch { throw LedgerError(.attestation(error)) }
  }

  private func keep(_ bytes: [UInt8], as path: String) throws(AttestationError) {
    do throws(StorageError) {
      try Folder.create(folder, mode: 0o700)
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    } catch { throw AttestationError(storage: error) }
  }
}
