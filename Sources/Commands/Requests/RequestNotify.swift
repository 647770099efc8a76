import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension Request {
  struct Notify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records that a recipient was told of the erasure, or could not be (GDPR 19).",
      discussion: """
        The log gets the recipient's class, and with --who a salted commitment to its name, which is kept where
        it can be erased.
        Example: unlearn-patch request notify 3f2c --recipient processor --who "Example Hosting Ltd"
        """)
    @OptionGroup var common: CommonOptions
    @Option(
      name: .long,
      help: "Its class: processor, controller, model-user, authority, publisher or other.")
    var recipient: RecipientClass
    @Option(name: .long, help: "Its name; does not go into the log.")
    var who: String?
    @Flag(name: .long, help: "It could not be told, or only with undue effort.")
    var unreachable = false
    @OptionGroup var options: RequestStepOptions

    func run() throws {
      let identity = try who.map { try Commitment(name: "recipient", value: $0) }
      try Request.record(
        "request-notify", unreachable ? "could not be told" : "told", common, options,
        { request in
          var attachments = LedgerStore.Attachments()
          attachments.disclosures = [identity].compactMap { $0 }.map {
            LedgerStore.Disclosure(request: request.id, commitment: $0, expiry: nil)
          }
          return attachments
        },
        event: { request, day in
          .recipientNotified(
            request.id, recipient, identity: identity, isReached: !unreachable, on: day)
        })
    }
  }
}
