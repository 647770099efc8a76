import SampleModels
import Storage
import TestSupport
import Testing

@Suite("A patch is taken out from among others") struct SurgicalRollbackTests {
  private static let names = ["a", "b", "c"]
  private static let units = ["L0.H1,L1.F3", "L1.F4,L1.H0", "L0.H2,L0.F0,L1.F5"]

  private func bench() throws -> (bench: Bench, states: [[String: [UInt8]]]) {
    let bench = try Bench(shardCount: 3)
    var states = [try bench.contents("model")]
    for (name, units) in zip(Self.names, Self.units) {
      try bench.applyPatch(name, units: units)
      states.append(try bench.contents("model"))
    }
    return (bench, states)
  }

  /// The base with the patches of some steps: a step's bytes are those in which its two states differ.
  private func model(_ states: [[String: [UInt8]]], with steps: Set<Int>) -> [String: [UInt8]] {
    var model = states[0]
    for step in steps {
      for (name, new) in states[step + 1] {
        guard let old = states[step][name], var bytes = model[name] else { continue }
        for index in new.indices where new[index] != old[index] { bytes[index] = new[index] }
        model[name] = bytes
      }
    }
    return model
  }

  @Test(
    "in any order, the model is what the others make of the base",
    arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func anyOrder(_ order: [Int]) throws {
    let (bench, states) = try bench()
    var left: Set<Int> = [0, 1, 2]
    for step in order {
      left.remove(step)
      // The last one is found without being named.
      let words = left.isEmpty ? [] : ["\(Self.names[step]).patch.safetensors"]
      let result = try bench.run(["rollback", "model"] + words)
      #expect(result.code == 0, "\(result.errors)")
      #expect(try bench.contents("model") == model(states, with: left), "\(order), after \(step)")
      let verdict = try bench.succeed("verify", "model")
      #expect(verdict.contains("verdict: valid"), "\(verdict)")
    }
    #expect(try bench.contents("model") == bench.contents("base"))
    #expect(try bench.run(["rollback", "model"]).code == 6)
    try bench.succeed("report", "export", "-o", "report")
    try bench.succeed("verify", "report", "--trust", ".unlearn/trust")
  }

  @Test func `work goes on afterwards, and a patch of a former state is refused with words`() throws
  {
    let (bench, states) = try bench()
    try bench.succeed("rollback", "model", "b.patch.safetensors")
    for options in [[], ["--verify", "touched"]] {
      try bench.refuse(
        ["apply", "model", "b.patch.safetensors"] + options, code: 6,
        saying: "not the base of this patch any more", "since then", "taken back",
        "make the patch anew")
      try bench.refuse(
        ["apply", "model", "a.patch.safetensors"] + options, code: 6, saying: "applied already")
    }
    let middle = try bench.contents("model")
    try bench.applyPatch("d", units: "L1.F4,L1.F9")
    try bench.succeed("rollback", "model", "a.patch.safetensors")
    try bench.succeed("verify", "model")
    try bench.succeed("rollback", "model")
    #expect(try bench.contents("model") == model(states, with: [2]))
    try bench.succeed("verify", "model")
    #expect(middle == model(states, with: [0, 2]))
  }

  @Test func `a later patch of the same bytes keeps an earlier one where it is`() throws {
    let bench = try Bench()
    try bench.applyPatch("a", units: "L0.H1,L1.F3")
    try bench.applyPatch("b", units: "L0.H1,L0.H2")
    try bench.refuse(
      ["rollback", "model", "a.patch.safetensors"], code: 6, saying: "can't be taken back alone",
      "units L0.H1", "encoder.layer.0.attention.output.dense.weight",
      "take the later one back first")
    try bench.refuse(
      ["rollback", "model", "a.patch.safetensors", "--dry-run"], code: 6, saying: "alone")
    try bench.succeed("rollback", "model", "b.patch.safetensors")
    try bench.succeed("rollback", "model", "a.patch.safetensors")
    #expect(try bench.contents("model") == bench.contents("base"))
  }

  @Test func `other bytes of the same unit are no obstacle`() throws {
    let bench = try Bench()
    let path = "model.safetensors"
    for (name, offset) in [("a", 4), ("b", 8)] {
      try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("edited-\(name)"))
      let size = try Folder.read(bench.folder.file("base/\(path)"), limit: 1 << 20).count
      try TemporaryFolder.flip(bench.folder.file("edited-\(name)/\(path)"), at: size - offset)
      let patch = "\(name).patch.safetensors"
      try bench.succeed("diff", "model", "edited-\(name)", "-o", patch)
      try bench.succeed("sign", patch, "--key", "officer.key.pem")
      try bench.succeed("apply", "model", patch)
    }
    try bench.succeed("rollback", "model", "a.patch.safetensors")
    try bench.succeed("verify", "model")
    try bench.succeed("rollback", "model")
    #expect(try bench.contents("model") == bench.contents("base"))
  }

  @Test func `plans tell what would be written and recorded, and write nothing`() throws {
    let (bench, _) = try bench()
    func evidence() throws -> [String: [UInt8]] {
      // Reading a database in WAL mode may make its shared-memory file.
      try bench.contents(".").filter { !$0.key.hasSuffix("-shm") && !$0.key.hasSuffix("-wal") }
    }
    let before = try evidence()
    for (command, name, words) in [
      (["rollback", "model"], "rollback", [#""result""#, "patch.rolledback", #""windows""#]),
      (
        ["rollback", "model", "a.patch.safetensors"], "rollback",
        ["patch.intent", #""hashed_bytes""#, #""needed_bytes""#, #""free_bytes""#]
      ),
      (["finalize", "model"], "finalize", ["undo.destroyed", "patch.finalized", #""remains""#]),
      (["apply", "base", "a.patch.safetensors"], "apply", ["patch.applied", #""signers""#]),
      (
        ["apply", "base", "a.patch.safetensors", "--output", "copy"], "apply",
        ["model.registered", #""new_bytes""#]
      ),
    ] {
      let result = try bench.run(command + ["--dry-run", "--json"])
      #expect(result.code == 0, "\(command): \(result.errors)")
      #expect(result.output.contains(#""schema": "unlearn-patch/\#(name)-plan/v1""#))
      for word in words { #expect(result.output.contains(word), "\(result.output)") }
    }
    let among = try bench.succeed("rollback", "model", "a.patch.safetensors", "--dry-run")
    #expect(among.contains("no statement names it") && among.contains("nothing was written"))
    #expect(try evidence() == before)
  }

  @Test func `a patch that is not applied is refused`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.refuse(
      ["rollback", "model", "p.patch.safetensors"], code: 6, saying: "not a model of")
    try bench.applyPatch("a", units: "L0.H0")
    try bench.refuse(
      ["rollback", "model", "p.patch.safetensors"], code: 6, saying: "is not applied", "applied are"
    )
  }
}
