import Attestation
import Storage
import TestSupport
import Testing

@Suite("The log for others") struct TransparencyTests {
  private let bench: Bench
  private let witness: TestWitness

  init() throws {
    bench = try Bench()
    witness = try TestWitness("witness.example/w")
  }

  private func askWitness(_ url: String = "") throws {
    let path = bench.folder.file(".unlearn/trust")
    let old = String(decoding: try Folder.read(path, limit: 1 << 16), as: UTF8.self)
    let text = old + "witness w \(witness.verifierKey.encoded) \(url)\nquorum w\n"
    try TemporaryFolder.write(Array(text.utf8), to: path)
  }

  /// The witness's answer to a request that went out as a file.
  private func answer(_ request: String) throws {
    let body = String(
      decoding: try Folder.read(bench.folder.file(request), limit: 1 << 16), as: UTF8.self)
    let gap = try #require(body.firstRange(of: "\n\n"))
    let note = try SignedNote(parsing: Array(body[gap.upperBound...].utf8))
    let line = try witness.line(for: note.text, at: 1_790_000_000)
    try TemporaryFolder.write(Array(line.utf8), to: bench.folder.file("response"))
  }

  @Test func `a head goes to a witness and back by file, and counts from then on`() throws {
    try askWitness()
    try bench.refuse(["ledger", "verify"], code: 4, saying: "missing witnesses", "incomplete")
    try bench.succeed("ledger", "witness", "--request-file", "request")
    let request = String(
      decoding: try Folder.read(bench.folder.file("request"), limit: 1 << 16), as: UTF8.self)
    #expect(request.hasPrefix("old 0\n\ntest.example/log\n2\n"))
    // The log goes on before the answer is there.
    try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
    try answer("request")
    let taken = try bench.succeed("ledger", "witness", "--response-file", "response")
    #expect(taken.contains("cosigned  w at"))
    #expect(taken.contains("leaves    2"))
    let verified = try bench.succeed("ledger", "verify")
    #expect(verified.contains("ok      witnesses: the head of 2 of 3 leaves"))
    #expect(try bench.succeed("ledger", "checkpoint", "--cosigned").contains("witness.example/w"))
    #expect(try !bench.succeed("ledger", "checkpoint").contains("witness.example/w"))
    // The next request continues what was cosigned.
    try bench.succeed("ledger", "witness", "--request-file", "next")
    let next = String(
      decoding: try Folder.read(bench.folder.file("next"), limit: 1 << 16), as: UTF8.self)
    #expect(next.hasPrefix("old 2\n"))
    try answer("next")
    try bench.succeed("ledger", "witness", "--response-file", "response")
    #expect(try bench.succeed("ledger", "checkpoint").contains("witness.example/w"))
  }

  @Test func `that a head was cosigned is recorded on request, and the note kept`() throws {
    try askWitness()
    try bench.succeed("ledger", "witness", "--request-file", "request")
    try answer("request")
    try bench.refuse(
      ["ledger", "witness", "--request-file", "r", "--record"], code: 2, saying: "asks no one")
    let taken = try bench.succeed("ledger", "witness", "--response-file", "response", "--record")
    #expect(taken.contains("recorded  leaf 2"))
    let verified = try bench.succeed("ledger", "verify")
    #expect(verified.contains("ok      witnessed heads"))
    #expect(try bench.succeed("ledger", "log").contains("checkpoint.witnessed"))
    try bench.succeed("report", "export", "-o", "report")
    let checked = try bench.run(["verify", "report"])
    #expect(checked.output.contains("ok      witnessed heads"), "\(checked.output)")
  }

  @Test func `answers that are no cosignature of this log are not kept`() throws {
    try askWitness()
    for (text, words) in [
      ("", "signature lines"), ("garbage\n", "can't be read"), ("7\n", "has cosigned 7 leaves"),
      (try witness.line(for: "another\n", at: 1_790_000_000), "no line in it"),
      (try TestWitness("witness.example/w").line(for: "x\n", at: 9), "no line in it"),
    ] {
      try TemporaryFolder.write(Array(text.utf8), to: bench.folder.file("response"))
      let result = try bench.run(["ledger", "witness", "--response-file", "response"])
      #expect(result.code != 0)
      #expect(result.errors.contains(words), "\(result.errors)")
    }
    #expect(try FileStatus.ifExists(bench.folder.file(".unlearn/witness")) == nil)
  }

  @Test func `a witness that can't be had is told, and changes nothing`() throws {
    try bench.refuse(
      ["ledger", "witness"], code: 2, saying: "names no witness", "witness NAME VKEY")
    try askWitness("http://127.0.0.1:1/")
    try bench.refuse(["ledger", "witness"], code: 5, saying: "witness w: no answer")
    try bench.refuse(["ledger", "witness", "--name", "x"], code: 2, saying: "no witness 'x'")
    try bench.refuse(["ledger", "witness", "--timeout", "0"], code: 2, saying: "1 to 3600")
    #expect(try FileStatus.ifExists(bench.folder.file(".unlearn/witness")) == nil)
  }

