public import Attestation
import Storage

/// The last head of each log that this user has seen, kept outside the database.
///
/// An attacker who can rewrite the database can't take the log back behind its pin unnoticed. Keyed by the
/// configured origin and key, never by what a database says of itself.
public struct PinStore: Sendable {
  private let folder: String

  /// Uses a state folder, usually `$XDG_STATE_HOME` or `~/.local/state`.
  public init(stateFolder: String) {
    folder = Paths.join(Paths.join(stateFolder, "unlearn-patch"), "pins")
  }

  private func path(_ key: VerifierKey) -> String {
    let name = SHA256.digest(of: Array(key.encoded.utf8)).hex
    return Paths.join(Paths.join(folder, name), "latest")
  }

  /// The pinned head of a log; nil where none has been seen.
  ///
  /// - Throws: Where the pin is not a head that the log's key has signed.
  public func head(of key: VerifierKey) throws(LedgerError) -> LogCheckpoint? {
    let path = path(key)
    let bytes: [UInt8]
    do throws(StorageError) {
      guard try FileStatus.ifExists(path) != nil else { return nil }
      bytes = try Folder.read(path, limit: SignedNote.byteLimit)
    } catch { throw LedgerError(.storage(error)) }
    do throws(AttestationError) {
      return try LogCheckpoint(SignedNote(parsing: bytes), signedBy: key)
    } catch { throw LedgerError(.attestation(error), path: path) }
  }

  /// Keeps a head; the caller has checked that it continues the one before.
  func keep(_ note: SignedNote, of key: VerifierKey) throws(LedgerError) {
    let path = path(key)
    let size: Int
    do throws(AttestationError) { size = try LogCheckpoint(parsing: note.text).treeSize } catch {
      throw LedgerError(.attestation(error), path: path)
    }
    // Another process that appended later may have kept its head first: a pin does not go back.
    if let known = try head(of: key), known.treeSize > size { return }
    do throws(StorageError) {
      try Folder.create(Paths.parent(of: path), mode: 0o700)
      try AtomicFile.write(
        Array(note.encoded.utf8).rawSpan, to: path, mode: 0o600, replacing: true)
    } catch { throw LedgerError(.storage(error)) }
  }
}
