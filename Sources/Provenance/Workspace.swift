public import Attestation
public import Ledger
import Patching
public import Storage
import StrictJSON

/// A workspace: the folder `.unlearn/` with the ledger, its key, the trust file and what undoing needs.
///
/// ```
/// .unlearn/ledger.sqlite      the log
/// .unlearn/ledger.key.pem     signs its heads; mode 0600
/// .unlearn/ledger-ID.key.pem  the next one, until it takes its place
/// .unlearn/ledger.vkey        the public half of the first one; names the log, whatever key signs
/// .unlearn/trust              whom apply and verify trust
/// .unlearn/artifacts/         patches that were applied, by digest
/// .unlearn/undo/              sealed undo capsules
/// .unlearn/data.key           keys the digests of data sets in statements; mode 0600
/// .unlearn/witness/           heads that witnesses have cosigned
/// ```
public struct Workspace: Sendable {
  /// The name of the folder.
  public static let folderName = ".unlearn"

  /// The folder.
  public let path: String
  /// The log's name and the key with which it begins; ``ledgerKeys()`` tells which sign it after.
  public let verifierKey: VerifierKey
  /// Where heads that were seen are kept.
  public let pins: PinStore

  /// The path of the ledger.
  public var ledgerPath: String { Paths.join(path, "ledger.sqlite") }
  /// The path of the trust file.
  public var trustPath: String { Paths.join(path, "trust") }
  var keyPath: String { Paths.join(path, "ledger.key.pem") }
  private var dataKeyPath: String { Paths.join(path, "data.key") }
  private static func verifierKeyPath(_ folder: String) -> String {
    Paths.join(folder, "ledger.vkey")
  }

  /// Where the patch of a digest is kept.
  func artifactPath(_ patch: Digest) -> String {
    Paths.join(Paths.join(path, "artifacts"), "\(patch.hex).patch.safetensors")
  }

  /// Where an undo capsule is kept.
  func capsulePath(_ capsule: String) -> String {
    Paths.join(Paths.join(path, "undo"), "\(capsule).sealed")
  }

  /// Opens a workspace folder.
  public init(path: String, pins: PinStore) throws(ProvenanceError) {
    self.path = path
    self.pins = pins
    let file = Self.verifierKeyPath(path)
    let bytes = try storing { () throws(StorageError) in try Folder.read(file, limit: 4096) }
    let text = String(decoding: bytes, as: UTF8.self)
    verifierKey = try attesting { () throws(AttestationError) in
      try VerifierKey(String(text.prefix { $0 != "\n" }))
    }
  }

  /// Looks for the nearest workspace from a folder upwards; nil where there is none.
  public static func nearest(from folder: String) throws(ProvenanceError) -> String? {
    var current = try storing { () throws(StorageError) in try Paths.resolved(folder) }
    while true {
      let candidate = Paths.join(current, folderName)
      let status = try storing { () throws(StorageError) in try FileStatus.ifExists(candidate) }
      if status?.kind == .directory { return candidate }
      if current == "/" { return nil }
      current = Paths.parent(of: current)
    }
  }

