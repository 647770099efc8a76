import SampleModels
import Storage
import StrictJSON
import TestSupport
import Testing

/// A workspace with a model, an officer's key and the real program.
final class Bench: Sendable {
  let folder: TemporaryFolder
  let program = Program("unlearn-patch")

  var environment: [String: String] { ["XDG_STATE_HOME": folder.file("state"), "TZ": "UTC"] }

  /// Makes the workspace; the model is `model`, its copy `base`.
  init(_ sample: SampleModel = .bert(), shardCount: Int = 1) throws {
    folder = try TemporaryFolder()
    try sample.write(to: folder.file("model"), shardCount: shardCount)
    try TemporaryFolder.copyTree(folder.file("model"), folder.file("base"))
    try succeed("init", "--origin", "test.example/log")
    try succeed("keygen", "--role", "artifact", "-o", "officer")
    try succeed("trust", "add", "officer.pub.pem")
  }

  func run(_ arguments: [String], _ extra: [String: String] = [:]) throws -> ProgramResult {
    try program.run(
      arguments, in: folder.path, environment: environment.merging(extra) { $1 })
  }

  /// Runs a command that must succeed; gives what it prints.
  @discardableResult
  func succeed(
    _ arguments: String..., at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let result = try run(arguments)
    #expect(
      result.code == 0, "\(arguments): \(result.errors)\(result.output)", sourceLocation: location)
    return result.output
  }

  /// Runs a command that must be refused with a code and words, and change nothing in the model.
  func refuse(
    _ arguments: [String], code: Int32, saying words: String...,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try TemporaryFolder.contents(folder.file("model"))
    let result = try run(arguments)
    #expect(result.code == code, "\(result.errors)\(result.output)", sourceLocation: location)
    for word in words {
      #expect(
        (result.errors + result.output).contains(word), "\(result.errors)\(result.output)",
        sourceLocation: location)
    }
    #expect(
      try TemporaryFolder.contents(folder.file("model")) == before, "the model has changed",
      sourceLocation: location)
  }

  /// Makes and signs the patch `p.patch.safetensors` that ablates a head and a filter.
  func makePatch(units: String = "L0.H1,L1.F3", encoding: String = "replace") throws {
    let request = try succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
    try succeed(
      "create", "--model", "model", "--method", "ablate", "--units", units, "--request",
      String(request.dropLast()), "--encoding", encoding, "-o", "p.patch.safetensors")
    try succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
  }

  /// Makes, signs and applies a patch of the model as it is that ablates units.
  func applyPatch(_ name: String, units: String) throws {
    let patch = "\(name).patch.safetensors"
    try succeed(
      "create", "--model", "model", "--method", "ablate", "--units", units, "-o", patch)
    try succeed("sign", patch, "--key", "officer.key.pem")
    try succeed("apply", "model", patch)
  }

  /// Writes a file of the folder, or writes it over.
  func write(_ bytes: [UInt8], _ name: String) throws {
    try TemporaryFolder.write(bytes, to: folder.file(name))
  }

  func contents(_ name: String) throws -> [String: [UInt8]] {
    try TemporaryFolder.contents(folder.file(name))
  }
}
