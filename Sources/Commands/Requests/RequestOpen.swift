import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension Request {
  struct Open: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that a person asks to be forgotten; prints the request's random identity.",
      discussion: """
        Nothing about the person goes into the log. --disclose takes a JSON object of facts (a name, a
        customer number); the log gets salted commitments to them, the facts are kept where they can be
        erased (`ledger shred`).
        Example: unlearn-patch request open --regime gdpr --ground 17-1-b --received 2026-01-31T23:30:00+01:00
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The law: gdpr or ccpa.")
    var regime: String
    @Option(name: .long, help: "The ground: 17-1-a to 17-1-f, or 1798.105.")
    var ground: String
    @Option(
      name: .long,
      help:
        "When it came: YYYY-MM-DD, or with the time and the place's offset YYYY-MM-DDTHH:MM:SS+HH:MM (default: now, UTC)."
    )
    var received: String?
    @Option(
      name: .long,
      help: "How it came: web-form, email, phone, post, in-person, agent or other.")
    var manner: RequestManner?
    @Option(name: .long, help: "A JSON object of facts about the person.", completion: .file())
    var disclose: String?
    @Option(
      name: .long, help: "The day from which on `ledger shred --expired` erases the facts.")
    var discloseUntil: String?

    func run() throws {
      try common.run { surroundings in
        guard let regime = Regime(rawValue: regime) else {
          throw ProvenanceError(.usage, "unknown regime '\(regime)': gdpr and ccpa are known")
        }
        let known = regime.grounds.map(\.rawValue).joined(separator: ", ")
        guard let ground = Ground(rawValue: ground), regime.grounds.contains(ground) else {
          throw ProvenanceError(
            .usage, "'\(ground)' is no ground of \(regime.rawValue): expected one of \(known)")
        }
        let receipt = try received.map { try Receipt($0) } ?? Receipt(at: surroundings.now)
        guard receipt.day <= receipt.day(at: surroundings.now) else {
          throw ProvenanceError(.usage, "\(receipt.day) has not come yet")
        }
        let expiry = try discloseUntil.map { try Day.read($0) }
        let id = "urn:uuid:" + SecureRandom.uuid()
        let commitments = try disclose.map { try Self.commitments($0) } ?? []
        var attachments = LedgerStore.Attachments()
        attachments.disclosures = commitments.map {
          LedgerStore.Disclosure(request: id, commitment: $0, expiry: expiry)
        }
        let workspace = try common.needWorkspace()
        try workspace.record(
          [
            .requestReceived(
              id, regime, ground, received: receipt.day, utcOffset: receipt.utcOffset,
              manner: manner, commitments: commitments)
          ], attachments, in: try workspace.openLedger(.append), at: surroundings.now)
        let due = regime.due(received: receipt.day)
        return Console.Answer(
          "request-open",
          [
            "request": .text(id), "due": .text(due.description),
            "confirm_due": regime.confirmationDue(received: receipt.day).map {
              .text($0.description)
            } ?? .null,
            "days_left": .integer(
              Int64(due.daysSince1970 - receipt.day(at: surroundings.now).daysSince1970)),
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
}

/// When a request came, by the clocks of the place where it came.
struct Receipt {
  /// The day there.
  let day: CivilDate
  /// How far the clocks there are ahead of UTC, in minutes.
  let utcOffset: Int

  init(at time: Timestamp) {
    day = time.date
    utcOffset = 0
  }

  /// Reads a day, or a moment with `Z` or an offset of up to 14 hours (RFC 3339).
  init(_ text: String) throws {
    let failure = ProvenanceError(
      .usage, "'\(text)' is no day or moment: expected YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS+HH:MM")
    guard let day = CivilDate(String(text.prefix(10))) else { throw failure }
    self.day = day
    if text.utf8.count == 10 || text.utf8.count == 20 && Timestamp(text) != nil {
      utcOffset = 0
      return
    }
    let bytes = Array(text.utf8)
    func digits(_ start: Int) -> Int? {
      bytes[start..<start + 2].allSatisfy { (0x30...0x39).contains($0) }
        ? Int(String(decoding: bytes[start..<start + 2], as: UTF8.self)) : nil
    }
    guard bytes.count == 25, Timestamp(String(decoding: bytes[..<19], as: UTF8.self) + "Z") != nil,
      bytes[19] == UInt8(ascii: "+") || bytes[19] == UInt8(ascii: "-"),
      bytes[22] == UInt8(ascii: ":"), let hours = digits(20), let minutes = digits(23),
      hours <= 14, minutes < 60
    else { throw failure }
    let offset = hours * 60 + minutes
    utcOffset = bytes[19] == UInt8(ascii: "-") ? -offset : offset
  }

  /// The day there at a moment.
  func day(at time: Timestamp) -> CivilDate {
    time.date(utcOffset: utcOffset)
  }
}

/// Days that a person names.
enum Day {
  static func read(_ text: String) throws -> CivilDate {
    guard let day = CivilDate(text) else {
      throw ProvenanceError(.usage, "'\(text)' is no day: expected YYYY-MM-DD")
    }
    return day
  }
}
