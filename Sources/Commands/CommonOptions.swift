import ArgumentParser
import Ledger
import Provenance
import Storage
import StrictJSON

/// Options that every command takes.
struct CommonOptions: ParsableArguments {
  @Flag(name: .long, help: "Print one JSON document instead of text.")
  var json = false
  @Option(
    name: .long, help: "The workspace folder (default: the nearest .unlearn upwards).",
    completion: .directory)
  var workspace: String?
  @Flag(name: [.short, .long], help: "Print nothing but errors and the answer.")
  var quiet = false

  /// Heads that were seen are kept in the user's state folder, outside every workspace.
  var pins: PinStore {
    let home = Console.environment("HOME") ?? "."
    return PinStore(
      stateFolder: Console.environment("XDG_STATE_HOME").flatMap { $0.isEmpty ? nil : $0 }
        ?? Paths.join(home, ".local/state"))
  }

  /// The workspace, where there is one.
  func findWorkspace() throws -> Workspace? {
    if let workspace {
      let name = Paths.name(of: workspace)
      let path =
        name == Workspace.folderName ? workspace : Paths.join(workspace, Workspace.folderName)
      return try Workspace(path: try Paths.resolved(path), pins: pins)
    }
    return try Workspace.nearest(from: ".").map { try Workspace(path: $0, pins: pins) }
  }

  /// The workspace, which must be there.
  func needWorkspace() throws -> Workspace {
    guard let found = try findWorkspace() else {
      throw ProvenanceError(
        .incomplete, "there is no workspace here or above",
        hint: "make one with `unlearn-patch init --origin NAME`, or name one with --workspace")
    }
    return found
  }

  /// Runs a command's work, says its answer, and turns a refusal into message and exit code.
  func run(_ work: (Surroundings) throws -> Console.Answer, code: (() -> Int32)? = nil) throws {
    try run({ surroundings, _ in try work(surroundings) }, code: code)
  }

  /// The same for work that tells of its steps itself.
  func run(
    _ work: (Surroundings, Progress) throws -> Console.Answer, code: (() -> Int32)? = nil
  ) throws {
    let progress = Progress(isOn: !quiet && !json && Console.isErrorTerminal)
    do {
      let answer = try work(
        Surroundings(
          now: Console.now, progress: { progress.advance($0, $1, $2) },
          warn: { Console.note("warning: \($0)") }), progress)
      progress.end()
      Console.say(answer, asJSON: json)
      if let code = code?(), code != 0 { throw ExitCode(code) }
    } catch {
      progress.end()
      guard let refusal = asProvenanceError(error) else { throw error }
      Console.note("error: \(refusal.description)")
      if let hint = refusal.hint { Console.note("hint: \(hint)") }
      let code = Exit.code(refusal.category)
      if json {
        Console.say(
          Console.Answer(
            "error",
            [
              "error": .text(refusal.description), "hint": refusal.hint.map { .text($0) },
              "exit_code": .integer(Int64(code)),
            ], []), asJSON: true)
      }
      throw ExitCode(code)
    }
  }
}
