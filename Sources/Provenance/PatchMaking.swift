public import Architecture
public import Attestation
public import Ledger
public import Patching
public import Safetensors
public import Storage
public import StrictJSON

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

  /// What the log says of a patch that was made, and of what was measured of it.
  public static func events(_ statement: PatchStatement) throws(ProvenanceError) -> [Event] {
    let bytes = try attesting { () throws(AttestationError) in
      try statement.statement.encoded()
    }
    let digest = JSONValue.text(SHA256.digest(of: bytes).hex)
    let created = Event(
      .patchCreated,
      [
        "patch": .text(statement.patchDigest.hex), "statement": digest,
        "base": .text(statement.base.root.hex), "result": .text(statement.resultRoot.hex),
        "method": .text(statement.method.name), "request": statement.request.map { .text($0) },
      ])
    let values = statement.metrics.recorded.compactMap(metric)
    if values.isEmpty { return [created] }
    return [
      created,
      Event(
        .metricsRecorded,
        [
          "patch": .text(statement.patchDigest.hex), "statement": digest,
          "values": .array(Array(values.prefix(valueLimit))),
          "recorded": .integer(Int64(statement.metrics.recorded.count)),
        ]),
    ]
  }

  /// What the log says of an evaluation that was made later of a model that a patch made, or of its base.
  ///
  /// - Parameters:
  ///   - model: The digest of the model that was measured.
  ///   - record: The digest of the evaluation's record.
  ///   - judgement: What a policy said of the numbers, and the digest of its file; nil without one.
  public static func evaluation(
    ofPatch patch: Digest, model: Digest, record: Digest, measurements: [JSONValue],
    judgement: (verdict: EvaluationVerdict, policy: Digest)?
  ) -> Event {
    Event(
      .metricsRecorded,
      [
        "patch": .text(patch.hex), "model": .text(model.hex), "evaluation": .text(record.hex),
        "policy": judgement.map { .text($0.policy.hex) },
        "verdict": judgement.map { .text($0.verdict.rawValue) },
        "values": .array(Array(measurements.compactMap(metric).prefix(valueLimit))),
        "recorded": .integer(Int64(measurements.count)),
      ])
  }

  /// How many values stand in a leaf; the statement has all.
  private static let valueLimit = 256

  /// A measurement on one of the request's sets as a leaf holds it, in millionths.
  ///
  /// Nil for one that was not run, and for one of a set with a name of its own, which people choose and a log can't
  /// forget. Names are in small letters, as all words of the log.
  private static func metric(_ recorded: JSONValue) -> JSONValue? {
    let field = JSONField(recorded)
    do throws(JSONFieldError) {
      // What was measured under an attack has a condition, which a leaf has no place for.
      guard field["set"].optional == nil, field["condition"].optional == nil,
        let text = try field["value"].optional?.text(),
        let value = Double(text), value.isFinite,
        let millionths = Int64(exactly: (value * 1_000_000).rounded())
      else { return nil }
      return .members([
        "subject": .text(try field["subject"].text()),
        "name": .text(try field["name"].text().lowercased()),
        "part": try field["part"].optional.map { part throws(JSONFieldError) in
          .text(try part.text())
        } ?? .null,
        "n": .integer(Int64(try field["n"].count())), "millionths": .integer(millionths),
      ])
    } catch { return nil }
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
