import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

struct Request: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keeps erasure requests with their legal clocks.",
    subcommands: [Open.self, List.self, Show.self])

  struct Open: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that a person asks to be forgotten; prints the request's random identity.",
      discussion: """
        Nothing about the person goes into the log. --disclose takes a JSON object of facts (a name, a
        customer number); the log gets salted commitments to them, the facts are kept where they can be
        erased.
        Example: unlearn-patch request open --regime gdpr --ground 17-1-b
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The law: gdpr or ccpa.")
    var regime: String
    @Option(name: .long, help: "The ground, such as 17-1-b.")
    var ground: String
    @Option(
      name: .long, help: "The day on which the request came, YYYY-MM-DD (default: today, UTC).")
    var received: String?
    @Option(name: .long, help: "A JSON object of facts about the person.", completion: .file())
    var disclose: String?

    func run() throws {
      try common.run { surroundings in
        guard let regime = Regime(rawValue: regime) else {
          throw ProvenanceError(.usage, "unknown regime '\(regime)': gdpr and ccpa are known")
        }
        let received =
          try received.map { text in
            guard let date = CivilDate(text) else {
              throw ProvenanceError(.usage, "'\(text)' is no day: expected YYYY-MM-DD")
            }
            return date
          } ?? surroundings.now.date
        guard received <= surroundings.now.date else {
          throw ProvenanceError(.usage, "\(received) has not come yet")
        }
        let id = "urn:uuid:" + SecureRandom.uuid()
        let commitments = try disclose.map { try Self.commitments($0) } ?? []
        var attachments = LedgerStore.Attachments()
        attachments.disclosures = commitments.map { (id, $0) }
        let due = regime.due(received: received)
        let workspace = try common.needWorkspace()
        try workspace.record(
          [
            Event(
              .requestReceived,
              [
                "request": .text(id), "regime": .text(regime.rawValue), "ground": .text(ground),
                "received": .text(received.description), "due": .text(due.description),
                "commitments": .array(commitments.map { .text($0.digest) }),
              ])
          ], attachments, in: try workspace.openLedger(.append), at: surroundings.now)
        return Console.Answer(
          "request-open",
          [
            "request": .text(id), "due": .text(due.description),
            "days_left": .integer(
              Int64(due.daysSince1970 - surroundings.now.date.daysSince1970)),
          ], [id])
      }
    }

    static func commitments(_ path: String) throws -> [Commitment] {
      let bytes = try Folder.read(path, limit: 1 << 20)
      let facts: [(String, String)]
      do throws(JSONDocumentError) {
        facts = try JSONDocument.read(bytes, byteLimit: 1 << 20) {
          (root) throws(JSONFieldError) in
          try root.object().members.map { member throws(JSONFieldError) in
            guard case .string(let value) = member.value else {
              throw JSONFieldError("$.\(member.key)", expected: "a string")
            }
            return (member.key.text, value.text)
          }
        }
      } catch { throw ProvenanceError(.usage, "\(path): \(error)") }
      return try facts.map { try Commitment(name: $0.0, value: $0.1) }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists requests with the days that are left.")
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.run { surroundings in
        let state = try common.needWorkspace().openLedger(.read).state()
        let today = surroundings.now.date
        return Console.Answer(
          "request-list",
          ["requests": .array(state.requests.map { .object(RequestText.json($0, today)) })],
          state.requests.isEmpty
            ? ["no requests"] : state.requests.map { RequestText.line($0, today) })
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a request with everything that was done for it.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "The request, urn:uuid:… or the beginning of the uuid.")
    var request: String

    func run() throws {
      try common.run { surroundings in
        let store = try common.needWorkspace().openLedger(.read)
        let state = try store.state()
        let matches = state.requests.filter {
          $0.id == request || $0.id.dropFirst(9).hasPrefix(request)
        }
        guard let found = matches.first, matches.count == 1 else {
          throw ProvenanceError(
            .usage, "\(matches.count) requests match '\(request)'",
            hint: "`unlearn-patch request list` shows them")
        }
        let today = surroundings.now.date
        let leaves = try found.leaves.map { try store.leaf($0) }
        var object = RequestText.json(found, today)
        object["events"] = .array(
          leaves.map {
            .members([
              "leaf": .integer(Int64($0.sequence)), "time": .text($0.time.description),
              "type": .text($0.typeName),
            ])
          })
        var answer = Console.Answer(
          "request-show", [:],
          [RequestText.line(found, today)]
            + leaves.map { "  leaf \($0.sequence)  \($0.time)  \($0.typeName)" })
        answer.fields = object
        return answer
      }
    }
  }
}

/// Requests as text and JSON.
enum RequestText {
  static func daysLeft(_ request: LedgerState.Request, _ today: CivilDate) -> Int {
    request.due.daysSince1970 - today.daysSince1970
  }

  static func line(_ request: LedgerState.Request, _ today: CivilDate) -> String {
    let days = daysLeft(request, today)
    let clock = days < 0 ? "OVERDUE by \(-days) days" : "\(days) days left"
    return
      "\(request.id)  \(request.regime.rawValue) \(request.ground)  received \(request.received), due \(request.due) (\(clock))  \(request.status.rawValue)"
  }

  static func json(_ request: LedgerState.Request, _ today: CivilDate) -> JSONObject {
    let days = daysLeft(request, today)
    return JSONObject([
      ("request", .text(request.id)), ("regime", .text(request.regime.rawValue)),
      ("ground", .text(request.ground)), ("received", .text(request.received.description)),
      ("due", .text(request.due.description)), ("days_left", .integer(Int64(days))),
      ("overdue", .bool(days < 0)), ("status", .text(request.status.rawValue)),
    ])
  }
}
