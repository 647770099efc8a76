import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("A model made anew") struct DeepVerificationTests {
  private static let deep = ["verify", "model", "--deep", "--base", "base"]

  @Test("each state is made anew from the base", arguments: ["replace", "compact"])
  func fromBase(_ encoding: String) throws {
    let bench = try Bench(shardCount: 2)
    for (name, units) in [("a", "L0.H1,L1.F3"), ("b", "L0.H2,L1.F4"), ("c", "L0.H3,L1.F5")] {
      try bench.succeed(
        "create", "--model", "model", "--method", "ablate", "--units", units, "--encoding",
        encoding, "-o", "\(name).patch.safetensors")
      try bench.succeed("sign", "\(name).patch.safetensors", "--key", "officer.key.pem")
      try bench.succeed("apply", "model", "\(name).patch.safetensors")
    }
    func check(_ states: Int, _ patches: Int) throws {
      let result = try bench.run(Self.deep + ["--scratch", bench.folder.file("scratch")])
      #expect(result.code == 0, "\(result.output)\(result.errors)")
      #expect(
        result.output.contains(
          "ok      deep: made anew from base by \(patches) patch(es), through \(states) state(s)"),
        "\(result.output)")
      #expect(try Folder.names(in: bench.folder.file("scratch")).isEmpty)
    }
    try Folder.create(bench.folder.file("scratch"))
    try check(3, 3)
    // From among the others, then the last.
    try bench.succeed("rollback", "model", "a.patch.safetensors")
    try check(4, 2)
    try bench.succeed("rollback", "model")
    try check(5, 1)
  }

  @Test func `another base is told`() throws {
    let bench = try Bench()
    try bench.applyPatch("a", units: "L0.H1")
    try TemporaryFolder.flip(bench.folder.file("base/model.safetensors"), at: 3000)
    try bench.refuse(Self.deep, code: 1, saying: "not the model that was registered")
    try bench.refuse(
      ["verify", "model", "--deep", "--base", "nowhere"], code: 4, saying: "missing deep")
    #expect(try bench.run(["verify", "model", "--base", "base"]).code == 2)
  }

  @Test func `without the base the undo capsule of an only patch does`() throws {
    let bench = try Bench()
    #expect(try bench.run(["verify", "model", "--deep"]).output.contains("missing deep"))
    try bench.applyPatch("a", units: "L0.H1")
    #expect(
      try bench.succeed("verify", "model", "--deep").contains(
        "ok      deep: with the values of the undo capsule"))
    try bench.applyPatch("b", units: "L0.H2")
    try bench.refuse(["verify", "model", "--deep"], code: 4, saying: "base not given")
    try bench.succeed("rollback", "model")
    try bench.succeed("finalize", "model")
    try bench.refuse(["verify", "model", "--deep"], code: 4, saying: "is destroyed")
    #expect(try bench.run(Self.deep).code == 0)
  }

  @Test func `an altered undo capsule is told`() throws {
    let bench = try Bench()
    try bench.applyPatch("a", units: "L0.H1")
    let name = try #require(try Folder.names(in: bench.folder.file(".unlearn/undo")).first)
    try TemporaryFolder.flip(bench.folder.file(".unlearn/undo/\(name)"), at: 500)
    try bench.refuse(["verify", "model", "--deep"], code: 1, saying: "FAILED  deep")
  }

  /// A trusted signer says that a patch makes of the base what it does not; the log agrees, and so does the model.
  @Test func `a false statement is found`() throws {
    let bench = try Bench()
    // Made where no workspace records it.
    let away = try TemporaryFolder()
    func run(_ arguments: String...) throws -> String {
      let result = try bench.program.run(
        arguments, in: away.path, environment: bench.environment)
      try #require(result.code == 0, "\(result.errors)")
      return result.output
    }
    try TemporaryFolder.copyTree(bench.folder.file("base"), away.file("base"))
    _ = try run(
      "create", "--model", "base", "--method", "ablate", "--units", "L0.H1", "-o",
      "lie.patch.safetensors")
    try TemporaryFolder.copyTree(bench.folder.file("base"), bench.folder.file("tampered"))
    try TemporaryFolder.flip(bench.folder.file("tampered/model.safetensors"), at: 3000)
    func root(_ folder: String) throws -> String {
      let text = try bench.succeed("inspect", folder, "--digests", "--json")
      return try JSONDocument.read(Array(text.utf8), byteLimit: 1 << 20) {
        (root) throws(JSONFieldError) in try root["root"].text()
      }
    }
    let path = away.file("lie.patch.safetensors.statement.json")
    let honest = try Folder.read(path, limit: 1 << 20)
    let result = try JSONDocument.read(honest, byteLimit: 1 << 20) {
      (document) throws(JSONFieldError) in
      let result = document["predicate"]["result"]
      return (
        root: try result["digest"]["sha256"].text(),
        file: try result["resources"].elements()[0]["digest"].text()
      )
    }
    let lied = try (
      root: root("tampered"),
      file: SHA256.digest(ofFile: bench.folder.file("tampered/model.safetensors")).hex
    )
    let lie = String(decoding: honest, as: UTF8.self)
      .replacing(result.root, with: lied.root).replacing(result.file, with: lied.file)
    try TemporaryFolder.write(Array(lie.utf8), to: path)
    _ = try run("sign", "lie.patch.safetensors", "--key", bench.folder.file("officer.key.pem"))
    try record(bench, away, base: root("base"), result: lied.root)
    #expect(try bench.succeed("verify", "tampered").contains("verdict: valid"))
    let found = try bench.run(["verify", "tampered", "--deep", "--base", "base"])
    #expect(found.code == 1)
    #expect(found.output.contains("FAILED  deep: leaf"), "\(found.output)")
    #expect(found.output.contains("the leaf and its statement say \(lied.root)"))
  }

  /// Writes what applying would have written.
  private func record(
    _ bench: Bench, _ away: TemporaryFolder, base: String, result: String
  ) throws {
    let workspace = try Workspace(
      path: bench.folder.file(".unlearn"), pins: PinStore(stateFolder: bench.folder.file("state")))
    let patch = try SHA256.digest(ofFile: away.file("lie.patch.safetensors")).hex
    let bundle = try Folder.read(
      away.file("lie.patch.safetensors.sigstore.json"), limit: 1 << 20)
    let model = "urn:uuid:" + SecureRandom.uuid()
    var attachments = LedgerStore.Attachments()
    attachments.blobs = [(SigstoreBundle.mediaType, bundle)]
    attachments.place = (bench.folder.file("tampered"), model)
    try workspace.record(
      [
        Event(
          .modelRegistered,
          [
            "model": .text(model), "root": .text(base), "files": .integer(2),
            "tensors": .integer(1), "parameters": .integer(1), "family": "bert",
          ]),
        Event(
          .patchApplied,
          [
            "model": .text(model), "patch": .text(patch),
            "bundle": .text(SHA256.digest(of: bundle).hex), "base": .text(base),
            "root": .text(result), "mode": "output",
          ]),
      ], attachments, in: try workspace.openLedger(.append), at: Timestamp(seconds: 4_000_000_000))
    try Folder.create(bench.folder.file(".unlearn/artifacts"))
    try TemporaryFolder.write(
      try Folder.read(away.file("lie.patch.safetensors"), limit: 1 << 20),
      to: bench.folder.file(".unlearn/artifacts/\(patch).patch.safetensors"))
  }
}
