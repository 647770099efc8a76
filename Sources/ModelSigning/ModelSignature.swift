public import Attestation
public import Storage

/// A signature over a model: an OpenSSF Model Signing bundle with what it states.
///
/// Reading one says nothing of who has signed.
public struct ModelSignature: Hashable, Sendable {
  /// The bundle.
  public let bundle: SigstoreBundle
  /// What it states.
  public let manifest: ModelManifest
  /// How it departs from the specification, in words; none of it changes what is meant.
  public let departures: [String]
  private let isFormer: Bool

  /// Reads a bundle.
  public init(parsing bytes: [UInt8]) throws(ModelSigningError) {
    let bundle = try attesting { () throws(AttestationError) in try SigstoreBundle(parsing: bytes) }
    guard bundle.envelope.payloadType == DSSEEnvelope.inTotoType else {
      throw ModelSigningError(
        .malformed(
          "the payload is of the type \(bundle.envelope.payloadType), expected \(DSSEEnvelope.inTotoType)"
        ))
    }
    var departures: [String] = []
    manifest = try ModelManifest(parsing: bundle.envelope.payload, departures: &departures)
    if case .publicKey(nil, _) = bundle.material {
      departures.append("the bundle does not name the key that it was signed with")
    }
    isFormer = departures.contains(ModelManifest.formerDeparture)
    self.bundle = bundle
    self.departures = departures
  }

  /// Reads a bundle file.
  public init(path: String) throws(ModelSigningError) {
    let bytes = try storing { () throws(StorageError) in
      try Folder.read(path, limit: SigstoreBundle.byteLimit)
    }
    do throws(ModelSigningError) { try self.init(parsing: bytes) } catch {
      throw ModelSigningError(error.reason, path: path)
    }
  }

  /// Demands that the key has signed; says so, and what came of each further signature.
  public func check(by key: PublicKey) throws(ModelSigningError) -> String {
    try check(by: key, called: "the given key (\(key.keyID))")
  }

  /// Demands that a certificate that leads to one of the roots has signed; says so, and what came of each further
  /// signature.
  ///
  /// - Parameter time: The moment at which the certificates must count.
  public func check(by roots: CertificateRoots, at time: Timestamp) throws(ModelSigningError)
    -> String
  {
    guard case .certificateChain(let chain) = bundle.material else {
      throw ModelSigningError(
        .signature("is signed with a key, not with a certificate; give its public key"))
    }
    let certificate: Certificate
    do throws(AttestationError) { certificate = try roots.verify(chain, at: time) } catch {
      throw ModelSigningError(.signature(error.description))
    }
    let key = try attesting { () throws(AttestationError) in try certificate.publicKey() }
    return try check(by: key, called: "the certificate of \(certificate.subject)")
  }

  private func check(by key: PublicKey, called name: String) throws(ModelSigningError) -> String {
    let message = bundle.envelope.signedBytes
    let isValid = bundle.envelope.signatures.map { signature in
      key.verify(signature: signature.bytes, message: message)
        || isFormer && key.verifyFormer(signature: signature.bytes, envelope: bundle.envelope)
    }
    guard isValid.contains(true) else {
      let count = isValid.count
      let none = count == 1 ? "the signature is not" : "none of \(count) signatures is"
      throw ModelSigningError(.signature("\(none) that of \(name)\(hintOfAnother(than: key))"))
    }
    if isValid.count == 1 { return "signed by \(name)" }
    let each = isValid.enumerated().map { "\($0 + 1) \($1 ? "is valid" : "is not by it")" }
    return "signed by \(name); of \(isValid.count) signatures, \(each.joined(separator: ", "))"
  }

  private func hintOfAnother(than key: PublicKey) -> String {
    switch bundle.material {
    case .certificateChain: return ""
    case .publicKey(let hint, _):
      guard let hint else { return "" }
      return hint == key.keyID.hex
        ? ": what was signed has changed since, or the signature has"
        : "; the bundle names the key \(ByteString(hint))"
    }
  }

  /// Compares the files of a model with what was signed.
  ///
  /// - Parameters:
  ///   - path: The model's folder, or the one file that a model is.
  ///   - ignored: What is left out besides what the signature leaves out; the signature itself, where it is there.
  ///   - allowsUnsigned: Whether files that were not signed may be there.
  ///   - known: Digests that were computed already.
  public func differences(
    from path: String, ignoring ignored: IgnoredPaths = IgnoredPaths(),
    allowsUnsigned: Bool = false, known: [ByteString: Digest] = [:],
    progress: ModelFiles.Progress = { _, _ in }
  ) throws(ModelSigningError) -> FileDifferences {
    let status = try storing { () throws(StorageError) in try FileStatus(of: path) }
    let found: [ModelManifest.File]
    if status.kind != .directory {
      guard manifest.shardByteCount == nil else {
        throw ModelSigningError(
          .unsupported("is one file, and the signature lists shards: name the folder"), path: path)
      }
      let only = manifest.files[0].name
      let isMeant = manifest.files.count == 1 && (only == "." || only == Paths.name(of: path))
      found = try ModelFiles.read(
        file: path, as: isMeant ? only : Paths.name(of: path), progress: progress)
    } else if allowsUnsigned {
      found = try ModelFiles.read(
        path, named: manifest.fileNames, shardByteCount: manifest.shardByteCount, known: known,
        progress: progress)
    } else {
      found = try ModelFiles.read(
        path, ignoring: ignored.union(IgnoredPaths(manifest.ignored)),
        shardByteCount: manifest.shardByteCount, known: known, progress: progress)
    }
    return FileDifferences(signed: manifest.files, found: found)
  }
}
