import Ledger
import Storage
import StrictJSON

/// Requests as the report tells them: clocks, what was done, how they ended.
extension Audit {
  func json(_ asked: AskedRequest) -> JSONValue {
    let (request, now) = (asked.request, asOf)
    let handling = request.handling
    func day(_ date: CivilDate?) -> JSONValue { date.map { .text($0.description) } ?? .null }
    func word(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }
    return .members([
      "request": .text(request.id), "regime": .text(request.regime.rawValue),
      "ground": .text(request.ground), "received": .text(request.received.description),
      "utcOffset": .integer(Int64(handling.utcOffset)), "due": .text(request.due.description),
      "daysLeft": .integer(Int64(request.daysLeft(at: now))),
      "overdue": .bool(request.isOverdue(at: now)), "status": .text(request.standing),
      "applied": .text(request.status.rawValue), "manner": word(handling.manner?.rawValue),
      "confirmationDue": day(request.confirmationDue), "confirmed": day(handling.confirmed),
      "confirmationOverdue": .bool(request.isConfirmationOverdue(at: now)),
      "identityCheck": word(handling.identityCheck?.rawValue),
      "extension": word(handling.extensionReason?.rawValue),
      "answer": handling.answer.map { answer($0) } ?? .null,
      "recipientsTold": .integer(Int64(handling.notifiedCount)),
      "recipientsUnreachable": .integer(Int64(handling.unreachableCount)),
      "commitments": .array(request.commitments.map { .text($0) }),
      "disclosuresErased": .integer(Int64(request.shredded.count)),
      "events": .array(
        asked.events.map {
          .members([
            "leaf": json($0.leaf), "time": json($0.time), "type": .text($0.type),
          ])
        }),
      "patches": .array(asked.patches.map { .text($0.hex) }),
    ])
  }

  private func answer(_ answer: LedgerState.Request.Answer) -> JSONValue {
    var object = JSONObject([("kind", .text(answer.name)), ("on", .text(answer.date.description))])
    switch answer {
    case .refused(let basis, _): object["basis"] = .text(basis.rawValue)
    case .withdrawn: break
    case .closed(let effect, let isPartial, _):
      object["effect"] = .text(effect.rawValue)
      object["partial"] = .bool(isPartial)
    }
    return .object(object)
  }

  /// How a request stands, in words, and whether that is bad.
  func standing(_ request: LedgerState.Request) -> (text: String, isBad: Bool) {
    let isLate = request.isOverdue(at: asOf)
    let late = isLate ? ", late: it was due \(request.due)" : ""
    switch request.handling.answer {
    case .refused(let basis, let date):
      return ("refused on \(date) (\(basis.rawValue))\(late)", isLate)
    case .withdrawn(let date): return ("withdrawn on \(date)", false)
    case .closed(let effect, let isPartial, let date):
      let part = isPartial ? ", in part" : ""
      return ("closed on \(date): \(effect.rawValue)\(part)\(late)", isLate)
    case nil: break
    }
    let days = request.daysLeft(at: asOf)
    let clock =
      isLate ? "not answered, overdue by \(-days) days" : "not answered yet, \(days) days left"
    switch request.status {
    case .open: return (clock, isLate)
    case .applied: return ("a patch is applied and can be taken back; \(clock)", isLate)
    case .final: return ("a patch is applied and final; \(clock)", isLate)
    }
  }

  /// The requests as a table for spreadsheets (RFC 4180).
  var requestTable: String {
    let columns = [
      "request", "regime", "ground", "received", "due", "days_left", "overdue", "status",
      "confirmed", "identity_check", "extension", "answered", "effect_or_basis", "recipients_told",
      "recipients_unreachable", "patches",
    ]
    let rows = requests.map { asked -> [String] in
      let (request, handling) = (asked.request, asked.request.handling)
      let outcome =
        switch handling.answer {
        case .refused(let basis, _): basis.rawValue
        case .closed(let effect, _, _): effect.rawValue
        case .withdrawn, nil: ""
        }
      return [
        request.id, request.regime.rawValue, request.ground, request.received.description,
        request.due.description, String(request.daysLeft(at: asOf)),
        String(request.isOverdue(at: asOf)), request.standing,
        handling.confirmed?.description ?? "", handling.identityCheck?.rawValue ?? "",
        handling.extensionReason?.rawValue ?? "", handling.answer?.date.description ?? "", outcome,
        String(handling.notifiedCount), String(handling.unreachableCount),
        String(asked.patches.count),
      ]
    }
    return ([columns] + rows).map { $0.map { Self.cell($0) }.joined(separator: ",") + "\r\n" }
      .joined()
  }

  /// A cell, quoted where that is needed.
  ///
  /// What a spreadsheet would take for a formula gets an apostrophe; a number is none.
  static func cell(_ text: String) -> String {
    var text = text
    if let first = text.utf8.first, "=+-@\t\r".utf8.contains(first), Int(text) == nil {
      text = "'" + text
    }
    guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
