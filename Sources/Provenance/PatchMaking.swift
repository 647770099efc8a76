public import Architecture
public import Attestation
public import Patching
public import Safetensors
public import Storage

/// Writing a patch with its statement, and signing it.
public enum PatchMaking {
  /// Writes the patch file and, beside it, the statement that will be signed.
  ///
  /// - Parameters:
  ///   - baseDigest: The digests of the base, where they have been computed; else its files are hashed.
  ///   - encoding: How the file gives new values.
  ///   - request: The request that the patch answers, with the ledger that it is in.
  public static func write(
    _ draft: PatchDraft, values: some ValueSource, base: Safetensors.Checkpoint,
    baseDigest: ModelDigest? = nil, map: UnitMap?,
    method: PatchMethod, metrics: PatchMetrics = .none, encoding: PatchEncoding = .replace,
    request: (id: String, origin: String)?,
    to path: String, replacing: Bool, _ surroundings: Surroundings
  ) throws(ProvenanceError) -> PatchStatement {
    guard !draft.isEmpty else {
      throw ProvenanceError(.usage, "nothing differs, so there is no patch to write")
    }
    let statementPath = SignedPatch.statementPath(path)
    let bundlePath = SignedPatch.bundlePath(path)
    for name in [statementPath, bundlePath] where !replacing {
      if try storing({ () throws(StorageError) in try FileStatus.ifExists(name) }) != nil {
        throw ProvenanceError(
          StorageError(.exists, path: name))
      }
    }
    let total = (baseDigest == nil ? 2 : 1) * base.byteCount
    let statement: PatchStatement
    do throws(PatchError) {
      statement = try StatementBuilder(
        method: method, metrics: metrics, request: request?.id, ledgerOrigin: request?.origin
      ).write(
        draft, values: values, encoding: encoding, to: path, replacing: replacing, base: base,
        baseDigest: baseDigest, map: map
      ) { surroundings.progress("hashing base and result", $0, total) }
    } catch { throw ProvenanceError(error) }
    let bytes = try attesting { () throws(AttestationError) in
      try statement.statement.encoded()
    }
    try storing { () throws(StorageError) in
      try AtomicFile.write(bytes.rawSpan, to: statementPath, replacing: replacing)
      // A signature over an earlier patch of this name would be over something else.
      if replacing { try Folder.remove(bundlePath) }
    }
    return statement
  }

  /// Signs a patch, or adds a signature to one that is signed.
  ///
  /// The statement is checked against the patch file first: no one signs for a file that is not there.
  public static func sign(_ path: String, with key: borrowing PrivateKey) throws(ProvenanceError)
    -> (bundle: Digest, statement: PatchStatement, signatures: Int)
  {
    let bundlePath = SignedPatch.bundlePath(path)
    let isSigned =
      try storing { () throws(StorageError) in try FileStatus.ifExists(bundlePath) } != nil
    var bundle: SigstoreBundle
    do throws(AttestationError) {
      if isSigned {
        bundle = try SigstoreBundle(path: bundlePath)
        try bundle.addSignature(with: key)
      } else {
        let payload: [UInt8]
        do throws(StorageError) {
          payload = try Folder.read(
            SignedPatch.statementPath(path), limit: SigstoreBundle.byteLimit)
        } catch { throw AttestationError(storage: error) }
        bundle = try SigstoreBundle(
          signing: payload, type: DSSEEnvelope.inTotoType, with: key)
      }
    } catch { throw ProvenanceError(error) }
    let bytes = bundle.json
    // Reading it as a verifier would is the check.
    let signed = try SignedPatch(path: path, bundleBytes: bytes, bundlePath: bundlePath)
    let digest = signed.bundleDigest
    let statement = signed.statement
    try storing { () throws(StorageError) in
      try AtomicFile.write(bytes.rawSpan, to: bundlePath, replacing: true)
      try Folder.remove(SignedPatch.statementPath(path))
    }
    return (digest, statement, bundle.envelope.signatures.count)
  }
}
