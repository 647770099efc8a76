import Attestation
import SampleModels
import Storage
import TestSupport
import Testing

@Suite("A patch sealed for recipients") struct SealingTests {
  private static let sealed = "p.patch.safetensors.sealed"
  private static let apply = ["apply", "model", sealed]

  /// A signed patch that is sealed for two, of which the plain file is gone.
  private func bench() throws -> Bench {
    let bench = try Bench()
    for (name, curve) in [("a", KeyAlgorithm.p256), ("b", .p384), ("stranger", .p521)] {
      let key = try PrivateKey.generate(curve)
      let (own, other) = (key.pem(), key.publicKey.pem)
      try AtomicFile.write(own.rawSpan, to: bench.folder.file("\(name).key.pem"))
      try AtomicFile.write(other.rawSpan, to: bench.folder.file("\(name).pub.pem"))
    }
    try bench.makePatch()
    let answer = try bench.succeed(
      "sign", "p.patch.safetensors", "--encrypt-to", "a.pub.pem", "--encrypt-to", "b.pub.pem")
    #expect(answer.contains("sealed  \(Self.sealed)"))
    try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("plain"))
    try Folder.publish(
      bench.folder.file("p.patch.safetensors"), as: bench.folder.file("plain.patch"))
    return bench
  }

  private func names(_ bench: Bench) throws -> [String] {
    try Folder.names(in: bench.folder.path).sorted()
  }

  @Test func `each recipient applies and inspects it, and takes it back`() throws {
    let bench = try bench()
    let before = try names(bench)
    for name in ["a", "b"] {
      try bench.succeed("apply", "model", Self.sealed, "--key", "\(name).key.pem")
      #expect(try bench.contents("model") != bench.contents("base"))
      try bench.succeed("verify", "model")
      try bench.succeed("rollback", "model", Self.sealed)
      #expect(try bench.contents("model") == bench.contents("base"))
    }
    let shut = try bench.succeed("inspect", Self.sealed)
    #expect(shut.contains("not opened") && shut.contains("method  ablate"))
    let opened = try bench.succeed("inspect", Self.sealed, "--key", "a.key.pem", "--json")
    #expect(opened.contains(#""opened": true"#))
    #expect(try names(bench) == before)
    try bench.succeed("unseal", Self.sealed, "--key", "b.key.pem", "-o", "again.patch")
    #expect(
      try Folder.read(bench.folder.file("again.patch"), limit: 1 << 20)
        == Folder.read(bench.folder.file("plain.patch"), limit: 1 << 20))
  }

  @Test func `no one else does`() throws {
    let bench = try bench()
    let before = try names(bench)
    try bench.refuse(Self.apply, code: 4, saying: "sealed for recipients", "--key")
    try bench.refuse(
      Self.apply + ["--key", "stranger.key.pem"], code: 6, saying: "is not sealed for the key",
      "recipient")
    try bench.refuse(
      ["unseal", Self.sealed, "--key", "stranger.key.pem", "-o", "x"], code: 6,
      saying: "is not sealed for the key")
    try bench.refuse(
      ["unseal", "plain.patch", "--key", "a.key.pem", "-o", "x"], code: 1, saying: "not a file")
    try bench.refuse(
      ["unseal", "nothing", "--key", "a.key.pem", "-o", "x"], code: 5,
      saying: "nothing of that name")
    try bench.refuse(
      ["unseal", Self.sealed, "--key", "a.key.pem", "-o", "plain.patch"], code: 6, saying: "exists")
    #expect(try names(bench) == before)
  }

  @Test func `what was changed or cut is refused, and leaves nothing`() throws {
    let bench = try bench()
    let before = try names(bench)
    let path = bench.folder.file(Self.sealed)
    let whole = try Folder.read(path, limit: 1 << 20)
    for place in [10, 50, 120, 200, 300, 400, whole.count - 20, whole.count - 1] {
      try TemporaryFolder.flip(path, at: place)
      let result = try bench.run(Self.apply + ["--key", "a.key.pem"])
      // A changed id of the key is another recipient.
      #expect([1, 6].contains(result.code), "\(place): \(result.errors)")
      #expect(result.errors.contains(Self.sealed), "\(place): \(result.errors)")
      try AtomicFile.write(Array(whole.prefix(place)).rawSpan, to: path, replacing: true)
      try bench.refuse(Self.apply + ["--key", "a.key.pem"], code: 1, saying: Self.sealed)
      try AtomicFile.write(whole.rawSpan, to: path, replacing: true)
    }
    // Sealed by no one who signed: another file's content under the recipient's key.
    try Folder.remove(path)
    let key = try PublicKey(path: bench.folder.file("a.pub.pem"))
    let other = [UInt8](repeating: 7, count: 100)
    var writer = try SealedFileWriter(
      path: path, recipients: [key], plaintextByteCount: other.count)
    try writer.append(other.rawSpan)
    try writer.commit()
    try bench.refuse(Self.apply + ["--key", "a.key.pem"], code: 1, saying: "error")
    #expect(try names(bench) == before)
    try Folder.remove(bench.folder.file("p.patch.safetensors.sigstore.json"))
    try bench.refuse(Self.apply + ["--key", "a.key.pem"], code: 4, saying: "bundle of the patch")
  }

  @Test func `sealing takes a signature, a key that can receive, and a free name`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let to = ["sign", "p.patch.safetensors", "--encrypt-to"]
    let ledger = try PrivateKey.generate(.ed25519).publicKey
    try AtomicFile.write(ledger.pem.rawSpan, to: bench.folder.file("ledger.pub.pem"))
    try bench.refuse(to + ["ledger.pub.pem"], code: 1, saying: "can't receive")
    try bench.refuse(["sign", "p.patch.safetensors"], code: 2, saying: "--encrypt-to")
    try bench.succeed(to[0], to[1], to[2], "officer.pub.pem")
    try bench.refuse(to + ["officer.pub.pem"], code: 6, saying: "exists already")
    try Folder.remove(bench.folder.file("p.patch.safetensors.sigstore.json"))
    try Folder.remove(bench.folder.file(Self.sealed))
    try bench.refuse(to + ["officer.pub.pem"], code: 4, saying: "not signed")
  }
}
