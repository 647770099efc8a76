import Storage
import TestSupport
import Testing

/// Each attack of `docs/formats/ledger.md` on a real workspace by the real program.
@Suite("Attacks are told apart") struct AttackTests {
  private func strike(_ attacks: [Attack]) throws {
    let stage = try Stage()
    for attack in attacks { try attack.check(on: stage) }
  }

  @Test func `on leaves, heads and pins`() throws { try strike(Attack.onLeaves) }
  @Test func `on keys and trust`() throws { try strike(Attack.onKeys) }
  @Test func `on what leaves name`() throws { try strike(Attack.onArtifacts) }
  @Test func `on the model`() throws { try strike(Attack.onModels) }

  @Test func `on the handover to another key`() throws {
    let stage = try Stage()
    try Handed.prepare(stage)
    for attack in Attack.onHandover { try attack.check(on: stage) }
  }

  #if os(Linux)
    @Test(.enabled(if: Program.canInjectFaults)) func `a crash in the middle of writing`() throws {
      let stage = try Stage()
      try stage.bench.succeed(
        "create", "--model", "model", "--method", "ablate", "--units", "L0.H0,L1.F5", "-o",
        "third.patch.safetensors")
      try stage.bench.succeed("sign", "third.patch.safetensors", "--key", "officer.key.pem")
      try stage.save("whole")
      for attack in Attack.crashes { try attack.check(on: stage) }
    }
  #endif

  @Test func `the documentation has the same rows`() throws {
    let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let text = String(
      decoding: try Folder.read("/\(path)/docs/formats/ledger.md", limit: 1 << 20), as: UTF8.self)
    let rows = text.split(separator: "\n").map { String($0) }
    let attacks =
      Attack.onLeaves + Attack.onKeys + Attack.onHandover + Attack.onArtifacts + Attack.onModels
      + Attack.crashes
    let missing = attacks.map(\.row).filter { !rows.contains($0) }
    let isComplete = missing.isEmpty
    #expect(isComplete, "\(missing.joined(separator: "\n"))")
    let section = rows.drop { $0 != "## What verify tells apart" }.dropFirst()
      .prefix { !$0.hasPrefix("## ") }
    // Two lines of heading.
    let count = section.count { $0.hasPrefix("| ") }
    #expect(count == attacks.count + 1)
  }
}
