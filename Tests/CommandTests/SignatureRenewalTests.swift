import Storage
import TestSupport
import Testing

/// The verdicts of `verify` on a model and on its `model.sig` alone.
extension Bench {
  fileprivate func expectSigned(
    _ name: String = "model", at location: SourceLocation = #_sourceLocation
  ) throws {
    let walk = try run(["verify", name])
    #expect(walk.code == 0, "\(walk.output)\(walk.errors)", sourceLocation: location)
    #expect(walk.output.contains("ok      model.sig: 2 files as signed, by officer"))
    let alone = try run(["verify", name, "--public-key", "officer.pub.pem"])
    #expect(alone.code == 0, "\(alone.output)\(alone.errors)", sourceLocation: location)
  }

  fileprivate func expectStale(at location: SourceLocation = #_sourceLocation) throws {
    let walk = try run(["verify", "model"])
    #expect(walk.code == 1, "\(walk.output)\(walk.errors)", sourceLocation: location)
    #expect(walk.output.contains("FAILED  model.sig: stale: "), "\(walk.output)")
  }
}

@Suite("The signature of a model that is patched") struct SignatureRenewalTests {
  private static let key = ["--sign-key", "officer.key.pem"]

  private func bench() throws -> Bench {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("sign", "model", "--key", "officer.key.pem")
    return bench
  }

  @Test("apply and rollback renew it", arguments: ["full", "touched"])
  func renews(_ verification: String) throws {
    let bench = try bench()
    let first = try bench.contents("model")["model.sig"]
    let said = try bench.succeed(
      "apply", "model", "p.patch.safetensors", "--verify", verification, "--sign-key",
      "officer.key.pem")
    #expect(said.contains("renewed "))
    try bench.expectSigned()
    let second = try bench.contents("model")["model.sig"]
    #expect(second != first)
    try bench.succeed("rollback", "model", "--sign-key", "officer.key.pem")
    try bench.expectSigned()
    try bench.succeed(
      "verify", "base", "--signature", "model/model.sig", "--public-key", "officer.pub.pem")
  }

