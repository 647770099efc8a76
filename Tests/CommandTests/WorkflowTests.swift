import SampleModels
import Storage
import TestSupport
import Testing

@Suite("The way through") struct WorkflowTests {
  @Test(
    "apply changes the named slices only, rollback restores every byte",
    arguments: ["bert", "gpt2", "llama"])
  func roundTrip(_ family: String) throws {
    let sample: SampleModel =
      family == "bert" ? .bert() : family == "gpt2" ? .gpt2() : .llama()
    let bench = try Bench(sample, shardCount: 3)
    let base = try bench.contents("model")
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let result = try bench.contents("model")
    #expect(result != base)
    #expect(result.keys == base.keys)
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
    try bench.succeed("rollback", "model")
    #expect(try bench.contents("model") == base)
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
  }

  @Test func `a patched copy equals what in place gives, and the original stays`() throws {
    let bench = try Bench(shardCount: 3)
    let base = try bench.contents("model")
    try bench.makePatch()
    try bench.succeed("apply", "model/", "p.patch.safetensors", "--output", "copy/")
    #expect(try bench.contents("model") == base)
    try bench.succeed("verify", "copy")
    try bench.succeed("verify", "model")
    try bench.succeed("apply", "model", "p.patch.safetensors", "--verify", "touched")
    #expect(try bench.contents("model") == bench.contents("copy"))
    #expect(try bench.run(["rollback", "copy"]).code == 6)
  }

  @Test func `a dry run prints the plan and writes nothing`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let before = try bench.contents(".")
    let plan = try bench.succeed("apply", "model", "p.patch.safetensors", "--dry-run")
    #expect(plan.contains("nothing was written"))
    let after = try bench.contents(".")
    // Reading a database in WAL mode may make its shared-memory file.
    func evidence(_ files: [String: [UInt8]]) -> [String: [UInt8]] {
      files.filter { !$0.key.hasSuffix("-shm") && !$0.key.hasSuffix("-wal") }
    }
    #expect(evidence(after) == evidence(before))
  }

  @Test func `the request, the log and the report tell what was done`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    #expect(try bench.succeed("request", "list").contains("applied"))
    let log = try bench.succeed("ledger", "log")
    for type in [
      "request.received", "patch.created", "patch.signed", "patch.intent", "patch.applied",
    ] {
      #expect(log.contains(type))
    }
    try bench.succeed("ledger", "verify")
    try bench.succeed("report", "export", "-o", "report", "--as-of", "2030-01-01")
    try bench.succeed("verify", "report")
    let html = String(
      decoding: try Folder.read(bench.folder.file("report/report.html"), limit: 1 << 20),
      as: UTF8.self)
    #expect(html.contains("L0.H1") && html.contains("L1.F3") && html.contains("17-1-b"))
    #expect(!html.contains("<script"))
    let text = String(
      decoding: try Folder.read(bench.folder.file("report/report.md"), limit: 1 << 20),
      as: UTF8.self)
    for words in ["| L0 | 1 | none |", "| L1 | none | 3 |", "ground 17-1-b", "`patch.applied`"] {
      #expect(text.contains(words), "\(words)")
    }
    try TemporaryFolder.flip(bench.folder.file("report/entries.jsonl"), at: 40)
    #expect(try bench.run(["verify", "report"]).code == 1)
  }

  @Test func `JSON answers carry a schema, also in refusal`() throws {
    let bench = try Bench()
    #expect(
      try bench.succeed("inspect", "model", "--json").contains(
        #""schema": "unlearn-patch/inspect-model/v1""#))
    let refusal = try bench.run(["apply", "model", "none.patch.safetensors", "--json"])
    #expect(refusal.code == 5)
    #expect(refusal.output.contains(#""exit_code": 5"#))
  }

  @Test func `facts about a person stay out of the log and the report`() throws {
    let bench = try Bench()
    try AtomicFile.write(
      Array(#"{"name":"Ada Muster","mail":"ada@muster.example"}"#.utf8).rawSpan,
      to: bench.folder.file("facts.json"))
    try bench.succeed(
      "request", "open", "--regime", "gdpr", "--ground", "17-1-b", "--disclose", "facts.json")
    try bench.succeed("report", "export", "-o", "report")
    let log = try bench.succeed("ledger", "log")
    let report = try bench.contents("report").values.map { String(decoding: $0, as: UTF8.self) }
    for text in report + [log] {
      #expect(!text.contains("Muster") && !text.contains("muster"))
    }
    #expect(log.contains("commitments"))
  }
}