  @Test func `a proof is checked without a workspace, by key, quorum and entry`() throws {
    try askWitness()
    try bench.succeed("ledger", "prove", "1", "-o", "p.tlog-proof", "--entry", "leaf.json")
    let away = try TemporaryFolder()
    let trust = bench.folder.file(".unlearn/trust")
    func verify(_ extra: String..., entry: String = "leaf.json") throws -> ProgramResult {
      try bench.program.run(
        [
          "ledger", "verify-proof", bench.folder.file("p.tlog-proof"), "--entry",
          bench.folder.file(entry),
        ] + extra, in: away.path, environment: bench.environment)
    }
    #expect(try verify().code == 3)
    let unseen = try verify("--trust", trust)
    #expect(unseen.code == 4)
    #expect(unseen.output.contains("w has not cosigned"))
    try bench.succeed("ledger", "witness", "--request-file", "request")
    try answer("request")
    try bench.succeed("ledger", "witness", "--response-file", "response")
    #expect(try bench.run(["ledger", "prove", "1", "-o", "p.tlog-proof"]).code == 6)
    try Folder.remove(bench.folder.file("p.tlog-proof"))
    try bench.succeed("ledger", "prove", "1", "-o", "p.tlog-proof")
    #expect(try verify("--trust", trust).code == 0)
    // With a line break at its end, as editors leave it; and another entry.
    let leaf = try Folder.read(bench.folder.file("leaf.json"), limit: 1 << 16)
    try TemporaryFolder.write(leaf + [0x0A], to: bench.folder.file("line.json"))
    #expect(try verify("--trust", trust, entry: "line.json").code == 0)
    try TemporaryFolder.write(leaf.dropLast() + [0x20], to: bench.folder.file("other.json"))
    #expect(try verify("--trust", trust, entry: "other.json").code == 1)
    try bench.refuse(["ledger", "prove", "99"], code: 6, saying: "no leaf 99")
  }

  @Test func `the trust file's limit on the log's key holds for the log itself`() throws {
    let path = bench.folder.file(".unlearn/trust")
    let old = String(decoding: try Folder.read(path, limit: 1 << 16), as: UTF8.self)
    for (index, code) in [(1, Int32(0)), (0, 1)] {
      let text = old.split(separator: "\n").map {
        $0.hasPrefix("log ") ? "\($0) not-after-index=\(index)\n" : "\($0)\n"
      }.joined()
      try TemporaryFolder.write(Array(text.utf8), to: path)
      #expect(try bench.run(["ledger", "verify"]).code == code)
    }
  }

  @Test func `a report carries the cosignatures, and is signed for standard tools`() throws {
    try askWitness()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.refuse(["verify", "model"], code: 4, saying: "missing witnesses")
    try bench.succeed("ledger", "witness", "--request-file", "request")
    try answer("request")
    try bench.succeed("ledger", "witness", "--response-file", "response")
    #expect(try bench.succeed("verify", "model").contains("ok      witnesses"))
    try bench.succeed("report", "export", "-o", "report")
    for (format, ending) in [("ssh", "sig"), ("minisign", "minisig")] {
      try bench.succeed("ledger", "sign-file", "report/SHA256SUMS", "--format", format)
      #expect(try FileStatus.ifExists(bench.folder.file("report/SHA256SUMS.\(ending)")) != nil)
    }
    let checked = try bench.succeed("verify", "report")
    #expect(checked.contains("ok      witnesses"))
    let entries = String(
      decoding: try Folder.read(bench.folder.file("report/entries.jsonl"), limit: 1 << 20),
      as: UTF8.self
    ).split(separator: "\n")
    let receipts = try Folder.names(in: bench.folder.file("report/proofs"))
    #expect(!receipts.isEmpty)
    for receipt in receipts {
      let number = try #require(Int(receipt.prefix { $0.isNumber }))
      try TemporaryFolder.write(Array(entries[number].utf8), to: bench.folder.file("entry"))
      try bench.succeed(
        "ledger", "verify-proof", "report/proofs/\(receipt)", "--entry", "entry", "--trust",
        ".unlearn/trust")
    }
    try TemporaryFolder.write([1], to: bench.folder.file("report/SHA256SUMS.gpg"))
    try bench.refuse(["verify", "report"], code: 1, saying: "is not in SHA256SUMS")
  }

  @Test func `keys are printed in each form, and files signed once`() throws {
    let vkey = try bench.succeed("ledger", "key")
    #expect(vkey.hasPrefix("test.example/log+"))
    #expect(
      try bench.succeed("ledger", "key", "--format", "ssh").hasPrefix(
        "test.example/log namespaces=\"file\" ssh-ed25519 AAAA"))
    #expect(
      try bench.succeed("ledger", "key", "--format", "minisign").hasPrefix(
        "untrusted comment: minisign public key "))
    #expect(
      try bench.succeed("ledger", "key", "--format", "pem").hasPrefix("-----BEGIN PUBLIC KEY-----"))
    try TemporaryFolder.write([1, 2, 3], to: bench.folder.file("f"))
    try bench.succeed("ledger", "sign-file", "f", "--format", "ssh")
    #expect(try bench.run(["ledger", "sign-file", "f", "--format", "ssh"]).code == 6)
    #expect(try bench.run(["ledger", "sign-file", "missing", "--format", "ssh"]).code == 5)
  }

  @Test func `tiles are written whole, and then only what is new`() throws {
    let first = try bench.succeed("ledger", "export", "--tiles", "public")
    #expect(first.contains("2 file(s) written, 0 were there"))
    #expect(
      try bench.succeed("ledger", "export", "--tiles", "public").contains("0 file(s) written"))
    try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
    #expect(
      try bench.succeed("ledger", "export", "--tiles", "public").contains("2 file(s) written"))
    let names = try Folder.files(below: bench.folder.file("public")).map(\.name)
    #expect(names.contains("tile/entries/000.p/3"))
    #expect(names.contains("checkpoint"))
  }
}
