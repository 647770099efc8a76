import Attestation
import Storage
import TestSupport
import Testing

/// A folder, keys on three curves, and the real program, without a workspace.
private final class SigningBench {
  let folder: TemporaryFolder
  private let program = Program("unlearn-patch")

  init(_ files: [String: String], curve: KeyAlgorithm = .p256) throws {
    folder = try TemporaryFolder()
    for (name, content) in files {
      let path = folder.file("m/\(name)")
      try Folder.create(Paths.parent(of: path))
      try TemporaryFolder.write(Array(content.utf8), to: path)
    }
    for name in ["k", "other"] {
      let key = try PrivateKey.generate(curve)
      let (own, open) = (key.pem(), key.publicKey.pem)
      try AtomicFile.write(own.rawSpan, to: folder.file("\(name).key.pem"), mode: 0o600)
      try AtomicFile.write(open.rawSpan, to: folder.file("\(name).pub.pem"))
    }
  }

  @discardableResult
  func run(
    _ arguments: String..., code: Int32 = 0, saying words: String...,
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let result = try program.run(
      arguments, in: folder.path, environment: ["XDG_STATE_HOME": folder.file("state")])
    let text = result.output + result.errors
    #expect(result.code == code, "\(arguments): \(text)", sourceLocation: location)
    for word in words {
      #expect(text.contains(word), "\(arguments): \(text)", sourceLocation: location)
    }
    return text
  }

  func write(_ content: String, to name: String) throws {
    try TemporaryFolder.write(Array(content.utf8), to: folder.file(name))
  }
}

@Suite("Signing a model with the real program") struct SignModelTests {
  static let shapes: [[String: String]] = [
    ["model.bin": "weights"],
    ["config.json": "{}", "model.bin": "weights", "empty.bin": ""],
    ["a/b/c/deep.bin": "x", "a/b/other": "y", "top": "z"],
    ["sub/a.txt": "a", "sub-x/b.txt": "b", "sub.txt": "c"],
    ["größe.bin": "1", "模型.bin": "2", "path with spaces/file (copy).bin": "3", "\u{1F600}": "4"],
    [".env": "e", ".cache/weights.bin": "w", "sub/.git/x": "g", "model.bin": "m"],
  ]

  @Test("every shape on every curve", arguments: 0..<6, [KeyAlgorithm.p256, .p384, .p521])
  func shapes(_ index: Int, _ curve: KeyAlgorithm) throws {
    let bench = try SigningBench(Self.shapes[index], curve: curve)
    try bench.run("sign", "m", "--key", "k.key.pem", saying: "signature m/model.sig")
    try bench.run(
      "verify", "m", "--public-key", "k.pub.pem", saying: "verdict: valid",
      "as OpenSSF Model Signing v1.0 has it")
    try bench.run(
      "verify", "m", "--public-key", "other.pub.pem", code: 1,
      saying: "FAILED  signature: the signature is not that of the given key",
      "the bundle names the key")
    // One byte more, one file less, one file more.
    let name = Self.shapes[index].keys.sorted()[0]
    try bench.write(Self.shapes[index][name, default: ""] + "!", to: "m/\(name)")
    try bench.run(
      "verify", "m", "--public-key", "k.pub.pem", code: 1, saying: "FAILED  files: differ: \(name)")
    try Folder.remove(bench.folder.file("m/\(name)"))
    try bench.write("", to: "m/extra")
    try bench.run(
      "verify", "m", "--public-key", "k.pub.pem", code: 1, saying: "missing: \(name)",
      "not signed: extra")
    try bench.run(
      "verify", "m", "--public-key", "k.pub.pem", "--ignore-unsigned-files", code: 1,
      saying: "missing: \(name)")
  }

