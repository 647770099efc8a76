import Attestation
public import Claims
import ModelSigning
import Patching
import Safetensors
import Storage

/// What was claimed of a model in the file beside it.
public struct WrittenClaims: Sendable {
  /// The file.
  public let path: String
  /// How many lines it has now.
  public let count: Int
  /// What measurements came to; nil where no thresholds were given.
  public let result: TestResult?
  /// Whether there are measurements of the model that were held against no thresholds.
  public let lacksThresholds: Bool
}

extension ModelSigner {
  /// Signs what is claimed.
  func sign(_ statement: Statement) throws(ProvenanceError) -> SigstoreBundle {
    let payload = try attesting { () throws(AttestationError) in try statement.encoded() }
    return try signing { () throws(ModelSigningError) in try bundle(of: payload) }
  }
}

/// The file of claims in a model's folder.
enum ClaimsPlace {
  static func path(in folder: String) -> String { Paths.join(folder, Checkpoint.claimsName) }

  /// The bytes of the file; nil where there is none.
  static func bytes(in folder: String) throws(ProvenanceError) -> [UInt8]? {
    let path = path(in: folder)
    return try storing { () throws(StorageError) in
      try FileStatus.ifExists(path) == nil
        ? nil : try Folder.read(path, limit: ClaimsFile.byteLimit)
    }
  }

  /// The claims; nil where there is no file.
  static func read(in folder: String) throws(ProvenanceError) -> ClaimsFile? {
    guard let bytes = try bytes(in: folder) else { return nil }
    do throws(ClaimsError) { return try ClaimsFile(parsing: bytes) } catch {
      throw ProvenanceError(
        .invalid, "\(path(in: folder)): \(error)",
        hint: "what is no file of claims is not written over: move it away")
    }
  }

  /// Writes the file, whole or not at all.
  static func write(_ file: ClaimsFile, in folder: String) throws(ProvenanceError) {
    let bytes = file.bytes
    try storing { () throws(StorageError) in
      try AtomicFile.write(bytes.rawSpan, to: path(in: folder), replacing: true)
    }
  }

  /// Warns where the claims are not about the model as it is now.
  static func warnIfStale(in folder: String, _ root: Digest, _ surroundings: Surroundings) {
    do throws(ProvenanceError) {
      guard let file = try read(in: folder),
        let line = file.claims.firstIndex(where: { $0.root != root })
      else { return }
      surroundings.warn(
        "\(path(in: folder)) is stale: line \(line + 1) is about another state of the model; renew it with `unlearn-patch sign \(folder) --key KEY --claims`, and at once with --sign-key"
      )
    } catch { surroundings.warn(error.description) }
  }

  /// The model as the subject of a claim.
  static func subject(_ folder: String, _ root: Digest) throws(ProvenanceError)
    -> Statement.Subject
  {
    let name = try signing { () throws(ModelSigningError) in try ModelSigner.name(of: folder) }
    return Statement.Subject(
      name: name.isEmpty || name == "/" || name == "." ? "model" : name, sha256: root)
  }
}
