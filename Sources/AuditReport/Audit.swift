public import Ledger
public import Storage
public import StrictJSON
import Attestation

/// The audit report as a value: what was asked, what was done, what was touched, and what is not known.
public struct Audit: Sendable {
  /// One patch that was used.
  public struct UsedPatch: Sendable {
    /// The digest of the patch file.
    public let digest: Digest
    /// The digest of the signed bundle; nil where it is missing.
    public let bundle: Digest?
    /// The method.
    public let method: String
    /// The request that it answers.
    public let request: String?
    /// `units` of the statement; nil where the bundle is missing.
    let units: JSONField?
    /// `metrics` of the statement.
    let metrics: JSONField?
    /// The roots before and after.
    public let base: String
    /// The root after.
    public let result: String
    /// The leaves that concern it.
    public let leaves: [Int]
  }

  /// What it is made from.
  public let evidence: ReportEvidence
  /// The patches that were used, in the order of their first leaf.
  public let patches: [UsedPatch]

  /// What a report of this kind can't show; said in every report.
  public static let limits = [
    "Metrics are shown as recorded in signed statements; this report does not measure anything itself.",
    "Backups, copies and caches of a model outside the ledger are not covered.",
    "While a patch can still be rolled back, the former values exist in sealed form: the erasure is not final.",
    "Final means that the undo key is destroyed and no trace of it was found in the workspace; what else could restore the former values is counted in the entry, as far as the workspace knew of it.",
    "Times are those of the machine that kept the ledger.",
  ]

  /// Reads the evidence.
  public init(_ evidence: ReportEvidence) throws(LedgerError) {
    self.evidence = evidence
    var patches: [UsedPatch] = []
    let used = Set(evidence.state.models.flatMap { $0.steps.compactMap(\.patch) })
    for patch in evidence.state.patches where used.contains(patch.digest) {
      patches.append(try Self.read(patch, evidence))
    }
    self.patches = patches
  }

  private static func read(_ patch: LedgerState.Patch, _ evidence: ReportEvidence)
    throws(LedgerError) -> UsedPatch
  {
    guard let bundleDigest = patch.bundle, let bytes = evidence.bundles[bundleDigest] else {
      return UsedPatch(
        digest: patch.digest, bundle: nil, method: patch.method ?? "unknown",
        request: patch.request, units: nil, metrics: nil, base: "", result: "",
        leaves: patch.leaves)
    }
    do throws(AttestationError) {
      let payload = try SigstoreBundle(parsing: bytes).envelope.payload
      let predicate = JSONField(try Statement(parsing: payload).predicate, path: "predicate")
      do throws(JSONFieldError) {
        return UsedPatch(
          digest: patch.digest, bundle: bundleDigest,
          method: try predicate["method"]["name"].text(),
          request: try predicate["request"].optional?.text(), units: predicate["units"],
          metrics: predicate["metrics"],
          base: try predicate["base"]["digest"]["sha256"].text(),
          result: try predicate["result"]["digest"]["sha256"].text(), leaves: patch.leaves)
      } catch { throw AttestationError(.malformed(error.description)) }
    } catch {
      throw LedgerError(.inconsistent("bundle \(bundleDigest): \(error)"))
    }
  }

  /// The report as JSON; `schema/report.schema.json` describes it.
  public var json: JSONValue {
    let state = evidence.state
    return .members([
      "schema": "unlearn-patch/report/v1",
      "asOf": .text(evidence.asOf.description),
      "log": .members([
        "origin": .text(state.origin), "vkey": .text(evidence.verifierKey),
        "entries": .integer(Int64(state.count)), "head": .text(evidence.head.encoded),
        "handovers": .array(
          (state.logKeys?.handovers ?? []).map {
            .members(["leaf": .integer(Int64($0.leaf)), "vkey": .text($0.key.encoded)])
          }),
      ]),
      "requests": .array(state.requests.map { json($0) }),
      "patches": .array(patches.map { json($0) }),
      "models": .array(state.models.map { json($0) }),
      "limits": .array(Self.limits.map { .text($0) }),
    ])
  }

  private func json(_ patch: UsedPatch) -> JSONValue {
    .members([
      "patch": .text(patch.digest.hex), "bundle": patch.bundle.map { .text($0.hex) } ?? .null,
      "method": .text(patch.method), "request": patch.request.map { .text($0) } ?? .null,
      "base": .text(patch.base), "result": .text(patch.result),
      "units": patch.units?.value ?? .null, "metrics": patch.metrics?.value ?? .null,
      "leaves": .array(patch.leaves.map { .integer(Int64($0)) }),
    ])
  }

  private func json(_ applied: LedgerState.Applied) -> JSONValue {
    .members([
      "patch": .text(applied.patch.hex), "leaf": .integer(Int64(applied.leaf)),
      "until": applied.undoUntil.map { .text($0.description) } ?? .null,
      "overdue": .bool(applied.isOverdue(at: evidence.asOf)),
      "destroyed": applied.destroyed.map { .integer(Int64($0)) } ?? .null,
      "final": applied.final.map { .integer(Int64($0)) } ?? .null,
    ])
  }

  private func json(_ model: LedgerState.Model) -> JSONValue {
    .members([
      "model": .text(model.id), "family": .text(model.family),
      "parent": model.parent.map { .text($0) } ?? .null, "head": .text(model.head.hex),
      "canBeRolledBack": .bool(model.applied.contains { $0.destroyed == nil }),
      "undo": .array(model.applied.map { json($0) }),
      "unfinished": model.openIntent.map { .integer(Int64($0.leaf)) } ?? .null,
      "steps": .array(
        model.steps.map {
          .members([
            "leaf": .integer(Int64($0.leaf)),
            "time": .text(evidence.leaves[$0.leaf].time.description), "event": .text($0.event),
            "root": .text($0.root.hex), "patch": $0.patch.map { .text($0.hex) } ?? .null,
          ])
        }),
    ])
  }
}
