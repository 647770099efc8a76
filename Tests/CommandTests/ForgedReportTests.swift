import Attestation
import Storage
import StrictJSON
import TestSupport
import Testing

/// Reports of a log whose own key has signed what is not true: held against what the officer has signed.
@Suite("Reports of forged logs") struct ForgedReportTests {
  /// One thing that a leaf says otherwise than the signed statement.
  private struct Forgery {
    let type: String
    let field: String
    let step: String
    let reason: String
  }

  private static let forgeries = [
    Forgery(
      type: "patch.created", field: "result", step: "patch",
      reason: "(patch.created): what it says of result differs from the signed statement"),
    Forgery(
      type: "patch.created", field: "statement", step: "patch",
      reason: "no leaf names the signed one"),
    Forgery(
      type: "patch.created", field: "method", step: "patch",
      reason: "(patch.created): what it says of method differs from the signed statement"),
    Forgery(
      type: "patch.signed", field: "key_id", step: "patch",
      reason: "has no signature of the key that it names"),
    Forgery(
      type: "patch.intent", field: "heads", step: "patch",
      reason: "(patch.intent): what it says of heads differs from the signed statement"),
    Forgery(
      type: "model.registered", field: "root", step: "chain",
      reason: "says other roots than the signed statement"),
  ]

  @Test func `a leaf that differs from the statement is told`() throws {
    let stage = try Stage()
    for forgery in Self.forgeries { try check(forgery, stage) }
  }

  /// Changes the leaves, signs the heads anew with the log's own key, and forgets what was seen of it.
  private func forge(_ stage: Stage, _ change: (inout [JSONObject]) throws -> Void) throws {
    let key = PrivateKeyFile(path: stage.file(".unlearn/ledger.key.pem"))
    let text = String(
      decoding: try Folder.read(stage.file(".unlearn/ledger.vkey"), limit: 4096).dropLast(),
      as: UTF8.self)
    try stage.forge(.heads(key, as: try VerifierKey(text)), change)
    try stage.forgetPins()
  }

  private func check(_ forgery: Forgery, _ stage: Stage) throws {
    try stage.restore()
    let other = SHA256.digest(of: [1]).hex
    try forge(stage) { leaves in
      let place = try stage.place(forgery.type, in: leaves)
      let field = ByteString(forgery.field)
      let before = leaves[place][field]
      leaves[place][field] =
        switch before {
        case .integer(let number): .integer(number + 1)
        default: .text(forgery.field == "method" ? "npo" : other)
        }
      guard forgery.type == "model.registered" else { return }
      // The whole chain of the log is moved along, so that only the statement speaks against it.
      let intent = try stage.place("patch.intent", in: leaves)
      leaves[intent]["base"] = leaves[place][field]
    }
    if try FileStatus.ifExists(stage.file("report")) != nil {
      try Folder.removeTree(stage.file("report"))
    }
    try stage.bench.succeed("report", "export", "-o", "report", "--as-of", "2030-01-01")
    let result = try stage.bench.run(["verify", "report"])
    #expect(result.code == 1, "\(result.output)\(result.errors)")
    let failures = result.output.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
    #expect(failures.count == 1, "\(result.output)")
    #expect(failures.first?.hasPrefix("FAILED  \(forgery.step) ") == true, "\(result.output)")
    #expect(failures.first?.contains(forgery.reason) == true, "\(result.output)")
    // What a model was before is not told to a person, so only the patch can be held against its statement.
    guard forgery.step == "patch" else { return }
    if try FileStatus.ifExists(stage.file("answer")) != nil {
      try Folder.removeTree(stage.file("answer"))
    }
    try stage.bench.succeed(
      "report", "export", "-o", "answer", "--redact", "data-subject", "--request", stage.request)
    let answer = try stage.bench.run(["verify", "answer"])
    #expect(answer.code == 1 && answer.output.contains(forgery.reason), "\(answer.output)")
  }

  @Test func `a cosigned head that is not one of the log is told`() throws {
    let stage = try Stage()
    let other = JSONValue.text(SHA256.digest(of: [1]).hex)
    try forge(stage) { leaves in
      var leaf = try #require(leaves.last)
      for member in leaf.members where !["v", "time"].contains(member.key) {
        leaf[member.key] = nil
      }
      leaf["seq"] = .integer(Int64(leaves.count))
      leaf["type"] = "checkpoint.witnessed"
      leaf["size"] = 2
      leaf["witnesses"] = 1
      leaf["root"] = other
      leaf["note"] = other
      leaves.append(leaf)
    }
    let log = try stage.bench.run(["ledger", "verify"])
    #expect(log.code == 1)
    #expect(log.output.contains("its root is not that of the first 2 leaves"), "\(log.output)")
    try stage.bench.succeed("report", "export", "-o", "report", "--as-of", "2030-01-01")
    let report = try stage.bench.run(["verify", "report"])
    #expect(report.code == 1)
    #expect(
      report.output.contains("tells of a head of 2 entries that is not theirs"),
      "\(report.output)")
  }

  @Test func `patches applied, taken back and taken out from among others follow from statements`()
    throws
  {
    let bench = try Bench()
    try bench.applyPatch("first", units: "L0.H1")
    try bench.applyPatch("second", units: "L1.H2")
    try bench.succeed("rollback", "model", "first.patch.safetensors")
    try bench.succeed("report", "export", "-o", "report")
    let said = try bench.succeed("verify", "report")
    #expect(said.contains("3 states follow from signed statements, 1 of them by the files"))
    #expect(said.contains("verdict: valid"))
  }
}
