public import Attestation
import Storage

/// The last heads of each log that this user has seen, kept outside the database.
///
/// An attacker who can rewrite the database can't take the log back behind its pin unnoticed. Keyed by the
/// configured origin and the key with which the log begins, never by what a database says of itself.
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

  /// The pinned head of a log; nil where none has been seen.
  ///
  /// - Throws: Where there are pins and none of them is a head of the log, or one is signed by a key that the log does
  ///   not lead to.
  public func head(of keys: LogKeys) throws(LedgerError) -> LogCheckpoint? {
    try heads(of: keys.first).newest(keys)
  }

  /// What has been seen of a log that begins with a key, before it is known which keys it leads to.
  func heads(of key: VerifierKey) throws(LedgerError) -> PinnedHeads {
    let path = path(key, "heads")
    let places = try read(path).map { Self.places($0, key) }
    // What versions before kept.
    let formerPath = self.path(key, "latest")
    var former: LogCheckpoint?
    if let bytes = try read(formerPath) {
      do throws(AttestationError) {
        former = try LogCheckpoint(SignedNote(parsing: bytes), signedBy: key)
      } catch { throw LedgerError(.attestation(error), path: formerPath) }
    }
    return PinnedHeads(path: path, places: places, former: former)
  }

  private func read(_ path: String) throws(LedgerError) -> [UInt8]? {
    do throws(StorageError) {
      guard try FileStatus.ifExists(path) != nil else { return nil }
      return try Folder.read(path, limit: SignedNote.byteLimit)
    } catch { throw LedgerError(.storage(error)) }
  }

  /// The heads of a file; what is none of the log's is left out.
  private static func places(_ bytes: [UInt8], _ key: VerifierKey) -> [PinnedHeads.Place] {
    var places: [PinnedHeads.Place] = []
    for place in 0..<min(placeCount, bytes.count / placeByteCount) {
      let start = place * placeByteCount
      let text = Array(bytes[start..<start + placeByteCount].prefix { $0 != 0 })
      do throws(AttestationError) {
        let note = try SignedNote(parsing: text)
        let head = try LogCheckpoint(parsing: note.text)
        guard ByteString(head.origin) == ByteString(key.name) else { continue }
        places.append(PinnedHeads.Place(number: place, note: note, head: head))
      } catch { continue }
    }
    return places
  }

  /// Keeps a head; the caller has checked that it continues the one before.
  func keep(_ note: SignedNote, of keys: LogKeys) throws(LedgerError) {
    let path = path(keys.first, "heads")
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
    let newest = PinnedHeads.newestSigned(known.map { Self.places($0, keys.first) } ?? [], keys)
    // Another process that appended later may have kept its head first: a pin does not go back.
    if let newest, newest.head.treeSize > size { return }
    do throws(StorageError) {
      guard known?.count == Self.placeCount * Self.placeByteCount, let newest else {
        let rest = [UInt8](repeating: 0, count: (Self.placeCount - 1) * Self.placeByteCount)
        try Folder.create(Paths.parent(of: path), mode: 0o700)
        return try AtomicFile.write((place + rest).rawSpan, to: path, mode: 0o600, replacing: true)
      }
      let file = try Descriptor(path, .update)
      let next = (newest.number + 1) % Self.placeCount
      try file.write(place.rawSpan, at: next * Self.placeByteCount)
      try file.synchronizeData()
    } catch { throw LedgerError(.storage(error)) }
  }
}
