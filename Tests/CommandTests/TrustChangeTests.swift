import Storage
import TestSupport
import Testing

@Suite("Trust that is taken and handed on") struct TrustChangeTests {
  @Test func `a revoked signer's patch is refused, and what was applied before stays valid`() throws
  {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("rollback", "model")
    let name = try #require(
      try bench.succeed("trust", "list").split(separator: "\n").first { $0.hasPrefix("signer ") }?
        .split(separator: " ").dropFirst().first.map { String($0) })
    try bench.succeed("trust", "revoke", name, "--reason", "lost")
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors"], code: 3, saying: "revoked or replaced")
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
    try bench.refuse(
      ["trust", "revoke", name, "--reason", "lost"], code: 6, saying: "does not count since leaf")
  }

  @Test func `a signature that was used after the leaf of a revocation makes the log invalid`()
    throws
  {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let name = try #require(
      try bench.succeed("trust", "list").split(separator: "\n").first { $0.hasPrefix("signer ") }?
        .split(separator: " ").dropFirst().first.map { String($0) })
    try bench.succeed("trust", "revoke", name, "--reason", "compromised", "--from-leaf", "1")
    let result = try bench.run(["verify", "model"])
    #expect(result.code == 1)
    #expect(result.output.contains("with a key that did not count any more"))
  }

  @Test func `another key takes over, and the old one's signatures end`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let name = try #require(
      try bench.succeed("trust", "list").split(separator: "\n").first { $0.hasPrefix("signer ") }?
        .split(separator: " ").dropFirst().first.map { String($0) })
    try bench.succeed("keygen", "--role", "artifact", "-o", "next")
    try bench.succeed("trust", "rotate", name, "next.pub.pem")
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors"], code: 3, saying: "revoked or replaced")
    try bench.succeed("sign", "p.patch.safetensors", "--key", "next.key.pem")
    #expect(try bench.succeed("apply", "model", "p.patch.safetensors").contains("signed  next"))
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
  }

  @Test func `two signatures are two keys, not one twice`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let trust = try Folder.read(bench.folder.file(".unlearn/trust"), limit: 1 << 16)
    try AtomicFile.write(
      (trust + Array("require 2 artifact\n".utf8)).rawSpan,
      to: bench.folder.file(".unlearn/trust"), replacing: true)
    try bench.refuse(
      ["apply", "model", "p.patch.safetensors"], code: 3,
      saying: "2 distinct trusted signers are required, 1 have signed")
    try bench.succeed("keygen", "--role", "artifact", "-o", "second")
    try bench.succeed("trust", "add", "second.pub.pem")
    try bench.succeed("sign", "p.patch.safetensors", "--key", "second.key.pem")
    let answer = try bench.succeed("apply", "model", "p.patch.safetensors")
    #expect(answer.contains("second"))
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
  }

  @Test func `a second signature after applying keeps the log whole`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("keygen", "--role", "artifact", "-o", "second")
    try bench.succeed("trust", "add", "second.pub.pem")
    try bench.succeed("sign", "p.patch.safetensors", "--key", "second.key.pem")
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
    try bench.succeed("rollback", "model")
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
  }
}
