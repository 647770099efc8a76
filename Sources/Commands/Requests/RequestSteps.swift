import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

/// Days and requests of the commands that record what is done about a request.
struct RequestStepOptions: ParsableArguments {
  @Option(name: .long, help: "The day, YYYY-MM-DD (default: today).")
  var on: String?
  @Argument(help: "The request.")
  var request: String
}

extension Request {
  /// Records one step of a request and says where it stands.
  static func record(
    _ name: String, _ done: String, _ common: CommonOptions, _ options: RequestStepOptions,
    _ attachments: (LedgerState.Request) throws -> LedgerStore.Attachments = { _ in
      LedgerStore.Attachments()
    }, event: @escaping (LedgerState.Request, CivilDate) throws -> Event
  ) throws {
    try common.run { surroundings in
      let workspace = try common.needWorkspace()
      let store = try workspace.openLedger(.append)
      let request = try RequestText.find(options.request, in: store)
      let day = try options.on.map { try Day.read($0) } ?? request.day(at: surroundings.now)
      let leaves = try workspace.record(
        [try event(request, day)], try attachments(request), in: store, at: surroundings.now)
      let now = try RequestText.find(request.id, in: store)
      var fields = RequestText.json(now, surroundings.now)
      fields["leaf"] = .integer(Int64(leaves[0].sequence))
      var answer = Console.Answer(
        name, [:],
        ["\(done) on \(day) (leaf \(leaves[0].sequence))", RequestText.line(now, surroundings.now)])
      answer.fields = fields
      return answer
    }
  }

  struct Confirm: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Records that the receipt was confirmed to the person (CCPA: within 10 business days).")
    @OptionGroup var common: CommonOptions
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      try Request.record("request-confirm", "confirmed", common, options) { request, day in
        .requestConfirmed(request.id, on: day)
      }
    }
  }

  struct Identify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records how it was made sure who asks; never a document or a number of one.")
    @OptionGroup var common: CommonOptions
    @Option(
      name: .long,
      help: "How: account, matching, document, electronic, authority or not-needed.")
    var check: IdentityCheck
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      try Request.record("request-identify", "identity checked", common, options) { request, day in
        .requestIdentified(request.id, by: check, on: day)
      }
    }
  }

  struct Extend: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that the person was told, with the reason, that it takes longer.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Why: complexity or number (of requests).")
    var reason: ExtensionReason
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      try Request.record("request-extend", "extended", common, options) { request, day in
        .requestExtended(request, for: reason, on: day)
      }
    }
  }

  struct Refuse: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that erasure was refused and the person told why.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The exception, such as 17-3-b, 12-5-excessive or 1798.105-d-8.")
    var basis: RefusalBasis
    @Flag(
      name: .long,
      help: "The person was told of the right to complain and to go to court (GDPR 12(4)).")
    var remediesStated = false
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      try Request.record("request-refuse", "refused", common, options) { request, day in
        .requestRefused(request.id, basis, remediesStated: remediesStated, on: day)
      }
    }
  }

  struct Withdraw: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that the person has taken the request back.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      try Request.record("request-withdraw", "withdrawn", common, options) { request, day in
        .requestWithdrawn(request.id, on: day)
      }
    }
  }

  struct Close: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that the request was met and the person told.")
    @OptionGroup var common: CommonOptions
    @Option(
      name: .long,
      help:
        "What has become of it: removed (by an applied patch), suppressed (still there) or retrained."
    )
    var effect: ErasureEffect
    @Flag(name: .long, help: "Some of what was asked for was not done.")
    var partial = false
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      try Request.record("request-close", "closed", common, options) { request, day in
        .requestClosed(request.id, effect, isPartial: partial, on: day)
      }
    }
  }
}
