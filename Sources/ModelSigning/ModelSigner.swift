public import Attestation
import Storage

/// Who signs a model: a key, or the key of a certificate.
public final class ModelSigner: Sendable {
  private let key: PrivateKey
  private let chain: [Certificate]

  /// The key that signatures are verified with.
  public let publicKey: PublicKey

  /// Takes a key.
  ///
  /// - Parameter chain: The key's certificate, then those that lead from it towards a root; none for the method `key`.
  public init(key: consuming PrivateKey, chain: [Certificate] = []) throws(ModelSigningError) {
    publicKey = key.publicKey
    self.key = key
    self.chain = chain
    // What can't sign is told before anything is hashed.
    _ = try bundle(of: [])
  }

  /// Signs the bytes of an in-toto statement.
  public func bundle(of payload: [UInt8]) throws(ModelSigningError) -> SigstoreBundle {
    try attesting { () throws(AttestationError) in
      chain.isEmpty
        ? try SigstoreBundle(signing: payload, type: DSSEEnvelope.inTotoType, with: key)
        : try SigstoreBundle(
          signing: payload, type: DSSEEnvelope.inTotoType, with: key, chain: chain)
    }
  }

  /// Signs what is stated of a model; gives the bundle as it is written.
  public func sign(_ manifest: ModelManifest) throws(ModelSigningError) -> [UInt8] {
    try bundle(of: try manifest.encoded()).json
  }

  /// Writes a signature, whole or not at all.
  ///
  /// A file of that name is replaced where it is a signature over a model, and refused where it is not.
  public static func write(_ bytes: [UInt8], to path: String) throws(ModelSigningError) {
    let status = try storing { () throws(StorageError) in try FileStatus.ifExists(path) }
    if status != nil {
      do throws(ModelSigningError) { _ = try ModelSignature(path: path) } catch {
        if case .storage = error.reason { throw error }
        throw ModelSigningError(.storage(StorageError(.exists, path: path)))
      }
    }
    try storing { () throws(StorageError) in
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: status != nil)
    }
  }
}
