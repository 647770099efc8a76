import Attestation
import Ledger
import Storage
import StrictJSON

/// How the report follows from the evidence.
extension Audit {
  /// Reads the evidence.
  init(_ evidence: ReportEvidence) throws(LedgerError) {
    let state = evidence.state
    func event(_ sequence: Int) -> Entry {
      let leaf = evidence.leaf(sequence)
      return Entry(leaf: sequence, time: leaf?.time, type: leaf?.typeName ?? "?")
    }
    var patches: [UsedPatch] = []
    let used = Set(state.models.flatMap { $0.steps.compactMap(\.patch) })
    for patch in state.patches where used.contains(patch.digest) {
      patches.append(try UsedPatch(patch, evidence))
    }
    asOf = evidence.asOf
    level = evidence.level
    withheldEntryCount = evidence.treeSize - evidence.leaves.count
    withheldBundles = evidence.withheldBundles.sorted()
    requestCounts = nil
    log = Log(evidence)
    requests = state.requests.map { request in
      AskedRequest(
        request: request, events: request.leaves.map(event),
        patches: patches.filter { $0.request == request.id }.map(\.digest))
    }
    models = state.models.map {
      PatchedModel($0, at: evidence.asOf, tellsHead: !evidence.hasGaps, event)
    }
    self.patches = patches
  }
}

extension Audit.Log {
  init(_ evidence: ReportEvidence) {
    let state = evidence.state
    self.init(
      origin: state.origin, verifierKey: evidence.verifierKey, count: evidence.treeSize,
      head: evidence.head.encoded, handovers: state.logKeys?.handovers ?? [])
  }
}

extension Audit.UsedPatch {
  fileprivate init(_ patch: LedgerState.Patch, _ evidence: ReportEvidence) throws(LedgerError) {
    guard let bundleDigest = patch.bundle, let bytes = evidence.bundles[bundleDigest] else {
      let withheld = patch.bundle.flatMap { evidence.withheldBundles.contains($0) ? $0 : nil }
      self.init(
        digest: patch.digest, bundle: withheld, isWithheld: withheld != nil,
        method: patch.method ?? "unknown",
        request: patch.request, units: nil, metrics: nil, base: "", result: "",
        leaves: patch.leaves)
      return
    }
    do throws(AttestationError) {
      let payload = try SigstoreBundle(parsing: bytes).envelope.payload
      let predicate = JSONField(try Statement(parsing: payload).predicate, path: "predicate")
      do throws(JSONFieldError) {
        self.init(
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
}

extension Audit.PatchedModel {
  fileprivate init(
    _ model: LedgerState.Model, at time: Timestamp, tellsHead: Bool,
    _ event: (Int) -> Audit.Entry
  ) {
    id = model.id
    family = model.family
    parent = model.parent
    head = tellsHead ? model.head : nil
    steps = model.steps.map {
      Audit.Step(event: event($0.leaf), root: $0.root, patch: $0.patch)
    }
    undo = model.applied.map {
      Audit.Undo(
        patch: $0.patch, leaf: $0.leaf, until: $0.undoUntil, isOverdue: $0.isOverdue(at: time),
        isReversible: $0.destroyed == nil, isFinal: $0.final != nil, destroyed: $0.destroyed,
        final: $0.final, standing: $0.standing(at: time))
    }
    unfinished = model.openIntent?.leaf
  }
}
