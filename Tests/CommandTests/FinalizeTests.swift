import Attestation
import SampleModels
import Storage
import TestSupport
import Testing

@Suite("Final means that nothing in the workspace restores it") struct FinalizeTests {
  private static let finalize = ["finalize", "model"]

  @Test func `no part of the key is left in any file, and the log and report say so`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let candidates = try UndoKeys.candidates(bench)
    try bench.succeed("report", "export", "-o", "before", "--as-of", "2026-11-26")
    #expect(try report(bench, "before").contains("reversible until"))
    let model = try bench.contents("model")
    let answer = try bench.succeed("finalize", "model", "p.patch.safetensors")
    #expect(answer.contains("final ") && answer.contains("no trace of the undo key"))
    let key = try UndoKeys.destroyed(bench, candidates)
    try UndoKeys.expectNoTrace(of: key, in: bench)
    #expect(try bench.contents("model") == model)
    #expect(try bench.contents(".unlearn").keys.allSatisfy { !$0.hasPrefix("undo/") })
    try bench.refuse(
      ["rollback", "model"], code: 6, saying: "can't be taken back", "were destroyed by `finalize`")
    try bench.refuse(Self.finalize, code: 6, saying: "final already")
    try bench.refuse(
      ["finalize", "model", "p.patch.safetensors"], code: 6, saying: "final already")
    let verdict = try bench.succeed("verify", "model")
    #expect(verdict.contains("verdict: valid") && verdict.contains("final (leaf"))
    #expect(try bench.succeed("request", "list").contains("final"))
    try bench.succeed("report", "export", "-o", "after")
    #expect(try report(bench, "after").contains("final (leaf"))
    try bench.succeed("verify", "after", "--trust", ".unlearn/trust")
  }

  private func report(_ bench: Bench, _ name: String) throws -> String {
    String(
      decoding: try Folder.read(bench.folder.file("\(name)/report.html"), limit: 1 << 20),
      as: UTF8.self)
  }

  @Test("a trace of the key anywhere means not final", arguments: ["database", "hex", "part"])
  func trace(_ kind: String) throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let candidates = try UndoKeys.candidates(bench)
    let copy = bench.folder.file(".unlearn/copy")
    let database = try Folder.read(bench.folder.file(".unlearn/ledger.sqlite"), limit: 1 << 24)
    switch kind {
    case "database": try AtomicFile.write(database.rawSpan, to: copy)
    case "hex":
      let text = candidates.map { Hex.encode($0) }.joined(separator: "\n")
      try AtomicFile.write(Array(text.utf8).rawSpan, to: copy)
    default:
      let parts = candidates.flatMap { [0xAA] + $0[9..<26] }
      try AtomicFile.write(parts.rawSpan, to: copy)
    }
    try bench.refuse(Self.finalize, code: 1, saying: "not final", ".unlearn/copy", "at byte")
    let verdict = try bench.succeed("verify", "model")
    #expect(verdict.contains("not final") && verdict.contains("verdict: valid"))
    // What is known of the key now is its digest.
    if kind != "part" {
      try bench.refuse(Self.finalize, code: 1, saying: "not final", ".unlearn/copy")
    }
    try Folder.remove(copy)
    try bench.succeed(Self.finalize[0], Self.finalize[1])
    #expect(try bench.succeed("verify", "model").contains("final (leaf"))
    try UndoKeys.expectNoTrace(of: try UndoKeys.destroyed(bench, candidates), in: bench)
  }

  @Test func `one of several patches becomes final, the others stay reversible`() throws {
    let bench = try Bench(shardCount: 2)
    try bench.applyPatch("a", units: "L0.H1")
    try bench.applyPatch("b", units: "L0.H2")
    let middle = try bench.contents("model")
    try bench.applyPatch("c", units: "L0.H1,L0.H3")
    let plan = try bench.succeed("finalize", "model", "c.patch.safetensors", "--dry-run")
    #expect(
      plan.contains("undo.destroyed, patch.finalized") && plan.contains("nothing was written"))
    let answer = try bench.succeed("finalize", "model", "c.patch.safetensors")
    // Head 1 was given by the first patch, whose file is kept.
    #expect(answer.contains("an earlier patch gave values"))
    try bench.refuse(
      ["rollback", "model", "a.patch.safetensors"], code: 6, saying: "the later one is final")
    try bench.succeed("rollback", "model", "b.patch.safetensors")
    try bench.succeed("verify", "model")
    try bench.succeed("finalize", "model")
    try bench.succeed("verify", "model")
    #expect(middle != (try bench.contents("model")))
  }

  @Test func `what else holds the former values is named`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed(
      "create", "--model", "model", "--method", "ablate", "--units", "L0.F7", "-o",
      "q.patch.safetensors")
    try bench.succeed("sign", "q.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "q.patch.safetensors", "--output", "other")
    try bench.succeed("apply", "model", "p.patch.safetensors", "--output", "same")
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let stray = bench.folder.file(".unlearn/undo/undo-0000.sealed")
    try AtomicFile.write([1, 2, 3].rawSpan, to: stray)
    let answer = try bench.succeed("finalize", "model")
    #expect(answer.contains("/other: a model that has what the patch"))
    #expect(!answer.contains("/same: a model"))
    #expect(answer.contains("never finished; remove it"))
    #expect(answer.contains("backups"))
  }

  @Test func `an undo key that is kept too long is loud`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors", "--undo-days", "7")
    try bench.succeed("report", "export", "-o", "early")
    #expect(!(try report(bench, "early").contains("OVERDUE")))
    try bench.succeed("report", "export", "-o", "late", "--as-of", "2199-01-01")
    #expect(try report(bench, "late").contains("OVERDUE"))
    #expect(
      try bench.run(["apply", "model", "p.patch.safetensors", "--undo-days", "-1"]).code == 2)
  }

  @Test func `there is nothing to finalize where nothing can be taken back`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.refuse(Self.finalize, code: 6, saying: "not a model of this ledger")
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("rollback", "model")
    try bench.refuse(Self.finalize, code: 6, saying: "no patch is applied in place")
    try bench.refuse(
      ["finalize", "model", "p.patch.safetensors"], code: 6, saying: "is not applied")
  }
}

