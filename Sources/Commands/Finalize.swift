import ArgumentParser
import Ledger
import Patching
import Provenance
import Storage
import StrictJSON

struct Finalize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes patches final: destroys what taking them back needs.",
    discussion: """
      Destroys undo key and capsule, writes the ledger's database anew, and searches every file of the
      workspace for the key. Says 'final' only when nothing of it is left, and lists what else it knows of that
      could restore what was replaced. This can't be undone; interrupted, it is run again.
      Example: unlearn-patch finalize bert a.patch.safetensors
      """)
  @OptionGroup var common: CommonOptions
  @Flag(name: .long, help: "Do every check, print what would be done, and do nothing.")
  var dryRun = false
  @Argument(help: "The model's folder.", completion: .directory)
  var model: String
  @Argument(help: "The patch that is meant (default: all that are applied).", completion: .file())
  var patch: String?

  func run() throws {
    try common.run { surroundings in
      let workspace = try common.needWorkspace()
      let wanted = try patch.map { try PatchNaming.digest(of: $0) }
      if dryRun {
        let plan = try workspace.planFinalize(
          model, patch: wanted, store: try workspace.openLedger(.read), surroundings)
        return Console.Answer(
          plan: try workspace.summary(plan), of: "finalize",
          more: [
            "patches": .array(plan.applications.map { .text($0.patch.hex) }),
            "remains": .array(plan.remains.map { .text($0) }),
          ],
          lines: plan.applications.map { "destroys the undo key of \($0.patch)" }
            + Self.lines(plan.remains))
      }
      let result = try workspace.finalize(model, patch: wanted, surroundings)
      return Console.Answer(
        "finalize",
        [
          "model": .text(result.model), "path": .text(model),
          "patches": .array(
            result.patches.map {
              .members(["patch": .text($0.patch.hex), "leaf": .integer(Int64($0.leaf))])
            }),
          "searched_files": .integer(Int64(result.searchedFiles)),
          "searched_bytes": .integer(Int64(result.searchedByteCount)),
          "remains": .array(result.remains.map { .text($0) }),
        ],
        result.patches.map { "final   \($0.patch) (leaf \($0.leaf))" } + [
          "searched \(result.searchedFiles) files of the workspace, \(result.searchedByteCount) bytes: no trace of the undo key"
        ] + Self.lines(result.remains))
    }
  }

  private static func lines(_ remains: [String]) -> [String] {
    let beyond = "not known here: backups, file-system snapshots, copies that were never registered"
    if remains.isEmpty { return ["nothing that is known here restores what was replaced", beyond] }
    return ["could still restore what was replaced:"] + remains.map { "  \($0)" } + [beyond]
  }
}
