import Storage
import StrictJSON
import TestSupport
import Testing

/// An evaluation that is made after a patch, in the log.
@Suite("Evaluation in the log") struct EvaluationLogTests {
  @Test func `numbers of a patched model come back and are recorded in the log`() throws {
    let town = try Town()
    try town.succeed(["init", "--origin", "test.example/log"])
    try town.succeed(["keygen", "--role", "artifact", "-o", "officer"])
    try town.succeed(["trust", "add", "officer.pub.pem"])
    try town.succeed(
      town.create(
        "gd",
        ["--test", "test.jsonl", "--oracle", "oracle", "--rate", "0.01", "--new-tokens", "6"]))
    try town.succeed(["sign", "p.patch.safetensors", "--key", "officer.key.pem"])
    try town.succeed(["apply", "model", "p.patch.safetensors", "--output", "patched"])
    let arguments =
      ["evaluate", "--model", "patched", "--threads", "1", "--new-tokens", "6", "--seed", "0"]
      + [
        "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--test", "test.jsonl",
      ]
    try town.succeed(
      arguments + [
        "--original", "model", "--oracle", "oracle", "--against", "p.patch.safetensors", "-o",
        "eval", "--record-for", "p.patch.safetensors",
      ])
    let log = try town.succeed(["ledger", "log", "--json"])
    #expect(log.contains(#""evaluation""#))
    try town.succeed(["ledger", "verify"])
    let unknown = try town.run(
      arguments + ["-o", "other", "--record-for", "forget.jsonl"])
    #expect(unknown.code == 6 || unknown.code == 1, "\(unknown.code) \(unknown.errors)")
  }
}
