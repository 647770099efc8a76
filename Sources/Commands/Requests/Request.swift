import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

struct Request: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keeps erasure requests with their legal clocks.",
    discussion: """
      A request is open until it is closed, refused or withdrawn. Days are those at the controller's place.
      REQUEST is urn:uuid:… or the beginning of the uuid.
      """,
    subcommands: [
      Open.self, Confirm.self, Identify.self, Extend.self, Refuse.self, Withdraw.self, Close.self,
      Notify.self, List.self, Show.self,
    ])
}
