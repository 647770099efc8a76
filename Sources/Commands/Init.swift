import ArgumentParser
import Attestation
import Provenance
import Storage
import StrictJSON

struct Init: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a workspace: ledger, ledger key, trust file.",
    discussion: "Example: unlearn-patch init --origin ledger.example/unlearning")
  @OptionGroup var common: CommonOptions
  @Option(
    name: .long,
    help: "The name of the log, as it stands in every signed head: host and path, no spaces.")
  var origin: String
  @Argument(help: "The folder that gets the workspace.", completion: .directory)
  var folder = "."

  func run() throws {
    try common.run { surroundings in
      let workspace = try Workspace.create(
        in: folder, origin: origin, pins: common.pins, at: surroundings.now)
      return Console.Answer(
        "init",
        ["workspace": .text(workspace.path), "vkey": .text(workspace.verifierKey.encoded)],
        [
          "workspace \(workspace.path)",
          "log key   \(workspace.verifierKey.encoded)",
          "Nobody's patches are trusted yet: unlearn-patch trust add SIGNER.pub.pem --name NAME",
        ])
    }
  }
}
