public import Attestation
import Storage

/// The last heads of each log that this user has seen, kept outside the database.
///
/// An attacker who can rewrite the database can't take the log back behind its pin unnoticed. Keyed by the
/// configured origin and key, never by what a database says of itself.
///
/// A log has a file of places of fixed size, each for one signed head. A new head is written over the oldest and flushed
/// once; torn by a power cut it is no head, and the one before it still is.
public struct PinStore: Sendable {
  private static let placeCount = 8
  /// More than a head with its signature comes to: an origin has at most 255 bytes.
  private static let placeByteCount = 1024

  private let folder: String

  /// Uses a state folder, usually `$XDG_STATE_HOME` or `~/.local/state`.
  public init(stateFolder: String) {
    folder = Paths.join(Paths.join(stateFolder, "unlearn-patch"), "pins")
  }

  private func path(_ key: VerifierKey, _ name: String) -> String {
    let log = SHA256.digest(of: Array(key.encoded.utf8)).hex
    return Paths.join(Paths.join(folder, log), name)
  }

  private func headsPath(_ key: VerifierKey) -> String { path(key, "heads") }

  /// The pinned head of a log; nil where none has been seen.
  ///
  /// - Throws: Where there are pins and none of them is a head that the log's key has signed.
  public func head(of key: VerifierKey) throws(LedgerError) -> LogCheckpoint? {
    var found: LogCheckpoint?
    if let places = try read(headsPath(key)) {
      let newest = Self.heads(places, key).max { $0.head.treeSize < $1.head.treeSize }
      guard let newest else {
        throw LedgerError(
          .attestation(
            AttestationError(.malformed("no pin in it is a head that the log's key has signed"))),
          path: headsPath(key))
      }
      found = newest.head
    }
    // What versions before kept.
    let former = path(key, "latest")
    guard let bytes = try read(former) else { return found }
    do throws(AttestationError) {
      let head = try LogCheckpoint(SignedNote(parsing: bytes), signedBy: key)
      return (found?.treeSize ?? 0) > head.treeSize ? found : head
    } catch { throw LedgerError(.attestation(error), path: former) }
  }

  private func read(_ path: String) throws(LedgerError) -> [UInt8]? {
    do throws(StorageError) {
      guard try FileStatus.ifExists(path) != nil else { return nil }
      return try Folder.read(path, limit: SignedNote.byteLimit)
    } catch { throw LedgerError(.storage(error)) }
  }

  /// The heads of a file, with their places; what is none is left out.
  private static func heads(_ bytes: [UInt8], _ key: VerifierKey) -> [(
    place: Int, head: LogCheckpoint
  )] {
    var heads: [(place: Int, head: LogCheckpoint)] = []
    for place in 0..<min(placeCount, bytes.count / placeByteCount) {
      let start = place * placeByteCount
      let text = Array(bytes[start..<start + placeByteCount].prefix { $0 != 0 })
      do throws(AttestationError) {
        heads.append((place, try LogCheckpoint(SignedNote(parsing: text), signedBy: key)))
      } catch { continue }
    }
    return heads
  }

  /// Keeps a head; the caller has checked that it continues the one before.
  func keep(_ note: SignedNote, of key: VerifierKey) throws(LedgerError) {
    let path = headsPath(key)
    let size: Int
    do throws(AttestationError) { size = try LogCheckpoint(parsing: note.text).treeSize } catch {
      throw LedgerError(.attestation(error), path: path)
    }
    var place = Array(note.encoded.utf8)
    guard place.count < Self.placeByteCount else {
      throw LedgerError(.badValue("a head of \(place.count) bytes is too long to be pinned"))
    }
    place += [UInt8](repeating: 0, count: Self.placeByteCount - place.count)
    let known = try read(path)
    let heads = known.map { Self.heads($0, key) } ?? []
    let newest = heads.max { $0.head.treeSize < $1.head.treeSize }
    // Another process that appended later may have kept its head first: a pin does not go back.
    if let newest, newest.head.treeSize > size { return }
    do throws(StorageError) {
      guard known?.count == Self.placeCount * Self.placeByteCount, let newest else {
        let rest = [UInt8](repeating: 0, count: (Self.placeCount - 1) * Self.placeByteCount)
        try Folder.create(Paths.parent(of: path), mode: 0o700)
        return try AtomicFile.write((place + rest).rawSpan, to: path, mode: 0o600, replacing: true)
      }
      let file = try Descriptor(path, .update)
      let next = (newest.place + 1) % Self.placeCount
      try file.write(place.rawSpan, at: next * Self.placeByteCount)
      try file.synchronizeData()
    } catch { throw LedgerError(.storage(error)) }
  }
}
