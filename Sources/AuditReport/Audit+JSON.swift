import Attestation
import Ledger
import Storage
import StrictJSON

/// The report as JSON; `schema/report.schema.json` describes it.
extension Audit {
  var json: JSONValue {
    .members([
      "schema": "unlearn-patch/report/v1",
      "asOf": .text(asOf.description),
      "log": .members([
        "origin": .text(log.origin), "vkey": .text(log.verifierKey),
        "entries": .integer(Int64(log.count)), "head": .text(log.head),
        "handovers": .array(
          log.handovers.map {
            .members(["leaf": .integer(Int64($0.leaf)), "vkey": .text($0.key.encoded)])
          }),
      ]),
      "requests": .array(requests.map { json($0) }),
      "patches": .array(patches.map { json($0) }),
      "models": .array(models.map { json($0) }),
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

  private func json(_ undo: Undo) -> JSONValue {
    .members([
      "patch": .text(undo.patch.hex), "leaf": .integer(Int64(undo.leaf)),
      "until": undo.until.map { .text($0.description) } ?? .null, "overdue": .bool(undo.isOverdue),
      "destroyed": undo.destroyed.map { .integer(Int64($0)) } ?? .null,
      "final": undo.final.map { .integer(Int64($0)) } ?? .null,
    ])
  }

  private func json(_ model: PatchedModel) -> JSONValue {
    .members([
      "model": .text(model.id), "family": .text(model.family),
      "parent": model.parent.map { .text($0) } ?? .null, "head": .text(model.head.hex),
      "canBeRolledBack": .bool(model.undo.contains { $0.destroyed == nil }),
      "undo": .array(model.undo.map { json($0) }),
      "unfinished": model.unfinished.map { .integer(Int64($0)) } ?? .null,
      "steps": .array(
        model.steps.map {
          .members([
            "leaf": .integer(Int64($0.event.leaf)), "time": .text($0.event.time.description),
            "event": .text($0.event.type), "root": .text($0.root.hex),
            "patch": $0.patch.map { .text($0.hex) } ?? .null,
          ])
        }),
    ])
  }
}
