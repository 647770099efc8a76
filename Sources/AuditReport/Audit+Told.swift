import Ledger
import Patching
import Storage
import StrictJSON

/// The report for everybody, read from `report.json`: its entries are not there to make it from.
extension Audit {
  /// Reads what is told of requests, patches and models; the rest is that of the evidence.
  init(told root: JSONField, _ evidence: ReportEvidence) throws(JSONFieldError) {
    asOf = evidence.asOf
    level = evidence.level
    log = Log(evidence)
    withheldEntryCount = evidence.treeSize - evidence.leaves.count
    withheldBundles = []
    requestCounts = try RequestCounts(root["requestCounts"])
    requests = []
    patches = try root["patches"].elements().map(UsedPatch.init(told:))
    models = try root["models"].elements().map(PatchedModel.init(told:))
  }
}

extension Audit {
  /// What a report for everybody can't have told truly, in words; nil where that is not known.
  var contradiction: String? {
    guard let requestCounts else { return nil }
    if !requestCounts.addsUp { return "the totals of requests in report.json don't add up" }
    var results: [Digest: String] = [:]
    for patch in patches where !patch.result.isEmpty { results[patch.digest] = patch.result }
    for step in models.flatMap(\.steps) where step.event.type == LeafType.patchApplied.rawValue {
      guard let result = step.patch.flatMap({ results[$0] }), result != step.root.hex else {
        continue
      }
      return "report.json says that a patch led to \(step.root), and that its result is \(result)"
    }
    return nil
  }
}

extension Audit.RequestCounts {
  fileprivate init(_ field: JSONField) throws(JSONFieldError) {
    received = try field["received"].count()
    open = try field["open"].count()
    overdue = try field["overdue"].count()
    refused = try field["refused"].count()
    withdrawn = try field["withdrawn"].count()
    for effect in ErasureEffect.allCases {
      let count = try field["closed"][effect.rawValue].count()
      if count > 0 { closed[effect] = count }
    }
  }

  /// Whether the totals are those of one set of requests.
  var addsUp: Bool {
    var sum = 0
    for count in [open, refused, withdrawn] + closed.values {
      let (next, isTooLarge) = sum.addingReportingOverflow(count)
      if isTooLarge { return false }
      sum = next
    }
    return sum == received && overdue <= received
  }
}

extension Audit.UsedPatch {
  fileprivate init(told field: JSONField) throws(JSONFieldError) {
    let bundle = try field["bundle"].optional?.digest()
    self.init(
      digest: try field["patch"].digest(), bundle: bundle, isWithheld: bundle != nil,
      method: try field["method"].text(), request: nil,
      units: try field["units"].optional.map { units throws(JSONFieldError) in
        JSONField(try TouchedUnits(units).json, path: units.path)
      },
      metrics: try field["metrics"].optional.map { metrics throws(JSONFieldError) in
        JSONField(try Self.published(metrics: metrics), path: metrics.path)
      }, base: try field["base"].text(), result: try field["result"].text(), leaves: [])
  }
}

extension Audit.PatchedModel {
  fileprivate init(told field: JSONField) throws(JSONFieldError) {
    self.init(
      id: try field["model"].text(), family: try field["family"].text(),
      parent: try field["parent"].optional?.text(), head: try field["head"].digest(),
      steps: try field["steps"].elements().map { step throws(JSONFieldError) in
        Audit.Step(
          event: Audit.Entry(leaf: nil, time: nil, type: try step["event"].text()),
          root: try step["root"].digest(), patch: try step["patch"].optional?.digest())
      },
      undo: try field["undo"].elements().map { undo throws(JSONFieldError) in
        Audit.Undo(
          patch: try undo["patch"].digest(), isOverdue: try undo["overdue"].bool(),
          isReversible: try undo["reversible"].bool(), isFinal: try undo["isFinal"].bool())
      }, unfinished: nil)
  }
}
