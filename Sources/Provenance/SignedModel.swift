import Attestation
import Ledger
public import ModelSigning
import Patching
import Safetensors
public import Storage

/// What a signature that was written over a model is.
public struct SignedModel: Sendable {
  /// Where it is.
  public let path: String
  /// The digest of its file.
  public let digest: Digest
  /// What it states.
  public let manifest: ModelManifest
}

extension ModelSigner {
  /// Hashes the files of a folder and writes a signature over them.
  ///
  /// What this tool and version control keep in a model's folder is not the model's, as for its digest.
  ///
  /// - Parameters:
  ///   - path: Where the signature is written; in the folder as `model.sig` where it is nil.
  ///   - ignored: Paths relative to the folder that are left out besides.
  public func sign(
    _ folder: String, to path: String?, ignoring ignored: [String], _ surroundings: Surroundings
  ) throws(ProvenanceError) -> SignedModel {
    let lock = try ModelLock(folder)
    defer { extendLifetime(lock) }
    try Workspace.refuseUnfinished(folder)
    try patching { () throws(PatchError) in try Journal.removeUnfinished(in: folder) }
    let path = path ?? Paths.join(folder, Checkpoint.signatureName)
    return try signing { () throws(ModelSigningError) in
      var left = IgnoredPaths(Checkpoint.excludedNames).union(IgnoredPaths(ignored))
      if let inside = try IgnoredPaths.inside(path, of: folder) { left.insert(inside) }
      let files = try ModelFiles.read(folder, ignoring: left) {
        surroundings.progress("hashing the model", $0, $1)
      }
      return try write(
        try ModelManifest(name: try Self.name(of: folder), files: files, ignoring: left), to: path)
    }
  }

  /// Signs what is stated and writes it.
  func write(_ manifest: ModelManifest, to path: String) throws(ModelSigningError) -> SignedModel {
    let bytes = try sign(manifest)
    try Self.write(bytes, to: path)
    return SignedModel(path: path, digest: SHA256.digest(of: bytes), manifest: manifest)
  }

  /// What a model is called: the name of its folder.
  static func name(of folder: String) throws(ModelSigningError) -> String {
    do throws(StorageError) { return Paths.name(of: try Paths.resolved(folder)) } catch {
      throw ModelSigningError(.storage(error))
    }
  }
}

/// Runs a step of model signing and gives its error this module's type.
func signing<Value: ~Copyable>(_ body: () throws(ModelSigningError) -> Value)
  throws(ProvenanceError) -> Value
{
  do throws(ModelSigningError) { return try body() } catch { throw ProvenanceError(error) }
}

extension ProvenanceError {
  /// Wraps an error of model signing.
  public init(_ error: ModelSigningError) {
    switch error.reason {
    case .storage(let inner): self = ProvenanceError(inner)
    case .attestation(let inner):
      self = ProvenanceError(inner)
      description = error.description
    case .ignoredPath: self = ProvenanceError(.usage, error.description)
    case .empty: self = ProvenanceError(.state, error.description)
    case .malformed, .unsupported, .signature: self = ProvenanceError(.invalid, error.description)
    }
  }
}