  /// Makes a workspace in a folder: a key of its own, a ledger of one leaf, a trust file that trusts the
  /// ledger and no signer yet.
  public static func create(
    in folder: String, origin: String, pins: PinStore, at time: Timestamp
  ) throws(ProvenanceError) -> Workspace {
    let path = Paths.join(folder, folderName)
    if try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }) != nil {
      throw ProvenanceError(
        .state, "\(path): there is a workspace already",
        hint: "use it, or choose another folder")
    }
    let key = try attesting { () throws(AttestationError) in try PrivateKey.generate(.ed25519) }
    let publicKey = key.publicKey
    let verifierKey = try attesting { () throws(AttestationError) in
      try VerifierKey(name: origin, publicKey: publicKey)
    }
    // Built under a hidden name and published whole, so that a workspace is there or not.
    let hidden = Paths.hiddenSibling(of: path)
    let pem = key.pem()
    try storing { () throws(StorageError) in
      try Folder.create(folder)
      try Folder.create(hidden, mode: 0o700)
      try Folder.create(Paths.join(hidden, "artifacts"), mode: 0o700)
      try Folder.create(Paths.join(hidden, "undo"), mode: 0o700)
      try AtomicFile.write(pem.rawSpan, to: Paths.join(hidden, "ledger.key.pem"), mode: 0o600)
      try AtomicFile.write(
        Array("\(verifierKey.encoded)\n".utf8).rawSpan, to: verifierKeyPath(hidden))
      let trust = """
        # Whom this workspace trusts. One line each:
        #   log <vkey> [<url>] [not-after-index=N]
        #   witness <name> <vkey> [<url>]
        #   group <name> any|all|<n> <member>...
        #   quorum <name>|none
        #   signer <name> <pub.pem> [roles=artifact,model,report] [not-before=DATE] [not-after=DATE]
        #   require <n> <role>
        log \(verifierKey.encoded)

        """
      try AtomicFile.write(Array(trust.utf8).rawSpan, to: Paths.join(hidden, "trust"))
    }
    do throws(LedgerError) {
      _ = try LedgerStore.create(
        path: Paths.join(hidden, "ledger.sqlite"), key: key, verifierKey: verifierKey, pins: pins,
        tool: Tool.nameAndVersion, at: time)
    } catch {
      try storing { () throws(StorageError) in try Folder.removeTree(hidden) }
      throw ProvenanceError(error)
    }
    try storing { () throws(StorageError) in try Folder.publish(hidden, as: path) }
    return try Workspace(path: path, pins: pins)
  }

  /// Opens the ledger.
  public func openLedger(_ access: LedgerStore.Access) throws(ProvenanceError) -> LedgerStore {
    try ledger { () throws(LedgerError) in
      try LedgerStore(path: ledgerPath, verifierKey: verifierKey, pins: pins, access: access)
    }
  }

  /// The keyed digest of a data set by the digest of its file.
  ///
  /// The key is made when it is first needed. Without it no one can tell what a digest is of, the controller neither.
  public func keyedDigest(ofFile digest: Digest) throws(ProvenanceError) -> Digest {
    let path = dataKeyPath
    let key = try storing { () throws(StorageError) in
      if try FileStatus.ifExists(path) == nil {
        let fresh = SecureRandom.bytes(KeyedDigest.keyByteCount)
        do throws(StorageError) {
          try AtomicFile.write(fresh.rawSpan, to: path, mode: 0o600)
        } catch {
          // Another process may have made it meanwhile.
          guard case .exists = error.reason else { throw error }
        }
      }
      return try Folder.read(path, limit: KeyedDigest.keyByteCount)
    }
    guard key.count == KeyedDigest.keyByteCount else {
      throw ProvenanceError(
        .invalid,
        "\(path): a key of data digests has \(KeyedDigest.keyByteCount) bytes, found \(key.count)")
    }
    return KeyedDigest.of(fileDigest: digest, key: key)
  }

  /// Appends events to the ledger.
  @discardableResult
  public func record(
    _ events: [Event], _ attachments: LedgerStore.Attachments = LedgerStore.Attachments(),
    in store: LedgerStore, at time: Timestamp
  ) throws(ProvenanceError) -> [Leaf] {
    while true {
      let key = try ledgerKey(of: store)
      do throws(LedgerError) {
        return try store.append(events, attachments, signedBy: key, at: time)
      } catch {
        // Each time round, another process has handed the log over since the key was read.
        guard case .formerKey = error.reason else { throw ProvenanceError(error) }
      }
    }
  }

  /// Reads the trust file.
  public func trust() throws(ProvenanceError) -> TrustFile {
    try attesting { () throws(AttestationError) in try TrustFile(path: trustPath) }
  }
}
