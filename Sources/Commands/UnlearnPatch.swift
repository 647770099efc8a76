public import ArgumentParser
import Patching

/// The tool: its subcommands, in the order of the work.
public struct UnlearnPatch: ParsableCommand {
  /// What the tool is called and offers.
  public static let configuration = CommandConfiguration(
    commandName: "unlearn-patch",
    abstract:
      "Removes what a Transformer learned, as a signed patch, with a record that proves it.",
    discussion: """
      The way through: init, request open, create or diff, sign, apply, verify, report export; rollback
      restores the former bytes, until finalize destroys what that needs.

      Exit codes: 0 done or valid, 1 a check failed, 2 usage, 3 signer not trusted, 4 something needed for
      a verdict is missing, 5 input or output failed, 6 the state does not fit (wrong base, already
      applied, recovery needed).
      """,
    version: Tool.nameAndVersion,
    subcommands: [
      Init.self, Keygen.self, Trust.self, Request.self, Inspect.self, Create.self, Diff.self,
      Compose.self, Sign.self, Unseal.self, Apply.self, Rollback.self, Recover.self, Finalize.self,
      Verify.self, Evaluate.self, Attack.self, LedgerCommand.self, Report.self, Finetune.self,
      Fisher.self,
    ])

  /// Parses nothing of its own.
  public init() {}

  /// Runs the tool on arguments; gives the exit code.
  public static func main(arguments: [String]) -> Int32 {
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      return 0
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code == .success {
        print(message)
        return 0
      }
      if !message.isEmpty { Console.write(message + "\n") }
      return code == .validationFailure ? 2 : code.rawValue
    }
  }
}
