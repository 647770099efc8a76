import Attestation
import Storage
import StrictJSON
import TestSupport
import Testing

/// Claims that are not what they should be, each told by its line.
@Suite("Hostile claims") struct HostileClaimsTests {
  private func bench() throws -> (bench: Bench, lines: [[UInt8]]) {
    let bench = try Bench()
    try bench.makeMeasuredPatch()
    try bench.write(
      Array(#"[{"metric":"rouge","part":"forget","max":"0.2"}]"#.utf8), "policy.json")
    try bench.applySigned("--thresholds", "policy.json")
    return (bench, try bench.lines())
  }

  @Test func `statements that the ledger does not bear out`() throws {
    let (bench, lines) = try bench()
    let other = String(repeating: "ab", count: 32)
    let statement = try bench.statement(lines[0])
    let build = statement["predicate"]["buildDefinition"]
    let digests = try build["resolvedDependencies"].elements().map {
      try $0["digest"]["sha256"].text()
    }
    let root = try statement["subject"].elements()[0]["digest"]["sha256"].text()
    let file = try statement["subject"].elements()[2]["digest"]["sha256"].text()
    let model = try build["resolvedDependencies"].elements()[0]["uri"].text()
    let changes: [(from: String, to: String, says: String)] = [
      (digests[0], other, "the parent's root is claimed to be \(other), leaf"),
      (digests[1], other, "the patch is claimed to be \(other), leaf"),
      (digests[2], other, "the patch's bundle is claimed to be \(other), leaf"),
      (root, other, "is about another model: no leaf names the root"),
      (root, digests[0], "stale: over another state, the model as it was at leaf"),
      (file, other, "the file \"model.safetensors\" is not as it is claimed"),
      (model, "urn:uuid:x", "the parent is claimed to be urn:uuid:x"),
      ("build:apply:v1", "build:rollback:v1", "the operation is claimed to be rollback"),
      ("in-place", "output", "the mode is claimed to be output"),
      (
        "test.example/log#", "other.example/log#", "is of the ledger other.example/log, not of this"
      ),
      ("test.example/log#", "test.example/log#90000", "changes no model"),
      ("test.example/log#", "test.example/log#-", "expected ORIGIN#LEAF"),
      (#""finishedOn":"2"#, #""finishedOn":"1"#, "the time is claimed to be 1"),
      ("builder:local", "builder:remote", "expected urn:unlearn-patch:builder:local:v1"),
      (#""name":"patch-bundle""#, #""name":"patch""#, "expected one \"patch\" with its sha256"),
      (#""sha256""#, #""sha512""#, "digest.sha256: expected"),
      (#""subject":["#, #""subject":[],"x":["#, "there is no subject"),
      (#""_type":"https://in-toto.io/Statement/v1""#, #""_type":"x""#, "$._type: expected"),
      ("}", "", "statement: "),
    ]
    for change in changes {
      try bench.write(lines: [try bench.resign(lines[0], change.from, change.to), lines[1]])
      try bench.expectClaims(1, "FAILED  claims: line 1: ", change.says)
    }
    try bench.write(lines: [
      lines[0], try bench.resign(lines[1], digests[2], other),
    ])
    try bench.expectClaims(
      1, "FAILED  claims: line 2: the test result rests on no statement of a patch")
    // What is not known is told and does not fail.
    for (from, to, word) in [
      (
        "https://slsa.dev/provenance/v1", "https://example.com/other/v1",
        "https://example.com/other/v1, which"
      ),
      (
        "urn:unlearn-patch:build", "urn:other:build",
        "https://slsa.dev/provenance/v1 of another build type"
      ),
    ] {
      try bench.write(lines: [try bench.resign(lines[0], from, to)])
      try bench.expectClaims(0, "ok      claims: 1 line(s): \(word)")
    }
  }

  @Test func `lines that are no claims, or are there twice`() throws {
    let (bench, lines) = try bench()
    let again = try bench.resign(lines[0], "x", "x")
    #expect(again != lines[0])
    let cases: [(lines: [[UInt8]], says: String)] = [
      ([lines[0], Array("{}".utf8)], "line 2: bundle: "),
      ([lines[0], []], "line 2: bundle: "),
      ([[], lines[0]], "line 1: bundle: "),
      ([lines[0], lines[1].dropLast(9)], "line 2: bundle: "),
      ([lines[0] + lines[1]], "line 1: bundle: "),
      ([lines[0], Array(repeating: UInt8(ascii: "["), count: 100_000)], "line 2: bundle: "),
      ([lines[0], [0xFF, 0xFE]], "line 2: bundle: "),
      ([lines[0], lines[1], lines[0]], "line 3: says the same as line 1"),
      ([lines[0], again], "line 2: says the same as line 1"),
      ([Array(repeating: 0x20, count: 9 << 20)], "line 1: has 9437184 bytes, at most 8388608"),
    ]
    for entry in cases {
      try bench.write(lines: entry.lines)
      try bench.expectClaims(1, "FAILED  claims: \(entry.says)")
    }
    try TemporaryFolder.write([], to: bench.claimsPath)
    try bench.expectClaims(1, "FAILED  claims: holds no claim")
    // The end of the last line is not needed.
    try TemporaryFolder.write(lines[0], to: bench.claimsPath)
    try bench.expectClaims(0, "ok      claims: 1 line(s): provenance; signed by officer")
  }

  @Test func `signatures of no one, of others and of no effect`() throws {
    let (bench, lines) = try bench()
    try bench.succeed("keygen", "--role", "artifact", "-o", "other")
    let foreign = try bench.resign(lines[1], "x", "x", by: "other")
    try bench.write(lines: [lines[0], foreign])
    try bench.expectClaims(
      4, "missing claims: line 2: by no one whom the trust file names for models; 2 line(s)")
    // A payload that was changed under its signature, which names a trusted key.
    var bundle = try SigstoreBundle(parsing: lines[1])
    bundle.envelope.payload = try SigstoreBundle(
      parsing: try bench.resign(lines[1], "PASSED", "WARNED")
    ).envelope.payload
    try bench.write(lines: [lines[0], bundle.json])
    try bench.expectClaims(
      1, "FAILED  claims: line 2: the signature that names officer's key is not")
    // Someone whom the trust file names, for patches only.
    let path = bench.folder.file(".unlearn/trust")
    let trust = try Folder.read(path, limit: 1 << 16)
    let pem = bench.folder.file("other.pub.pem")
    try TemporaryFolder.write(
      trust + Array("signer other \(pem) roles=artifact\n".utf8), to: path)
    try bench.write(lines: [lines[0], foreign])
    try bench.expectClaims(4, "missing claims: line 2: by no one")
    try TemporaryFolder.write(trust + Array("signer other \(pem) roles=model\n".utf8), to: path)
    try bench.expectClaims(0, "signed by officer, other; ")
    try bench.expectClaims(0, "a line that was taken away can't be noticed")
  }

  #if os(Linux)
    @Test(
      "stopped anywhere, the claims are the old or the new ones, whole",
      .enabled(if: Program.canInjectFaults),
      arguments: [Fault.before, .torn, .after])
    func stopped(_ fault: Fault) throws {
      let bench = try Bench(shardCount: 2)
      try bench.makePatch(units: "L0.H2")
      try bench.applySigned()
      let old = try bench.contents("model")["claims.jsonl"]
      try bench.succeed(
        "create", "--model", "model", "--method", "ablate", "--units", "L1.F3", "-o",
        "q.patch.safetensors")
      try bench.succeed("sign", "q.patch.safetensors", "--key", "officer.key.pem")
      let faults = try FaultBench(bench, ["apply", "model", "q.patch.safetensors"] + Bench.key)
      var (renewed, stale, former) = (0, 0, 0)
      let last = faults.calls.count
      for call in Set(faults.places(fault)).union(Array((last - 16)...last)).sorted() {
        let stopped = try faults.run(fault, at: call)
        #expect(stopped.code == nil)
        let between = try #require(try bench.contents("model")["claims.jsonl"])
        let recovery = try bench.run(["recover", "model"])
        #expect(recovery.code == 0, "call \(call): \(recovery)")
        let now = try #require(try bench.contents("model")["claims.jsonl"])
        #expect(now == between, "call \(call): recovery has changed the claims")
        let verdict = try bench.run(["verify", "model"])
        let isResult =
          try faults.model()["model.sig"] != nil
          && bench.contents("model").filter { $0.key.hasSuffix(".safetensors") }
            == faults.result.filter { $0.key.hasSuffix(".safetensors") }
        if now != old {
          #expect(isResult && verdict.output.contains("ok      claims"), "call \(call): \(verdict)")
          renewed += 1
        } else if isResult {
          #expect(
            verdict.output.contains("FAILED  claims: line 1: stale"), "call \(call): \(verdict)")
          #expect(recovery.errors.contains("claims.jsonl is stale"), "call \(call): \(recovery)")
          stale += 1
        } else {
          #expect(verdict.output.contains("ok      claims"), "call \(call): \(verdict)")
          former += 1
        }
      }
      #expect(renewed > 0 && stale > 0 && former > 0, "\(renewed) \(stale) \(former)")
    }
  #endif
}