  @Test func `a signature elsewhere, with paths left out, files that are more, and again`() throws {
    let bench = try SigningBench(["a": "1", "cache/x": "2", "sub/cache/y": "3"])
    try bench.run(
      "sign", "m", "--key", "k.key.pem", "--signature", "m.sig", "--ignore-path", "cache",
      saying: "files     2")
    let verify = ["verify", "m", "--signature", "m.sig", "--public-key", "k.pub.pem"]
    func check(
      _ more: String..., code: Int32 = 0, saying word: String = "",
      at location: SourceLocation = #_sourceLocation
    ) throws {
      let result = try Program("unlearn-patch").run(verify + more, in: bench.folder.path)
      #expect(result.code == code, "\(result)", sourceLocation: location)
      #expect(result.output.contains(word), "\(result)", sourceLocation: location)
    }
    try check(saying: "by the signature .git, .gitattributes, .github, .gitignore")
    try bench.write("new", to: "m/cache/z")
    try check()
    try bench.write("new", to: "m/z")
    try check(code: 1, saying: "not signed: z")
    try check("--ignore-path", "z")
    try check("--ignore-path", bench.folder.file("m/z"), saying: "z")
    try check("--ignore-unsigned-files", saying: "others were not looked at")
    try bench.run("sign", "m", "--key", "k.key.pem", "--signature", "m.sig")
    try check()
    try bench.run(
      "sign", "m", "--key", "k.key.pem", "--signature", "m/a", code: 6, saying: "exists already")
    try bench.run(
      "sign", "m", "--key", "k.key.pem", "--ignore-path", "../k.key.pem", code: 2,
      saying: "leave out")
    try bench.run(
      "verify", "m", "--signature", "none.sig", "--public-key", "k.pub.pem", code: 4,
      saying: "no such signature")
  }

  @Test func `who has signed is asked of the verifier's trust alone`() throws {
    let bench = try SigningBench(["a": "1"])
    try bench.run("sign", "m", "--key", "k.key.pem")
    try bench.run("verify", "m", code: 3, saying: "signer unknown")
    let trust = ["signer k k.pub.pem roles=model\n", "signer k k.pub.pem roles=artifact\n"]
    try bench.write(trust[0], to: "trust")
    try bench.run("verify", "m", "--trust", "trust", saying: "signed by k", "verdict: valid")
    try bench.write(trust[1], to: "trust")
    try bench.run("verify", "m", "--trust", "trust", code: 3, saying: "no one whom the trust file")
    try bench.write("signer other other.pub.pem\n", to: "trust")
    try bench.run("verify", "m", "--trust", "trust", code: 3)
    try bench.write(trust[0] + "require 2 model\n", to: "trust")
    try bench.run("verify", "m", "--trust", "trust", code: 3, saying: "2 distinct trusted signers")
    try bench.write("2", to: "m/a")
    try bench.run("verify", "m", code: 1, saying: "differ: a")
    try bench.run(
      "verify", "m", "--trust", "trust", "--strict", "--public-key", "k.pub.pem", code: 1)
  }

  @Test func `what can't be signed is refused`() throws {
    let bench = try SigningBench([:])
    try Folder.create(bench.folder.file("m"))
    try bench.run("sign", "m", "--key", "k.key.pem", code: 6, saying: "holds no file to sign")
    try bench.write("", to: "m/a")
    for target in ["a", "/tmp/nonexistent-target", "."] {
      try Links.symbolicLink(target, bench.folder.file("m/link"))
      try bench.run("sign", "m", "--key", "k.key.pem", code: 6, saying: "symbolic link")
      try Folder.remove(bench.folder.file("m/link"))
    }
    try bench.run("keygen", "--role", "ledger", "--origin", "x.example/l", "-o", "log")
    try bench.run("sign", "m", "--key", "log.key.pem", code: 1, saying: "Ed25519")
    try bench.run("sign", "m", "--encrypt-to", "k.pub.pem", code: 2, saying: "never sealed")
    try bench.run("sign", "k.pub.pem", "--key", "k.key.pem", "--signature", "s", code: 2)
    #expect(try FileStatus.ifExists(bench.folder.file("m/model.sig")) == nil)
  }

  @Test func `one file is verified by a signature that names it`() throws {
    let bench = try SigningBench(["a.bin": "1"])
    try bench.run("sign", "m", "--key", "k.key.pem", "--signature", "s")
    try bench.run("verify", "m/a.bin", "--signature", "s", "--public-key", "k.pub.pem")
    try bench.write("1", to: "b.bin")
    try bench.run(
      "verify", "b.bin", "--signature", "s", "--public-key", "k.pub.pem", code: 1,
      saying: "missing: a.bin", "not signed: b.bin")
  }

  @Test func `answers in JSON`() throws {
    let bench = try SigningBench(["a": "1"])
    let signed = try bench.run("sign", "m", "--key", "k.key.pem", "--json")
    for member in ["schema", "signature", "sha256", "key_id", "root", "files", "ignored"] {
      #expect(signed.contains("\"\(member)\""))
    }
    try bench.run(
      "verify", "m", "--public-key", "k.pub.pem", "--json",
      saying: #""verdict": "valid""#, #""step": "files""#)
  }
}
