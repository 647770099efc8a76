import Ledger
import Provenance
import Storage
import StrictJSON

/// Requests as text and JSON.
enum RequestText {
  /// The one request of an identity or its beginning.
  static func find(_ text: String, in state: LedgerState) throws -> LedgerState.Request {
    if let exact = state.request(text) { return exact }
    return try only(state.requests.filter { $0.id.dropFirst(9).hasPrefix(text) }, text)
  }

  /// The same from what is kept of each request, without reading the log; its leaves are left out.
  static func find(_ text: String, in store: LedgerStore) throws -> LedgerState.Request {
    try only(try store.requests(matching: text), text)
  }

  private static func only(_ matches: [LedgerState.Request], _ text: String) throws
    -> LedgerState.Request
  {
    guard let found = matches.first, matches.count == 1 else {
      throw ProvenanceError(
        .usage, "\(matches.count) requests match '\(text)'",
        hint: "`unlearn-patch request list` shows them")
    }
    return found
  }

  /// How much time is left, or whether it was kept.
  private static func clock(_ request: LedgerState.Request, _ now: Timestamp) -> String {
    let isLate = request.isOverdue(at: now)
    if let answer = request.handling.answer {
      return "\(answer.name) \(answer.date)\(isLate ? ", LATE" : "")"
    }
    let days = request.daysLeft(at: now)
    return isLate ? "OVERDUE by \(-days) days" : "\(days) days left"
  }

  static func line(_ request: LedgerState.Request, _ now: Timestamp) -> String {
    var text =
      "\(request.id)  \(request.regime.rawValue) \(request.ground)  received \(request.received), due \(request.due) (\(clock(request, now)))  \(request.standing)"
    if let reason = request.handling.extensionReason { text += "  extended (\(reason.rawValue))" }
    if request.isConfirmationOverdue(at: now), let last = request.confirmationDue {
      text +=
        request.handling.confirmed.map { "  confirmed LATE, \($0), was due \(last)" }
        ?? "  confirmation OVERDUE since \(last)"
    }
    return text
  }

  static func json(_ request: LedgerState.Request, _ now: Timestamp) -> JSONObject {
    let handling = request.handling
    func day(_ date: CivilDate?) -> JSONValue { date.map { .text($0.description) } ?? .null }
    var object = JSONObject([
      ("request", .text(request.id)), ("regime", .text(request.regime.rawValue)),
      ("ground", .text(request.ground)), ("received", .text(request.received.description)),
      ("utc_offset", .integer(Int64(handling.utcOffset))),
      ("due", .text(request.due.description)),
      ("days_left", .integer(Int64(request.daysLeft(at: now)))),
      ("overdue", .bool(request.isOverdue(at: now))), ("status", .text(request.standing)),
      ("applied", .text(request.status.rawValue)),
      ("manner", handling.manner.map { .text($0.rawValue) } ?? .null),
      ("confirm_due", day(request.confirmationDue)), ("confirmed", day(handling.confirmed)),
      ("confirmation_overdue", .bool(request.isConfirmationOverdue(at: now))),
      ("identity_check", handling.identityCheck.map { .text($0.rawValue) } ?? .null),
      ("extension", handling.extensionReason.map { .text($0.rawValue) } ?? .null),
      ("recipients_told", .integer(Int64(handling.notifiedCount))),
      ("recipients_unreachable", .integer(Int64(handling.unreachableCount))),
      ("answered", day(handling.answer?.date)),
    ])
    switch handling.answer {
    case .refused(let basis, _): object["refusal"] = .text(basis.rawValue)
    case .closed(let effect, let isPartial, _):
      object["effect"] = .text(effect.rawValue)
      object["partial"] = .bool(isPartial)
    case .withdrawn, nil: break
    }
    return object
  }
}