  @Test func `without a key it is stale, and everything says so`() throws {
    let bench = try bench()
    let applied = try bench.run(["apply", "model", "p.patch.safetensors"])
    #expect(
      applied.code == 0 && applied.errors.contains("model.sig is stale: model.safetensors"),
      "\(applied)")
    try bench.expectStale()
    #expect(try bench.run(["verify", "model", "--public-key", "officer.pub.pem"]).code == 1)
    let back = try bench.run(["rollback", "model"])
    // The former bytes are what the former signature is over.
    #expect(back.code == 0 && !back.errors.contains("stale"), "\(back)")
    try bench.expectSigned()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("sign", "model", "--key", "officer.key.pem")
    try bench.expectSigned()
  }

  @Test func `a patched copy is signed where a key is given`() throws {
    let bench = try bench()
    try bench.succeed(
      "apply", "model", "p.patch.safetensors", "--output", "copy", "--sign-key", "officer.key.pem")
    try bench.expectSigned("copy")
    try bench.expectSigned()
    try bench.succeed("apply", "model", "p.patch.safetensors", "--output", "bare")
    #expect(try bench.contents("bare")["model.sig"] == nil)
  }

  @Test func `what was not hashed is not signed on the word of a patch`() throws {
    let bench = try bench()
    let touched = ["apply", "model", "p.patch.safetensors", "--verify", "touched"]
    // No signature, one of another key, and one that is stale for a file that the patch does not touch.
    try bench.succeed("keygen", "--role", "artifact", "-o", "other")
    try bench.refuse(
      touched + ["--sign-key", "other.key.pem"], code: 6, saying: "not hashed",
      "not that of the given key")
    let config = bench.folder.file("model/config.json")
    let bytes = try Folder.read(config, limit: 1 << 20)
    try TemporaryFolder.write(bytes + [0x20], to: config)
    try bench.succeed("sign", "model", "--key", "officer.key.pem")
    try TemporaryFolder.write(bytes, to: config)
    try bench.refuse(touched + Self.key, code: 6, saying: "is stale: config.json")
    // One that fits, of a model that has another byte where the patch does not look.
    try bench.succeed("sign", "model", "--key", "officer.key.pem")
    let weights = bench.folder.file("model/model.safetensors")
    let count = try Folder.read(weights, limit: 1 << 20).count
    try TemporaryFolder.flip(weights, at: count - 1)
    try bench.refuse(touched + Self.key, code: 6, saying: "where the patch does not touch it")
    try TemporaryFolder.flip(weights, at: count - 1)
    try Folder.remove(bench.folder.file("model/model.sig"))
    try bench.refuse(touched + Self.key, code: 6, saying: "there is no signature")
    try bench.write([1, 2, 3], "model/model.sig")
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors"] + Self.key, code: 1, saying: "model.sig: bundle: ")
    try Folder.remove(bench.folder.file("model/model.sig"))
    try bench.succeed("apply", "model", "p.patch.safetensors", "--sign-key", "officer.key.pem")
    try bench.expectSigned()
  }

  @Test func `a signature of someone else is told apart from one that does not hold`() throws {
    let bench = try bench()
    try bench.succeed("keygen", "--role", "artifact", "-o", "other")
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("sign", "model", "--key", "other.key.pem")
    let unknown = try bench.run(["verify", "model"])
    #expect(unknown.code == 4, "\(unknown)")
    #expect(unknown.output.contains("missing model.sig: 2 files as signed, by no one"))
    try TemporaryFolder.flip(bench.folder.file("model/model.sig"), at: 100)
    let broken = try bench.run(["verify", "model"])
    #expect(broken.code == 1 && broken.output.contains("FAILED  model.sig"), "\(broken)")
    try bench.succeed("rollback", "model")
  }

  @Test func `what a signature leaves out stays left out`() throws {
    let bench = try Bench()
    try Folder.create(bench.folder.file("model/cache"))
    try bench.write([1], "model/cache/x")
    try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
    try bench.succeed(
      "create", "--model", "model", "--method", "ablate", "--units", "L0.H1", "-o",
      "p.patch.safetensors")
    try bench.succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("sign", "model", "--key", "officer.key.pem", "--ignore-path", "cache")
    try bench.succeed("apply", "model", "p.patch.safetensors", "--sign-key", "officer.key.pem")
    try bench.expectSigned()
    try bench.write([2], "model/cache/y")
    try bench.succeed("verify", "model", "--public-key", "officer.pub.pem")
  }

  @Test func `a model that an operation has left in between is neither signed nor verified`() throws
  {
    let bench = try bench()
    try bench.write([1], "model/.unlearn-patch.journal")
    try bench.refuse(
      ["sign", "model", "--key", "officer.key.pem"], code: 1, saying: "journal is damaged")
    try bench.refuse(
      ["verify", "model", "--public-key", "officer.pub.pem"], code: 1, saying: "journal is damaged")
  }

  #if os(Linux)
    @Test(
      "stopped anywhere, it is the old or the new one, whole",
      .enabled(if: Program.canInjectFaults),
      arguments: [Fault.before, .torn, .after])
    func stopped(_ fault: Fault) throws {
      let bench = try Bench(shardCount: 2)
      try bench.makePatch()
      try bench.succeed("sign", "model", "--key", "officer.key.pem")
      let old = try bench.contents("model")["model.sig"]
      let faults = try FaultBench(bench, ["apply", "model", "p.patch.safetensors"] + Self.key)
      var (renewed, stale, former) = (0, 0, 0)
      let last = faults.calls.count
      for call in Set(faults.places(fault)).union(Array((last - 12)...last)).sorted() {
        let stopped = try faults.run(fault, at: call)
        #expect(stopped.code == nil)
        let between = try #require(try bench.contents("model")["model.sig"])
        let recovery = try bench.run(["recover", "model"])
        #expect(recovery.code == 0, "call \(call): \(recovery)")
        let now = try #require(try bench.contents("model")["model.sig"])
        #expect(now == between, "call \(call): recovery has changed the signature")
        #expect(
          try bench.contents("model").keys.allSatisfy { !$0.hasSuffix(".partial") },
          "call \(call): an unfinished file is left")
        let verdict = try bench.run(["verify", "model", "--public-key", "officer.pub.pem"])
        // Signed anew, no signature has the same bytes; claims follow the signature.
        let signed = ["model.sig", "claims.jsonl"]
        let model = try faults.model().filter { !signed.contains($0.key) }
        let isResult = model == faults.result.filter { !signed.contains($0.key) }
        if now != old {
          #expect(verdict.code == 0 && isResult, "call \(call): \(verdict)")
          renewed += 1
        } else if isResult {
          #expect(
            verdict.code == 1 && verdict.output.contains("differ: "), "call \(call): \(verdict)")
          #expect(recovery.errors.contains("is stale"), "call \(call): \(recovery)")
          stale += 1
        } else {
          #expect(verdict.code == 0, "call \(call): \(verdict)")
          former += 1
        }
      }
      #expect(renewed > 0 && stale > 0 && former > 0, "\(renewed) \(stale) \(former)")
    }
  #endif
}
