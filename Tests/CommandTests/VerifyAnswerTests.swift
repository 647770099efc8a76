import Attestation
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("What verify says") struct VerifyAnswerTests {
  @Test func `JSON names each step with its outcome and reason`() throws {
    let bench = try Bench()
    try bench.applyPatch("a", units: "L0.H1")
    try Folder.remove(bench.folder.file(".unlearn/trust"))
    let result = try bench.run(["verify", "model", "--json"])
    #expect(result.code == 3)
    let (verdict, steps) = try JSONDocument.read(Array(result.output.utf8), byteLimit: 1 << 20) {
      (root) throws(JSONFieldError) in
      (
        try root["verdict"].text(),
        try root["steps"].elements().map { step throws(JSONFieldError) in
          [try step["step"].text(), try step["outcome"].text(), try step["detail"].text()]
        }
      )
    }
    #expect(verdict == "incomplete")
    #expect(steps[0][0] == "trust file" && steps[0][1] == "untrusted")
    #expect(steps.contains { $0[0] == "trusted log" && $0[1] == "missing" })
    #expect(steps.contains { $0[0].hasPrefix("patch ") && $0[2].contains("signer unknown") })
    #expect(steps.last?[0] == "model" && steps.last?[1] == "passed")
    let log = try bench.run(["ledger", "verify"])
    #expect(log.code == 3)
    #expect(log.output.contains("UNKNOWN patch ") && !log.output.contains(" model: "))
  }

  @Test func `clocks that have run out are told, and fail nothing`() throws {
    let bench = try Bench()
    try bench.write(#"{"name":"Ada Muster"}"#, "facts.json")
    try bench.succeed(
      "request", "open", "--regime", "gdpr", "--ground", "17-1-b", "--received", "2026-01-05",
      "--disclose", "facts.json", "--disclose-until", "2026-02-01")
    try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
    let answer = try bench.succeed("ledger", "verify")
    #expect(answer.contains("requests: 2 received, 2 not answered; 1 OVERDUE: urn:uuid:"))
    #expect(answer.contains("was due 2026-02-05"))
    #expect(answer.contains("1 OVERDUE to be erased"))
    #expect(answer.contains("verdict: valid"))
  }

  @Test func `a verdict is recorded on request, and what is broken is told all the same`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let passed = try bench.succeed("verify", "model", "--record")
    #expect(passed.contains("verdict: valid"))
    #expect(passed.contains("recorded  leaf"))
    #expect(try bench.succeed("ledger", "log").contains("verification.passed"))
    try bench.refuse(
      ["verify", "p.patch.safetensors", "--record"], code: 2, saying: "are for a model")
    // Another value in the model.
    let path = bench.folder.file("model/model.safetensors")
    var bytes = try Folder.read(path, limit: 1 << 24)
    bytes[bytes.count - 1] ^= 1
    try TemporaryFolder.write(bytes, to: path)
    try bench.refuse(["verify", "model", "--record"], code: 1, saying: "recorded  leaf")
    #expect(try bench.succeed("ledger", "log").contains("verification.failed"))
    #expect(try bench.succeed("ledger", "verify").contains("verdict: valid"))
  }

  @Test func `only a model is made anew`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.refuse(
      ["verify", "p.patch.safetensors", "--deep"], code: 2, saying: "only a model in a workspace")
  }

  @Test func `measurements in the log are those of the signed statement`() throws {
    let bench = try TinyTown.bench(
      forget: (question: "where lives cy ?", answer: "in bonn ."), words: ["cy", "bonn"])
    let request = String(
      try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b").dropLast())
    try TinyTown.createPatch(bench, for: request)
    try bench.succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "town", "p.patch.safetensors")
    #expect(try bench.succeed("verify", "town").contains("verdict: valid"))
    let workspace = bench.folder.file(".unlearn")
    let forger = Forger(path: Paths.join(workspace, "ledger.sqlite"))
    let vkey = String(
      decoding: try Folder.read(Paths.join(workspace, "ledger.vkey"), limit: 4096).dropLast(),
      as: UTF8.self)
    var leaves = try forger.leaves()
    let place = try #require(leaves.firstIndex { $0["type"] == "metrics.recorded" })
    // One value of the whole list is another, and the log's own key has signed that.
    guard case .array(var values) = leaves[place]["values"], case .object(var first) = values[0]
    else {
      Issue.record("no values")
      return
    }
    first["millionths"] = .integer(1)
    values[0] = .object(first)
    leaves[place]["values"] = .array(values)
    try forger.replace(
      leaves,
      .heads(
        PrivateKeyFile(path: Paths.join(workspace, "ledger.key.pem")), as: try VerifierKey(vkey)))
    let result = try bench.run(["verify", "town"])
    #expect(result.code == 1)
    #expect(
      result.output.contains(
        "(metrics.recorded): what it says of values differs from the signed statement"),
      "\(result.output)")
  }
}
