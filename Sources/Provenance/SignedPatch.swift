public import Attestation
public import Patching
public import Storage

/// A patch file with the bundle beside it, judged by a trust file.
public struct SignedPatch: ~Copyable, Sendable {
  /// The patch.
  public let file: DistributedPatch
  /// What was signed.
  public let statement: PatchStatement
  /// The bundle as it is kept.
  public let bundleBytes: [UInt8]
  /// The signed envelope.
  public let envelope: DSSEEnvelope

  /// The name of the bundle beside a patch file.
  public static func bundlePath(_ patch: String) -> String { patch + ".sigstore.json" }
  /// The name of the statement of a patch that is not signed yet.
  public static func statementPath(_ patch: String) -> String { patch + ".statement.json" }

  /// What is said of a patch by the bundle beside it, else by the statement that is not signed yet.
  public static func statement(of path: String) throws(ProvenanceError) -> PatchStatement {
    let (bundle, plain) = (bundlePath(path), statementPath(path))
    if try storing({ () throws(StorageError) in try FileStatus.ifExists(bundle) }) != nil {
      return try SignedPatch(path: path).statement
    }
    guard try storing({ () throws(StorageError) in try FileStatus.ifExists(plain) }) != nil else {
      throw ProvenanceError(
        .incomplete, "\(path): neither \(bundle) nor \(plain) is there, so its base is not known",
        hint: "get the bundle from where the patch came from")
    }
    let bytes = try storing { () throws(StorageError) in
      try Folder.read(plain, limit: SigstoreBundle.byteLimit)
    }
    let document = try attesting { () throws(AttestationError) in try Statement(parsing: bytes) }
    return try patching { () throws(PatchError) in try PatchStatement(document) }
  }

  /// Opens patch and bundle and checks that they belong together; trust is judged apart.
  public init(path: String) throws(ProvenanceError) {
    let bundlePath = Self.bundlePath(path)
    if try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }) == nil {
      throw ProvenanceError(.inputOutput, "\(path): there is no such patch")
    }
    if try storing({ () throws(StorageError) in try FileStatus.ifExists(bundlePath) }) == nil {
      throw ProvenanceError(
        .incomplete, "\(path): the patch is not signed: \(bundlePath) is missing",
        hint: "sign it with `unlearn-patch sign \(path) --key KEY`")
    }
    let bytes = try storing { () throws(StorageError) in
      try Folder.read(bundlePath, limit: SigstoreBundle.byteLimit)
    }
    try self.init(path: path, bundleBytes: bytes, bundlePath: bundlePath)
  }

  /// Opens a patch with a bundle that is kept elsewhere.
  init(path: String, bundleBytes: [UInt8], bundlePath: String) throws(ProvenanceError) {
    let bundle: SigstoreBundle
    do throws(AttestationError) { bundle = try SigstoreBundle(parsing: bundleBytes) } catch {
      throw ProvenanceError(AttestationError(error.reason, path: bundlePath))
    }
    guard bundle.envelope.payloadType == DSSEEnvelope.inTotoType else {
      throw ProvenanceError(
        .invalid,
        "\(bundlePath): the payload is of type \(bundle.envelope.payloadType), expected \(DSSEEnvelope.inTotoType)"
      )
    }
    let statement: PatchStatement
    do throws(AttestationError) {
      let document = try Statement(parsing: bundle.envelope.payload)
      do throws(PatchError) { statement = try PatchStatement(document) } catch {
        throw AttestationError(.malformed(error.description))
      }
    } catch { throw ProvenanceError(AttestationError(error.reason, path: bundlePath)) }
    let file = try patching { () throws(PatchError) in try DistributedPatch(path: path) }
    guard file.digest == statement.patchDigest else {
      throw ProvenanceError(
        .invalid,
        "\(path): not the file that was signed: expected sha256 \(statement.patchDigest), found \(file.digest)",
        hint: "get the patch again from where it was signed")
    }
    guard file.encoding == statement.encoding else {
      throw ProvenanceError(
        .invalid,
        "\(path): is of the encoding \(file.encoding.rawValue), the statement says \(statement.encoding.rawValue)"
      )
    }
    self.file = file
    self.statement = statement
    self.bundleBytes = bundleBytes
    envelope = bundle.envelope
  }

  /// The digest of the bundle.
  public var bundleDigest: Digest { SHA256.digest(of: bundleBytes) }

  /// Demands enough trusted signatures, and that the time is right; gives the signers' names.
  ///
  /// - Parameter revoked: Keys that the log says don't count any more.
  public func checkTrust(_ trust: TrustFile, revoked: Set<Digest> = [], at time: Timestamp)
    throws(ProvenanceError) -> [String]
  {
    let names = try Self.names(
      trust.verdict(on: envelope, role: .artifact, at: time, revoked: revoked))
    if let notBefore = statement.notBefore, time < notBefore {
      throw ProvenanceError(.state, "the patch may not be applied before \(notBefore)")
    }
    if let notAfter = statement.notAfter, time > notAfter {
      throw ProvenanceError(.state, "the patch may not be applied after \(notAfter)")
    }
    return names
  }

  private static func names(_ verdict: TrustFile.Verdict) throws(ProvenanceError) -> [String] {
    switch verdict {
    case .trusted(let names): return names
    case .unknownSigner(let hints):
      throw ProvenanceError(
        .untrusted,
        "the patch is signed by no one whom the trust file names (keys \(hints.joined(separator: ", ")))",
        hint: "if you know the signer: `unlearn-patch trust add SIGNER.pub.pem --name NAME`")
    case .invalid(let what): throw ProvenanceError(.invalid, "signature: \(what)")
    case .outsideWindow(let name):
      throw ProvenanceError(
        .untrusted, "\(name)'s key does not count now: outside not-before and not-after")
    case .revoked(let name):
      throw ProvenanceError(
        .untrusted, "signed by \(name) with a key that has been revoked or replaced",
        hint: "have it signed anew: `unlearn-patch sign PATCH --key KEY`")
    case .belowThreshold(let have, let need):
      throw ProvenanceError(
        .untrusted,
        TrustFile.shortfall(have: have, need: need)
      )
    }
  }
}
