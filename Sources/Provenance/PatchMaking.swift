public import Architecture
public import Attestation
public import Ledger
public import Patching
public import Safetensors
public import Storage
import StrictJSON

/// Writing a patch with its statement, and signing it.
public enum PatchMaking {
  /// Writes the patch file and, beside it, the statement that will be signed.
  ///
  /// - Parameter request: The request that the patch answers, with the ledger that it is in.
  public static func write(
    _ draft: PatchDraft, values: some ValueSource, base: Safetensors.Checkpoint, map: UnitMap?,
    method: PatchMethod, metrics: PatchMetrics = .none, request: (id: String, origin: String)?,
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
    let total = base.byteCount
    let digest: ModelDigest
    do throws(PatchError) {
      digest = try ModelDigest(base) { surroundings.progress("hashing the base", $0, total) }
      try PatchWriter.write(draft, values: values, to: path, replacing: replacing)
    } catch { throw ProvenanceError(error) }
    let statement: PatchStatement
    do throws(PatchError) {
      let patch = try PatchFile(path: path)
      statement = try StatementBuilder(
        method: method, metrics: metrics, request: request?.id, ledgerOrigin: request?.origin
      ).describe(
        patch, named: Paths.name(of: path), base: base, baseDigest: digest, map: map
      ) { surroundings.progress("hashing the result", $0, total) }
    } catch {
      try storing { () throws(StorageError) in try Folder.remove(path) }
      throw ProvenanceError(error)
    }
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

  /// The leaf that records a new patch.
  public static func event(_ statement: PatchStatement) throws(ProvenanceError) -> Event {
    let bytes = try attesting { () throws(AttestationError) in
      try statement.statement.encoded()
    }
    return Event(
      .patchCreated,
      [
        "patch": .text(statement.patchDigest.hex),
        "statement": .text(SHA256.digest(of: bytes).hex),
        "base": .text(statement.base.root.hex), "result": .text(statement.resultRoot.hex),
        "method": .text(statement.method.name), "request": statement.request.map { .text($0) },
      ])
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
