import ArgumentParser
import Ledger
import Patching
import Provenance
import Storage

struct Rollback: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes a patch back: the exact former bytes.",
    discussion: """
      The last patch goes at once. An earlier one goes alone where no later patch touches the same bytes; else
      the refusal names the patches and units that are in the way.
      Example: unlearn-patch rollback bert
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var renewal: RenewalOptions
  @Flag(name: .long, help: "Do every check, print what would be written, and write nothing.")
  var dryRun = false
  @Argument(help: "The model's folder.", completion: .directory)
  var model: String
  @Argument(help: "The patch that is meant (default: the last).", completion: .file())
  var patch: String?

  func run() throws {
    try common.run { surroundings in
      let workspace = try common.needWorkspace()
      let signer = try renewal.signer()
      let wanted = try patch.map { try PatchNaming.digest(of: $0) }
      if dryRun {
        let plan = try workspace.planRollback(
          model, patch: wanted, store: try workspace.openLedger(.read), surroundings)
        return Console.Answer(plan: try plan.summary(workspace: workspace), of: "rollback")
      }
      let result = try workspace.rollback(
        model, patch: wanted, signer: signer, surroundings)
      return Apply.answer("rollback", result, at: model, word: "rolled back")
    }
  }
}
