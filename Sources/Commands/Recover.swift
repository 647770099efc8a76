import ArgumentParser
import Patching
import Provenance
import Storage
import StrictJSON

struct Recover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings an interrupted apply or rollback to an end.",
    discussion: """
      Finishes the operation, or with --undo restores what was before it; the ledger tells which.
      Example: unlearn-patch recover bert
      """)
  @OptionGroup var common: CommonOptions
  @Flag(name: .long, help: "Restore what was before the operation.")
  var undo = false
  @Argument(help: "The model's folder.", completion: .directory)
  var model: String

  func run() throws {
    try common.run { surroundings in
      let workspace = try common.needWorkspace()
      guard let result = try workspace.recover(model, undo ? .undo : .finish, surroundings) else {
        return Console.Answer(
          "recover", ["interrupted": .bool(false)], ["nothing was interrupted"])
      }
      return Console.Answer(
        "recover",
        [
          "interrupted": .bool(true), "operation": .text(result.operation.rawValue),
          "finished": .bool(result.isFinished), "root": .text(result.root.hex),
        ],
        [
          "\(result.operation.rawValue) \(result.isFinished ? "finished" : "undone"): the model is at \(result.root)"
        ])
    }
  }
}
