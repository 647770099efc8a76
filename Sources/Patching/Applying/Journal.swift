import Attestation
import Safetensors
public import Storage
import StrictJSON

/// The record that a model's files are being written, kept in the model's own folder.
///
/// While it is there the files may be a mixture, and every command but `recover` refuses. It holds what
/// recovery needs, by absolute path and digest.
public struct Journal: Hashable, Sendable {
  /// What is being done.
  public enum Operation: String, Sendable {
    /// A patch is being applied.
    case apply
    /// A patch is being taken back.
    case rollback
  }

  /// What is being done.
  public var operation: Operation
  /// The model's identity in the ledger.
  public var model: String
  /// The folder of the workspace whose ledger has the intent.
  public var workspace: String
  /// The digest of the patch.
  public var patch: Digest
  /// The name of the undo capsule.
  public var capsule: String
  /// The files that change: their digests before and after.
  public var files: [Change]

  /// One file that changes.
  public struct Change: Hashable, Sendable {
    /// The path relative to the model's folder.
    public var name: String
    /// The digest before.
    public var before: Digest
    /// The digest after.
    public var after: Digest

    /// Names a change.
    public init(name: String, before: Digest, after: Digest) {
      self.name = name
      self.before = before
      self.after = after
    }
  }

  /// Makes a record.
  public init(
    operation: Operation, model: String, workspace: String, patch: Digest, capsule: String,
    files: [Change]
  ) {
    self.operation = operation
    self.model = model
    self.workspace = workspace
    self.patch = patch
    self.capsule = capsule
    self.files = files
  }

  private static func path(in folder: String) -> String {
    Paths.join(folder, Checkpoint.journalName)
  }

  /// Whether a model's folder has a journal.
  public static func exists(in folder: String) throws(PatchError) -> Bool {
    try storing { () throws(StorageError) in try FileStatus.ifExists(path(in: folder)) } != nil
  }

  /// Writes the journal, durably; there must be none yet.
  public func write(in folder: String) throws(PatchError) {
    var object = body
    object["checksum"] = .text(Self.checksum(object).hex)
    let bytes = Self.encode(object)
    try storing { () throws(StorageError) in
      try AtomicFile.write(bytes.rawSpan, to: Self.path(in: folder), mode: 0o600)
    }
  }

  /// Removes the journal, durably.
  public static func remove(in folder: String) throws(PatchError) {
    try storing { () throws(StorageError) in try Folder.remove(path(in: folder)) }
  }

  /// Removes journals and signatures that were begun and never got their name; the folder must be locked.
  public static func removeUnfinished(in folder: String) throws(PatchError) {
    try storing { () throws(StorageError) in
      for name in try Folder.names(in: folder)
      where Safetensors.Checkpoint.isUnfinished(name) {
        try Folder.remove(Paths.join(folder, name))
      }
    }
  }

  /// Reads the journal of a model's folder; nil where there is none.
  public init?(in folder: String) throws(PatchError) {
    let path = Self.path(in: folder)
    guard try Self.exists(in: folder) else { return nil }
    let limit = 16 << 20
    let bytes = try storing { () throws(StorageError) in try Folder.read(path, limit: limit) }
    do throws(JSONDocumentError) {
      let (journal, body, checksum) = try JSONDocument.read(bytes, byteLimit: limit) {
        (root) throws(JSONFieldError) in
        (try Journal(root), try root.object(), try root["checksum"].digest())
      }
      self = journal
      var unsummed = body
      unsummed["checksum"] = nil
      guard Self.checksum(unsummed) == checksum else {
        throw JSONDocumentError.field(
          JSONFieldError("$.checksum", expected: "the digest of the other members"))
      }
    } catch {
      throw PatchError(.malformed("the journal is damaged: \(error)"), path: path)
    }
  }

  private init(_ root: JSONField) throws(JSONFieldError) {
    guard let operation = Operation(rawValue: try root["operation"].text()) else {
      throw JSONFieldError("operation", expected: "apply or rollback")
    }
    self.operation = operation
    model = try root["model"].text()
    workspace = try root["workspace"].text()
    patch = try root["patch"].digest()
    capsule = try root["capsule"].text()
    guard Paths.isSafeRelative(capsule), !capsule.contains("/") else {
      throw JSONFieldError(root.path + ".capsule", expected: "a name")
    }
    files = try root["files"].elements().map { file throws(JSONFieldError) in
      let name = try file["name"].text()
      guard Paths.isSafeRelative(name) else {
        throw JSONFieldError(file.path + ".name", expected: "a path inside the folder")
      }
      return Change(
        name: name, before: try file["before"].digest(),
        after: try file["after"].digest())
    }
  }

  private var body: JSONObject {
    JSONObject([
      ("v", .integer(1)), ("operation", .text(operation.rawValue)), ("model", .text(model)),
      ("workspace", .text(workspace)), ("patch", .text(patch.hex)), ("capsule", .text(capsule)),
      (
        "files",
        .array(
          files.map {
            .members([
              "name": .text($0.name), "before": .text($0.before.hex), "after": .text($0.after.hex),
            ])
          })
      ),
    ])
  }

  /// The journal holds no numbers but small ones of its own, so it always has a canonical form; a foreign
  /// one that has none gets a digest that no journal has.
  private static func encode(_ object: JSONObject) -> [UInt8] {
    do throws(CanonicalJSON.EncodingError) {
      return try CanonicalJSON.encode(.object(object))
    } catch {
      return []
    }
  }

  private static func checksum(_ object: JSONObject) -> Digest {
    SHA256.digest(of: encode(object))
  }
}
