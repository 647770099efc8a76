public import Attestation
public import Ledger
public import Patching
public import Storage
public import StrictJSON

/// What the log says of a patch.
public enum PatchEvents {
  /// What the log says of a patch that was made, and of what was measured of it.
  public static func made(_ statement: PatchStatement) throws(AttestationError) -> [Event] {
    let digest = JSONValue.text(SHA256.digest(of: try statement.statement.encoded()).hex)
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
  /// Nil for one that was not run, for one of a set with a name of its own, which people choose and a log can't
  /// forget, and for one that is too large for an exact number. Names are in small letters, as all words of the log.
  private static func metric(_ recorded: JSONValue) -> JSONValue? {
    let field = JSONField(recorded)
    do throws(JSONFieldError) {
      // What was measured under an attack has a condition, which a leaf has no place for.
      guard field["set"].optional == nil, field["condition"].optional == nil,
        let text = try field["value"].optional?.text(),
        let value = Double(text), value.isFinite,
        let millionths = Int64(exactly: (value * 1_000_000).rounded()),
        millionths.magnitude < 1 << 53
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
}
