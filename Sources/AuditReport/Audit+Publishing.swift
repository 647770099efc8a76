import Ledger
import Patching
import Storage
import StrictJSON

/// What everybody may see of the whole report: totals, and what became of the models, without requests, places and times.
extension Audit {
  var published: Audit {
    get throws(LedgerError) {
      var shown: [UsedPatch] = []
      for patch in patches { shown.append(try patch.published) }
      return Audit(
        asOf: asOf, level: .public, log: log,
        withheldEntryCount: log.count - 1 - log.handovers.count, withheldBundles: [],
        requestCounts: counts, requests: [], patches: shown, models: models.map(\.published))
    }
  }

  private var counts: RequestCounts {
    var counts = RequestCounts(received: requests.count)
    for request in requests.map(\.request) {
      if request.isOverdue(at: asOf) { counts.overdue += 1 }
      switch request.handling.answer {
      case nil: counts.open += 1
      case .refused: counts.refused += 1
      case .withdrawn: counts.withdrawn += 1
      case .closed(let effect, _, _): counts.closed[effect, default: 0] += 1
      }
    }
    return counts
  }
}

extension Audit.UsedPatch {
  /// Of the statement no more than what is named here: anything may stand beside it.
  fileprivate var published: Self {
    get throws(LedgerError) {
      do throws(JSONFieldError) {
        return Self(
          digest: digest, bundle: bundle, isWithheld: bundle != nil, method: method, request: nil,
          units: try units.map { field throws(JSONFieldError) in
            JSONField(try TouchedUnits(field).json, path: field.path)
          },
          metrics: try metrics.map { field throws(JSONFieldError) in
            JSONField(try Self.published(metrics: field), path: field.path)
          }, base: base, result: result, leaves: [])
      } catch {
        throw LedgerError(
          .inconsistent("the signed statement of the patch \(digest): \(error.description)"))
      }
    }
  }

  static func published(metrics: JSONField) throws(JSONFieldError) -> JSONValue {
    var recorded: [JSONValue] = []
    // A set with a name of its own is not for everybody.
    for entry in try metrics["recorded"].elements() where !entry["set"].isPresent {
      var object = JSONObject()
      for key in ["name", "variant", "subject", "part", "value"] {
        if let field = entry[key].optional { object[ByteString(key)] = .text(try field.text()) }
      }
      if let field = entry["n"].optional { object["n"] = .integer(Int64(try field.count())) }
      if let field = entry["interval"].optional {
        object["interval"] = .members([
          "lower": .text(try field["lower"].text()), "upper": .text(try field["upper"].text()),
        ])
      }
      recorded.append(.object(object))
    }
    return .members([
      "recorded": .array(recorded),
      "notRun": .array(
        try metrics["notRun"].elements().map { name throws(JSONFieldError) in
          .text(try name.text())
        }),
    ])
  }
}

extension Audit.PatchedModel {
  fileprivate var published: Self {
    Self(
      id: id, family: family, parent: parent, head: head,
      steps: steps.map {
        Audit.Step(
          event: Audit.Entry(leaf: nil, time: nil, type: $0.event.type), root: $0.root,
          patch: $0.patch)
      },
      undo: undo.map {
        Audit.Undo(
          patch: $0.patch, isOverdue: $0.isOverdue, isReversible: $0.isReversible,
          isFinal: $0.isFinal)
      }, unfinished: nil)
  }
}

extension Audit.Undo {
  /// What everybody may know of it.
  init(patch: Digest, isOverdue: Bool, isReversible: Bool, isFinal: Bool) {
    let standing =
      isFinal
      ? "final"
      : !isReversible
        ? "not final: the undo key was destroyed, the search for what is left of it has not ended"
        : isOverdue ? "OVERDUE: reversible, and was to be final by now" : "reversible"
    self.init(
      patch: patch, leaf: nil, until: nil, isOverdue: isOverdue, isReversible: isReversible,
      isFinal: isFinal, destroyed: nil, final: nil, standing: standing)
  }
}
