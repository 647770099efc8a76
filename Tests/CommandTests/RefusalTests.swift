import SampleModels
import Storage
import TestSupport
import Testing

@Suite("Refusals change nothing") struct RefusalTests {
  private static let apply = ["apply", "model", "p.patch.safetensors"]

  @Test func `a wrong base is refused with expected and found`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try SampleModel.bert().write(to: bench.folder.file("model"), seed: 2)
    try bench.refuse(Self.apply, code: 6, saying: "not the base", "expected sha256", "found")
    try bench.refuse(
      Self.apply + ["--verify", "touched"], code: 6, saying: "not the base", "tensor")
  }

  @Test func `one changed byte of the model is refused`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let size = try Folder.read(bench.folder.file("model/model.safetensors"), limit: 1 << 20).count
    try TemporaryFolder.flip(bench.folder.file("model/model.safetensors"), at: size - 3)
    try bench.refuse(Self.apply, code: 6, saying: "model.safetensors", "not the base")
  }

  @Test(
    "a changed byte anywhere in patch or bundle is refused",
    arguments: ["p.patch.safetensors", "p.patch.safetensors.sigstore.json"])
  func flippedByte(_ name: String) throws {
    let bench = try Bench()
    try bench.makePatch()
    let path = bench.folder.file(name)
    let original = try Folder.read(path, limit: 1 << 20)
    let base = try bench.contents("model")
    for offset in stride(from: 0, to: original.count, by: max(1, original.count / 40)) {
      try TemporaryFolder.flip(path, at: offset)
      let result = try bench.run(Self.apply)
      let code = try #require(result.code)
      // A byte that carries no meaning (a key hint) may differ; then nothing was signed differently.
      if code == 0 {
        #expect(name.hasSuffix(".json"))
        try bench.succeed("rollback", "model")
      } else {
        #expect([1, 3].contains(code), "\(offset): \(result.errors)")
        #expect(!result.errors.isEmpty)
      }
      #expect(try bench.contents("model") == base)
      try AtomicFile.write(original.rawSpan, to: path, replacing: true)
    }
  }

  @Test func `an unknown signer is exit 3, and the hint says how to trust`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try AtomicFile.write(
      Array("# nobody\n".utf8).rawSpan, to: bench.folder.file(".unlearn/trust"), replacing: true)
    try bench.refuse(Self.apply, code: 3, saying: "signed by no one", "trust add")
  }

  @Test func `an unsigned patch is refused`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try Folder.remove(bench.folder.file("p.patch.safetensors.sigstore.json"))
    try bench.refuse(Self.apply, code: 4, saying: "not signed")
  }

  @Test func `the same patch twice is refused with its leaf`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.refuse(Self.apply, code: 6, saying: "applied already", "leaf 7")
    try bench.refuse(Self.apply + ["--verify", "touched"], code: 6, saying: "applied already")
  }

  @Test func `a truncated shard is refused by name and byte`() throws {
    let bench = try Bench(shardCount: 3)
    try bench.makePatch()
    let path = bench.folder.file("model/model-00002-of-00003.safetensors")
    let bytes = try Folder.read(path, limit: 1 << 20)
    try AtomicFile.write(Array(bytes.dropLast(5)).rawSpan, to: path, replacing: true)
    try bench.refuse(Self.apply, code: 1, saying: "model-00002-of-00003", "bytes")
    #expect(try bench.run(["verify", "model"]).code == 1)
  }

  @Test func `a changed ledger is refused`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let path = bench.folder.file(".unlearn/ledger.sqlite")
    let original = try Folder.read(path, limit: 1 << 24)
    // Inside the leaves' own bytes: a digit of a digest.
    let text = Array("\"patch.applied\"".utf8)
    let place = try #require(original.firstIndexOf(text))
    try TemporaryFolder.flip(path, at: place + 3)
    let result = try bench.run(["verify", "model"])
    #expect(result.code == 1, "\(result.output)\(result.errors)")
    #expect(result.output.contains("FAILED"))
    try bench.refuse(["rollback", "model"], code: 1, saying: "leaf 7")
  }

  @Test func `a model that another process holds is refused`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let holder = try Descriptor(bench.folder.file("model"), .directory)
    try holder.lock()
    try bench.refuse(Self.apply, code: 6, saying: "in use by another")
    withExtendedLifetime(holder) {}
  }

  @Test func `links and read-only files are refused with what to do`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let path = bench.folder.file("model/model.safetensors")
    try Links.hardLink(path, bench.folder.file("other.safetensors"))
    try bench.refuse(Self.apply, code: 6, saying: "hard links", "copy the model")
    try Folder.remove(path)
    try Links.symbolicLink(bench.folder.file("other.safetensors"), path)
    let result = try bench.run(Self.apply)
    #expect(result.code == 6)
    #expect(result.errors.contains("symbolic link"))
  }

  @Test func `a model that was set back is told as an older state`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try TemporaryFolder.copyTree(bench.folder.file("base"), bench.folder.file("model"))
    let result = try bench.run(["verify", "model"])
    #expect(result.code == 1)
    #expect(result.output.contains("an older state"))
  }

  @Test func `a cut or replaced ledger is caught by the pin`() throws {
    let bench = try Bench()
    let early = try Folder.read(bench.folder.file(".unlearn/ledger.sqlite"), limit: 1 << 24)
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    for name in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
      try Folder.remove(bench.folder.file(".unlearn/\(name)"))
    }
    try AtomicFile.write(
      early.rawSpan, to: bench.folder.file(".unlearn/ledger.sqlite"), replacing: true)
    let result = try bench.run(["ledger", "verify"])
    #expect(result.code == 1)
    #expect(result.output.contains("its end was cut or an old copy restored"))
    #expect(
      try bench.run(["request", "open", "--regime", "gdpr", "--ground", "17-1-b"]).code == 1)
  }

  @Test func `a patch is judged by the trust file that the verifier names`() throws {
    let bench = try Bench()
    try bench.makePatch()
    #expect(try bench.succeed("verify", "p.patch.safetensors").contains("verdict: valid"))
    let nowhere = try TemporaryFolder()
    func verify(_ more: [String]) throws -> ProgramResult {
      try bench.program.run(
        ["verify", bench.folder.file("p.patch.safetensors")] + more, in: nowhere.path,
        environment: bench.environment)
    }
    let unnamed = try verify([])
    #expect(unnamed.code == 3)
    #expect(unnamed.errors.contains("integrity only, signer unknown"))
    #expect(try verify(["--trust", bench.folder.file(".unlearn/trust")]).code == 0)
    try AtomicFile.write(Array("".utf8).rawSpan, to: nowhere.file("trust"))
    #expect(try verify(["--trust", "trust"]).code == 3)
    try AtomicFile.write(
      Array("signer a \(bench.folder.file("officer.pub.pem"))\nrequire 2 artifact\n".utf8).rawSpan,
      to: nowhere.file("trust"), replacing: true)
    let alone = try verify(["--trust", "trust"])
    #expect(alone.code == 3)
    #expect(alone.errors.contains("2 distinct trusted signers are required"))
  }

  @Test func `a second signer makes two, and both are named`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("keygen", "--role", "artifact", "-o", "second")
    try bench.succeed("trust", "add", "second.pub.pem")
    let trust = try Folder.read(bench.folder.file(".unlearn/trust"), limit: 1 << 16)
    try AtomicFile.write(
      (trust + Array("require 2 artifact\n".utf8)).rawSpan,
      to: bench.folder.file(".unlearn/trust"), replacing: true)
    try bench.refuse(Self.apply, code: 3, saying: "2 distinct trusted signers")
    try bench.refuse(
      ["sign", "p.patch.safetensors", "--key", "officer.key.pem"], code: 1, saying: "signed already"
    )
    try bench.succeed("sign", "p.patch.safetensors", "--key", "second.key.pem")
    #expect(
      try bench.succeed(Self.apply[0], Self.apply[1], Self.apply[2]).contains("officer, second"))
  }

  @Test func `a trust file that does not name the log leaves the verdict incomplete`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try AtomicFile.write(
      Array("signer officer officer.pub.pem\n".utf8).rawSpan, to: bench.folder.file("mine"))
    let result = try bench.run(["verify", "model", "--trust", "mine"])
    #expect(result.code == 4, "\(result.output)")
    #expect(result.output.contains("verdict: incomplete"))
  }

  @Test func `usage errors are exit 2`() throws {
    let bench = try Bench()
    #expect(try bench.run(["apply"]).code == 2)
    #expect(try bench.run(["nothing"]).code == 2)
    #expect(
      try bench.run([
        "create", "--model", "model", "--method", "ablate", "--units", "L0.X1", "-o",
        "a.patch.safetensors",
      ]).code == 2)
    #expect(
      try bench.run([
        "create", "--model", "model", "--method", "ablate", "--units", "L9.H1", "-o",
        "a.patch.safetensors",
      ]).code == 6)
  }
}

extension [UInt8] {
  /// Where a sequence of bytes begins; nil where it is not there.
  func firstIndexOf(_ bytes: [UInt8]) -> Int? {
    guard count >= bytes.count else { return nil }
    return (0...count - bytes.count).first { Array(self[$0..<$0 + bytes.count]) == bytes }
  }
}