/// The undo keys of a workspace, found in the bytes of its database as an attacker would.
enum UndoKeys {
  /// What follows a capsule's name in any file of the workspace: the key is among it.
  static func candidates(_ bench: Bench) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    let name = Array("undo-".utf8)
    for (_, bytes) in try bench.contents(".unlearn") {
      for place in bytes.indices
      where bytes[place] == name[0] && bytes[place...].starts(with: name) {
        let start = place + 5 + 39
        // Where a leaf names the capsule no key follows; the log's digest tells which is one.
        if start + 32 <= bytes.count { found.append(Array(bytes[start..<start + 32])) }
      }
    }
    return found
  }

  /// The one of them that the log says has been destroyed.
  static func destroyed(
    _ bench: Bench, _ candidates: [[UInt8]], at location: SourceLocation = #_sourceLocation
  ) throws -> [UInt8] {
    let log = try bench.succeed("ledger", "log")
    let line = try #require(
      log.split(separator: "\n").first { $0.contains("undo.destroyed") },
      sourceLocation: location)
    return try #require(
      candidates.first { line.contains(SHA256.digest(of: $0).hex) }, sourceLocation: location)
  }

  /// No 16 bytes in a row of a key, nor their digits, are in any file of the workspace.
  static func expectNoTrace(
    of key: [UInt8], in bench: Bench, at location: SourceLocation = #_sourceLocation
  ) throws {
    let traces = KeyTraces(key: key)
    for name in try bench.contents(".unlearn").keys {
      let place = try traces.firstTrace(inFile: bench.folder.file(".unlearn/\(name)"))
      #expect(place == nil, "\(name)", sourceLocation: location)
    }
  }
}
