import TestSupport
import Testing

/// One row of the table in `docs/formats/ledger.md`: what is done, and what `verify` says of it.
struct Attack: Sendable {
  /// What is done, in words.
  let name: String
  /// The verdict; `refused` where the command itself refuses.
  let verdict: String
  /// The step that tells it; empty where nothing is wrong.
  let step: String
  /// Words of the reason.
  let words: String
  /// The exit code.
  let code: Int32
  /// The command that is run after it.
  let command: [String]
  /// Does it.
  let strike: @Sendable (Stage) throws -> Void

  init(
    _ name: String, _ verdict: String, _ step: String = "", _ words: String = "", code: Int32,
    by command: [String] = ["verify", "model"],
    _ strike: @escaping @Sendable (Stage) throws -> Void
  ) {
    self.name = name
    self.verdict = verdict
    self.step = step
    self.words = words
    self.code = code
    self.command = command
    self.strike = strike
  }

  /// The row of the table in the documentation.
  var row: String { "| \(name) | \(verdict) | \(step) | \(code) |" }

  /// Strikes, runs the command, and holds what it says against the row.
  func check(on stage: Stage) throws {
    try stage.restore()
    try strike(stage)
    let result = try stage.bench.run(command)
    let said = result.output + result.errors
    #expect(result.code == code, "\(name): \(said)")
    if verdict == "refused" {
      #expect(said.contains(words), "\(name): \(said)")
      return
    }
    #expect(result.output.contains("verdict: \(verdict)\n"), "\(name): \(said)")
    let mark = ["valid": "ok     ", "invalid": "FAILED "][verdict]
    let lines = result.output.split(separator: "\n")
    if verdict == "valid" {
      #expect(
        !lines.contains { $0.hasPrefix("FAILED") || $0.hasPrefix("missing") }, "\(name): \(said)")
    }
    let marks = mark.map { [$0] } ?? ["missing", "UNKNOWN"]
    #expect(
      step.isEmpty
        || lines.contains { line in
          marks.contains { line.hasPrefix("\($0) \(step)") } && line.contains(words)
        }, "\(name): \(said)")
  }
}
