import Attestation
import Ledger
import Storage
import StrictJSON

/// The report as JSON; `schema/report.schema.json` describes it.
extension Audit {
  var json: JSONValue {
    .members([
      "schema": "unlearn-patch/report/v1",
      "asOf": .text(asOf.description), "level": .text(level.rawValue),
      "log": .members([
        "origin": .text(log.origin), "vkey": .text(log.verifierKey),
        "entries": .integer(Int64(log.count)), "head": .text(log.head),
        "handovers": .array(
          log.handovers.map {
            .members(["leaf": .integer(Int64($0.leaf)), "vkey": .text($0.key.encoded)])
          }),
      ]),
      "withheld": .members([
        "entries": .integer(Int64(withheldEntryCount)),
        "bundles": .array(withheldBundles.map { .text($0.hex) }),
      ]),
      "requestCounts": requestCounts.map { json($0) } ?? .null,
      "requests": .array(requests.map { json($0) }),
      "patches": .array(patches.map { json($0) }),
      "models": .array(models.map { json($0) }),
      "limits": .array(limits.map { .text($0) }),
    ])
  }

  private func json(_ counts: RequestCounts) -> JSONValue {
    func number(_ count: Int) -> JSONValue { .integer(Int64(count)) }
    return .members([
      "received": number(counts.received), "open": number(counts.open),
      "overdue": number(counts.overdue), "refused": number(counts.refused),
      "withdrawn": number(counts.withdrawn),
      "closed": .object(
        JSONObject(
          ErasureEffect.allCases.map {
            (ByteString($0.rawValue), number(counts.closed[$0] ?? 0))
          })),
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

  private func json(_ undo: Undo) -> JSONValue {
    .members([
      "patch": .text(undo.patch.hex), "leaf": json(undo.leaf),
      "until": json(undo.until), "overdue": .bool(undo.isOverdue),
      "reversible": .bool(undo.isReversible), "isFinal": .bool(undo.isFinal),
      "destroyed": json(undo.destroyed), "final": json(undo.final),
    ])
  }

  private func json(_ model: PatchedModel) -> JSONValue {
    .members([
      "model": .text(model.id), "family": .text(model.family),
      "parent": model.parent.map { .text($0) } ?? .null,
      "head": model.head.map { .text($0.hex) } ?? .null,
      "canBeRolledBack": .bool(model.undo.contains { $0.isReversible }),
      "undo": .array(model.undo.map { json($0) }),
      "unfinished": json(model.unfinished),
      "steps": .array(
        model.steps.map {
          .members([
            "leaf": json($0.event.leaf), "time": json($0.event.time),
            "event": .text($0.event.type), "root": .text($0.root.hex),
            "patch": $0.patch.map { .text($0.hex) } ?? .null,
          ])
        }),
    ])
  }

  func json(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }

  func json(_ time: Timestamp?) -> JSONValue { time.map { .text($0.description) } ?? .null }
}
