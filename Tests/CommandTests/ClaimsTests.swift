import Attestation
import Claims
import Storage
import StrictJSON
import TestSupport
import Testing

/// Claims beside a model, written and changed line by line.
extension Bench {
  static let key = ["--sign-key", "officer.key.pem"]

  var claimsPath: String { folder.file("model/claims.jsonl") }

  /// Makes the patch with measurements in its statement, and signs it; elsewhere, so that the log has no other
  /// statement of it.
  func makeMeasuredPatch(_ measured: String = Bench.measured) throws {
    try Folder.publish(folder.file(".unlearn"), as: folder.file("aside"))
    defer { try? Folder.publish(folder.file("aside"), as: folder.file(".unlearn")) }
    try succeed(
      "create", "--model", "model", "--method", "ablate", "--units", "L0.H1", "-o",
      "p.patch.safetensors")
    let path = folder.file("p.patch.safetensors.statement.json")
    let text = String(decoding: try Folder.read(path, limit: 1 << 20), as: UTF8.self)
    let parts = text.split(separator: #""recorded":[]"#, omittingEmptySubsequences: false)
    #expect(parts.count == 2)
    try TemporaryFolder.write(
      Array(parts.joined(separator: #""recorded":[\#(measured)]"#).utf8), to: path)
    try succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
  }

  static let measured =
    #"{"n":4,"name":"rouge","part":"forget","subject":"after","value":"0.125","variant":"l.recall"},"#
    + #"{"n":4,"name":"rouge","part":"retain","subject":"after","value":"0.75","variant":"l.recall"}"#

  /// Applies the patch with a key.
  @discardableResult
  func applySigned(_ options: String...) throws -> ProgramResult {
    let result = try run(["apply", "model", "p.patch.safetensors"] + Self.key + options)
    #expect(result.code == 0, "\(result)")
    return result
  }

  func lines() throws -> [[UInt8]] {
    let bytes = try Folder.read(claimsPath, limit: 1 << 24)
    #expect(bytes.last == 0x0A)
    return bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
  }

  func write(lines: [[UInt8]]) throws {
    try TemporaryFolder.write(lines.flatMap { $0 + [0x0A] }, to: claimsPath)
  }

  func statement(_ line: [UInt8]) throws -> JSONField {
    let bundle = try SigstoreBundle(parsing: line)
    return JSONField(
      try JSONValue(parsing: bundle.envelope.payload, byteLimit: 1 << 20), path: "$")
  }

  /// A line with another statement, made by a change of its text, and signed anew.
  func resign(_ line: [UInt8], _ from: String, _ to: String, by key: String = "officer") throws
    -> [UInt8]
  {
    let text = String(decoding: try SigstoreBundle(parsing: line).envelope.payload, as: UTF8.self)
    let parts = text.split(separator: from, omittingEmptySubsequences: false)
    #expect(parts.count > 1 || from == to, "\(from) is not in \(text)")
    return try SigstoreBundle(
      signing: Array(parts.joined(separator: to).utf8), type: DSSEEnvelope.inTotoType,
      with: try PrivateKey(path: folder.file("\(key).key.pem"))
    ).json
  }

  func expectClaims(
    _ code: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation
  ) throws {
    let walk = try run(["verify", "model"])
    #expect(walk.code == code, "\(walk.output)\(walk.errors)", sourceLocation: location)
    for word in words {
      #expect(walk.output.contains(word), "\(word): \(walk.output)", sourceLocation: location)
    }
  }
}

@Suite("Claims beside a model") struct ClaimsTests {
  private func bench(_ options: String...) throws -> Bench {
    let bench = try Bench()
    try bench.makeMeasuredPatch()
    let result = try bench.run(["apply", "model", "p.patch.safetensors"] + Bench.key + options)
    #expect(result.code == 0, "\(result)")
    return bench
  }

  @Test func `apply says how the model came to be, field by field`() throws {
    let bench = try bench()
    try bench.expectClaims(0, "ok      claims: 1 line(s): provenance; signed by officer")
    let lines = try bench.lines()
    #expect(lines.count == 1)
    let statement = try bench.statement(lines[0])
    #expect(try statement["_type"].text() == "https://in-toto.io/Statement/v1")
    #expect(try statement["predicateType"].text() == "https://slsa.dev/provenance/v1")
    let log = try JSONValue(
      parsing: Array(try bench.succeed("ledger", "log", "--json").utf8), byteLimit: 1 << 20)
    let leaf = try #require(try JSONField(log)["leaves"].elements().last)
    let subjects = try statement["subject"].elements()
    #expect(
      try subjects.map { try $0["name"].text() } == ["model", "config.json", "model.safetensors"])
    for subject in subjects.dropFirst() {
      let path = bench.folder.file("model/\(try subject["name"].text())")
      #expect(try subject["digest"]["sha256"].digest() == SHA256.digest(ofFile: path))
    }
    let files = try subjects.dropFirst().map { try $0["digest"]["sha256"].digest() }
    var root = SHA256()
    for file in files { root.update(file.bytes.rawSpan) }
    #expect(try subjects[0]["digest"]["sha256"].digest() == root.finalize())
    let build = statement["predicate"]["buildDefinition"]
    #expect(try build["buildType"].text() == "urn:unlearn-patch:build:apply:v1")
    let patch = try SHA256.digest(ofFile: bench.folder.file("p.patch.safetensors"))
    #expect(
      build["externalParameters"].value
        == .members(["mode": "in-place", "patch": .members(["sha256": .text(patch.hex)])]))
    #expect(
      build["internalParameters"].value == .members(["encoding": "replace", "method": "ablate"]))
    let dependencies = try build["resolvedDependencies"].elements()
    #expect(try dependencies.map { try $0["name"].text() } == ["parent", "patch", "patch-bundle"])
    var parent = SHA256()
    for name in ["config.json", "model.safetensors"] {
      parent.update(try SHA256.digest(ofFile: bench.folder.file("base/\(name)")).bytes.rawSpan)
    }
    #expect(
      try dependencies.map { try $0["digest"]["sha256"].digest() } == [
        parent.finalize(), patch,
        try SHA256.digest(ofFile: bench.folder.file("p.patch.safetensors.sigstore.json")),
      ])
    #expect(try dependencies[0]["uri"].text() == leaf["model"].text())
    let details = statement["predicate"]["runDetails"]
    #expect(
      details["builder"].value
        == .members([
          "id": "urn:unlearn-patch:builder:local:v1",
          "version": .members(["unlearn-patch": "0.1.0"]),
        ]))
    #expect(
      details["metadata"].value
        == .members([
          "invocationId": .text("test.example/log#\(try leaf["seq"].count())"),
          "finishedOn": .text(try leaf["time"].text()),
        ]))
    #expect(try leaf["type"].text() == "patch.applied")
  }

  @Test func `a copy has claims of its own`() throws {
    let bench = try Bench()
    try bench.makeMeasuredPatch()
    try bench.applySigned("--output", "copy")
    let walk = try bench.run(["verify", "copy"])
    #expect(walk.code == 0 && walk.output.contains("claims: 1 line(s): provenance"), "\(walk)")
    let copy = try #require(try bench.contents("copy")["claims.jsonl"])
    #expect(String(decoding: copy, as: UTF8.self).contains("dsseEnvelope"))
    let statement = try bench.statement(Array(copy.dropLast()))
    let build = statement["predicate"]["buildDefinition"]
    #expect(try build["externalParameters"]["mode"].text() == "output")
    #expect(try bench.contents("model")["claims.jsonl"] == nil)
    // The parent is the model that was copied, which the ledger tells by its identity.
    try bench.applySigned()
    let own = try bench.statement(try bench.lines()[0])["predicate"]["buildDefinition"]
    let identity = try build["resolvedDependencies"].elements()[0]["uri"].text()
    #expect(try own["resolvedDependencies"].elements()[0]["uri"].text() == identity)
  }

  @Test(
    "measurements against thresholds",
    arguments: [
      (
        #"[{"metric":"rouge","part":"forget","max":"0.2"},{"metric":"rouge","part":"retain","min":"0.7"}]"#,
        "PASSED", 2, 0, 0
      ),
      (
        #"[{"metric":"rouge","part":"forget","max":"0.1"},{"metric":"rouge","part":"retain","min":"0.7"}]"#,
        "FAILED", 1, 0, 1
      ),
      (#"[{"metric":"rouge","part":"forget","max":"0.1","level":"warn"}]"#, "WARNED", 0, 1, 0),
      (
        #"[{"metric":"relearning","max":"0.1"},{"metric":"rouge","part":"forget","max":"0.2"}]"#,
        "FAILED", 1, 0, 1
      ),
    ])
  func thresholds(_ policy: String, _ result: String, _ passed: Int, _ warned: Int, _ failed: Int)
    throws
  {
    let bench = try Bench()
    try bench.makeMeasuredPatch()
    try bench.write(Array(policy.utf8), "policy.json")
    let applied = try bench.applySigned("--thresholds", "policy.json")
    let counts = "\(result) (\(passed) passed, \(warned) warned, \(failed) failed)"
    #expect(applied.output.contains("test-result \(counts)"))
    #expect(applied.errors.contains("the thresholds come to") == (result != "PASSED"))
    try bench.expectClaims(0, "claims: 2 line(s): provenance, test-result \(counts)")
    let statement = try bench.statement(try bench.lines()[1])
    #expect(
      try statement["predicateType"].text() == "https://in-toto.io/attestation/test-result/v0.1")
    #expect(try statement["subject"].elements().count == 1)
    let predicate = statement["predicate"]
    #expect(try predicate["result"].text() == result)
    for (key, count) in [("passedTests", passed), ("warnedTests", warned), ("failedTests", failed)]
    {
      #expect(try predicate[key].elements().count == count)
    }
    let digests = try ["policy.json", "p.patch.safetensors.sigstore.json"].map {
      try SHA256.digest(ofFile: bench.folder.file($0))
    }
    #expect(
      try predicate["configuration"].elements().map { try $0["digest"]["sha256"].digest() }
        == digests)
    // One that promises more than its tests say.
    if failed > 0 {
      let lines = try bench.lines()
      let better = try bench.resign(lines[1], #""result":"FAILED""#, #""result":"PASSED""#)
      try bench.write(lines: [lines[0], better])
      try bench.expectClaims(
        1, "FAILED  claims: line 2: statement: predicate.result: expected what")
    }
  }

  @Test func `without a policy there is no test result, and that is said`() throws {
    let bench = try Bench()
    try bench.makeMeasuredPatch()
    let applied = try bench.applySigned()
    #expect(applied.output.contains("no test-result: without --thresholds nothing passes or fails"))
    #expect(try bench.lines().count == 1)
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors", "--thresholds", "p"], code: 2, saying: "--sign-key")
  }

  @Test func `a policy that can't be read stops before anything is written`() throws {
    let bench = try Bench()
    try bench.makeMeasuredPatch()
    try bench.write(Array(#"[{"metric":"a","max":"1","maks":"2"}]"#.utf8), "policy.json")
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors", "--thresholds", "policy.json"] + Bench.key, code: 1,
      saying: "policy.json: $[0].maks: expected no such member")
    try bench.write([1, 2, 3], "model/claims.jsonl")
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors"] + Bench.key, code: 1,
      saying: "claims.jsonl: line 1: bundle", "move it away")
  }

  @Test func `rollback claims the state that it leads to; without a key the claims are stale`()
    throws
  {
    let bench = try bench()
    let first = try bench.lines()
    let back = try bench.run(["rollback", "model"])
    #expect(back.code == 0 && back.errors.contains("claims.jsonl is stale: line 1"), "\(back)")
    try bench.expectClaims(
      1, "FAILED  claims: line 1: stale: over another state, the model as it was at leaf")
    try bench.applySigned()
    #expect(try bench.lines() != first)
    let signed = try bench.run(["rollback", "model"] + Bench.key)
    #expect(signed.code == 0 && !signed.output.contains("test-result"), "\(signed)")
    try bench.expectClaims(0, "claims: 1 line(s): provenance")
    let build = try bench.statement(try bench.lines()[0])["predicate"]["buildDefinition"]
    #expect(try build["buildType"].text() == "urn:unlearn-patch:build:rollback:v1")
    // Claims of a state that the model has had and has again are still true.
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.write(lines: first)
    let again = try bench.run(["verify", "model"])
    #expect(again.output.contains("ok      claims: 1 line(s): provenance"), "\(again)")
  }

  @Test func `sign writes them anew for a model as it is`() throws {
    let bench = try Bench()
    try bench.refuse(
      ["sign", "model", "--key", "officer.key.pem", "--claims"], code: 6, saying: "not a model")
    try bench.makeMeasuredPatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.write(
      Array(#"[{"metric":"rouge","part":"forget","max":"0.2"}]"#.utf8), "policy.json")
    let said = try bench.succeed(
      "sign", "model", "--key", "officer.key.pem", "--claims", "--thresholds", "policy.json")
    #expect(said.contains("claims  model/claims.jsonl: 2 line(s), test-result PASSED"))
    try bench.expectClaims(0, "claims: 2 line(s): provenance, test-result PASSED")
    try bench.succeed("rollback", "model")
    try bench.refuse(
      [
        "sign", "model", "--key", "officer.key.pem", "--claims", "--thresholds", "policy.json",
        "--signature", "elsewhere.sig",
      ], code: 2, saying: "the patch's measurements are of what it was after")
    try bench.succeed("sign", "model", "--key", "officer.key.pem", "--claims")
    try bench.expectClaims(0, "claims: 1 line(s): provenance")
  }

  @Test func `a verdict of valid is added, and no other`() throws {
    let bench = try bench()
    let claim = ["verify", "model", "--claim"] + Bench.key
    let first = try bench.lines()
    let done = try bench.run(claim)
    #expect(done.code == 0 && done.output.contains("claims.jsonl: 2 line(s)"), "\(done)")
    let lines = try bench.lines()
    #expect(lines.count == 2 && lines[0] == first[0])
    let statement = try bench.statement(lines[1])
    #expect(try statement["predicateType"].text() == "https://in-toto.io/attestation/svr/v0.2")
    let predicate = statement["predicate"]
    #expect(try predicate["verifier"]["id"].text() == "urn:unlearn-patch:verifier:model:v1")
    let policies = try predicate["verifier"]["policies"].elements()
    #expect(
      try policies.map { try $0["digest"]["sha256"].digest() }
        == [try SHA256.digest(ofFile: bench.folder.file(".unlearn/trust"))])
    #expect(Timestamp(try predicate["timeCreated"].text()) != nil)
    #expect(
      try predicate["properties"].elements().map { try $0.text() } == [
        "UNLEARN_PATCH_VERDICT_VALID", "UNLEARN_PATCH_MODEL_IS_LEDGER_HEAD",
        "UNLEARN_PATCH_MODEL_SIGNATURE", "UNLEARN_PATCH_CLAIMS",
      ])
    try bench.expectClaims(0, "claims: 2 line(s): provenance, verification; signed by officer")
    try bench.refuse(["verify", "model", "--claim"], code: 2, saying: "go together")
    let weights = bench.folder.file("model/model.safetensors")
    try TemporaryFolder.flip(weights, at: try Folder.read(weights, limit: 1 << 20).count - 1)
    try bench.refuse(claim, code: 1, saying: "the verdict is invalid, so nothing is claimed of it")
  }

  @Test func `what no one trusted has signed is not claimed, with the code that verify has for it`()
    throws
  {
    let bench = try bench()
    let before = try bench.lines()
    let log = String(
      decoding: try Folder.read(bench.folder.file(".unlearn/ledger.vkey"), limit: 4096),
      as: UTF8.self)
    try bench.write(Array("log \(log)".utf8), "empty.trust")
    for trust in ["empty.trust", "nowhere.trust"] {
      let verify = ["verify", "model", "--trust", trust]
      try bench.refuse(verify, code: 3, saying: "verdict: incomplete")
      try bench.refuse(
        verify + ["--claim"] + Bench.key, code: 3,
        saying: "verdict: incomplete", "so nothing is claimed of it")
    }
    #expect(try bench.lines() == before)
  }
}
