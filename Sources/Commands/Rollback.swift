import ArgumentParser
import Patching
import Provenance
import Storage

struct Rollback: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes the last patch back: the exact former bytes.",
    discussion: "Example: unlearn-patch rollback bert")
  @OptionGroup var common: CommonOptions
  @Argument(help: "The model's folder.", completion: .directory)
  var model: String
  @Argument(help: "The patch that is meant (default: the last).", completion: .file())
  var patch: String?

  func run() throws {
    try common.run { surroundings in
      let workspace = try common.needWorkspace()
      let wanted = try patch.map { path in
        let file = try DistributedPatch(path: path)
        return file.digest
      }
      let result = try workspace.rollback(model, patch: wanted, surroundings)
      return Apply.answer("rollback", result, at: model, word: "rolled back")
    }
  }
}
