import Attestation
import Storage
import TestSupport
import Testing

/// The log's own key is put in the place of another by the real program.
@Suite("The log's key is replaced") struct LogKeyTests {
  private static let rotate = ["trust", "rotate", "--role", "ledger"]

  private func text(_ bench: Bench, _ name: String) throws -> String {
    String(decoding: try Folder.read(bench.folder.file(name), limit: 1 << 20), as: UTF8.self)
  }

  private func rotate(_ bench: Bench) throws {
    try bench.succeed("trust", "rotate", "--role", "ledger")
  }

  private func open(_ bench: Bench) throws {
    try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
  }

  /// The private key itself, as it stands in PEM.
  private func secret(_ bench: Bench) throws -> String {
    let lines = try text(bench, ".unlearn/ledger.key.pem").split(separator: "\n")
    return String(lines[1])
  }

  @Test func `the log goes on, and all that was done under the former key holds`() throws {
    let bench = try Bench()
    try bench.makePatch()
    try bench.succeed("apply", "model", "p.patch.safetensors")
    let oldTrust = try text(bench, ".unlearn/trust")
    try bench.write(Array(oldTrust.utf8), ".unlearn/old.trust")
    try bench.succeed("report", "export", "-o", "early")
    var former: [String] = []
    for round in 1...3 {
      let (vkey, secret) = try (bench.succeed("ledger", "key"), secret(bench))
      former.append(secret)
      try rotate(bench)
      #expect(try bench.succeed("ledger", "key") != vkey)
      if round == 1 {
        try bench.succeed("rollback", "model")
      } else {
        try open(bench)
      }
      for verify in [["verify", "model"], ["verify", "model", "--trust", ".unlearn/old.trust"]] {
        let result = try bench.run(verify)
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("ok      trusted log"))
      }
      try bench.succeed("report", "export", "-o", "report-\(round)")
      for report in ["early", "report-1", "report-\(round)"] {
        for trust in [[], ["--trust", ".unlearn/old.trust"]] {
          let result = try bench.run(["verify", report] + trust)
          #expect(result.code == 0, "\(report): \(result.output)\(result.errors)")
        }
      }
      #expect(
        try Folder.names(in: bench.folder.file("report-\(round)/keys")).count == round + 1)
    }
    // No former private key is left, under any name.
    for (name, bytes) in try bench.contents(".unlearn") {
      let text = String(decoding: bytes, as: UTF8.self)
      for secret in former { #expect(!text.contains(secret), "\(name)") }
    }
    #expect(
      try FileStatus(of: bench.folder.file(".unlearn/ledger.key.pem")).mode & 0o777 == 0o600)
    #expect(
      try Folder.names(in: bench.folder.file(".unlearn")).filter { $0.hasSuffix(".key.pem") }
        == ["ledger.key.pem"])
    // The trust file knows each key and how far it signs; so does whoever asks for its lines.
    let lines = try text(bench, ".unlearn/trust").split(separator: "\n").filter {
      $0.hasPrefix("log ")
    }
    #expect(lines.count == 4)
    #expect(lines.map { $0.contains(" not-after-index=") } == [true, true, true, false])
    #expect(
      try bench.succeed("ledger", "key", "--format", "trust").split(separator: "\n") == lines)
    try bench.write(Array("\(lines[3])\n".utf8), "new.trust")
    let unsigned = try bench.run(["ledger", "verify", "--trust", "new.trust"])
    #expect(unsigned.output.contains("ok      trusted log: the trust file names this log's key"))
  }

  @Test func `a stranger who has the former key learns the next from one entry`() throws {
    let bench = try Bench()
    try bench.write(Array(try text(bench, ".unlearn/trust").utf8), ".unlearn/old.trust")
    try rotate(bench)
    try open(bench)
    try bench.succeed("ledger", "prove", "2", "-o", "h.tlog-proof", "--entry", "h.json")
    let vkey = try bench.succeed("ledger", "key").dropLast()
    let away = try TemporaryFolder()
    let result = try bench.program.run(
      [
        "ledger", "verify-proof", bench.folder.file("h.tlog-proof"), "--entry",
        bench.folder.file("h.json"), "--trust", bench.folder.file(".unlearn/old.trust"),
      ], in: away.path, environment: bench.environment)
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("ok      handover") && result.output.contains("log \(vkey)"))
  }

  @Test func `the log's line keeps its place, its address and a limit that it has`() throws {
    let bench = try Bench()
    func edit(_ change: (Substring) -> String) throws {
      let lines = try text(bench, ".unlearn/trust").split(separator: "\n").map(change)
      try bench.write(Array((lines.joined(separator: "\n") + "\n").utf8), ".unlearn/trust")
    }
    try edit { $0.hasPrefix("log ") ? "\($0)\thttps://log.example/ not-after-index=7" : String($0) }
    try rotate(bench)
    let lines = try text(bench, ".unlearn/trust").split(separator: "\n")
    let place = try #require(lines.firstIndex { $0.hasPrefix("log ") })
    #expect(lines[place].hasSuffix("https://log.example/ not-after-index=7"))
    #expect(
      lines[place + 1].hasPrefix("log ") && lines[place + 1].hasSuffix(" https://log.example/"))
    #expect(lines[place + 2].hasPrefix("signer "))
    // Where the file names another log only, or is not there, nothing is added to it.
    try edit { $0.hasPrefix("log ") ? "" : String($0) }
    try rotate(bench)
    #expect(try !text(bench, ".unlearn/trust").contains("\nlog "))
    try Folder.remove(bench.folder.file(".unlearn/trust"))
    try rotate(bench)
    #expect(try FileStatus.ifExists(bench.folder.file(".unlearn/trust")) == nil)
  }

  @Test func `what could not be ended is not begun`() throws {
    let bench = try Bench()
    func refuse(_ code: Int32, _ words: String) throws {
      let result = try bench.run(Self.rotate)
      #expect(result.code == code && result.errors.contains(words), "\(result)")
      #expect(try !bench.succeed("ledger", "log").contains("key.rotated"))
      #expect(
        try !Folder.names(in: bench.folder.file(".unlearn")).contains { $0.hasPrefix("ledger-") })
    }
    let trust = try text(bench, ".unlearn/trust")
    try bench.write(Array((trust + "believe everyone\n").utf8), ".unlearn/trust")
    try refuse(1, "unknown line")
    try bench.write(Array(trust.utf8), ".unlearn/trust")
    // A key elsewhere, to which only a link leads, would not be the one that is destroyed.
    let (key, elsewhere) = (bench.folder.file(".unlearn/ledger.key.pem"), bench.folder.file("key"))
    try bench.write(try Folder.read(key, limit: 4096), "key")
    try Folder.remove(key)
    try Links.symbolicLink(elsewhere, key)
    try refuse(6, "not a regular file")
    try open(bench)
    for wrong in [
      ["trust", "rotate"], ["trust", "rotate", "officer"], Self.rotate + ["officer"],
      Self.rotate + ["officer", "x.pub.pem"], Self.rotate + ["--new-name", "x"],
    ] {
      #expect(try bench.run(wrong).code == 2, "\(wrong)")
    }
  }

  @Test func `heads that witnesses have cosigned under either key count`() throws {
    let bench = try Bench()
    let witness = try TestWitness("witness.example/w")
    let trust = try text(bench, ".unlearn/trust")
    try bench.write(
      Array((trust + "witness w \(witness.verifierKey.encoded)\nquorum w\n").utf8),
      ".unlearn/trust")
    for size in 2...4 {
      if size == 3 { try rotate(bench) }
      if size == 4 { try open(bench) }
      try bench.succeed("ledger", "witness", "--request-file", "request")
      let body = try text(bench, "request")
      let gap = try #require(body.firstRange(of: "\n\n"))
      let note = try SignedNote(parsing: Array(body[gap.upperBound...].utf8))
      #expect(note.lines.count == (size == 3 ? 2 : 1))
      #expect(
        try FileStatus.ifExists(bench.folder.file(".unlearn/witness/\(size).checkpoint")) == nil)
      try bench.write(
        Array(try witness.line(for: note.text, at: 1_790_000_000).utf8), "response")
      try bench.succeed("ledger", "witness", "--response-file", "response")
      let verified = try bench.succeed("ledger", "verify")
      #expect(verified.contains("ok      witnesses: the head of \(size) of \(size) leaves"))
      #expect(try bench.succeed("ledger", "checkpoint", "--cosigned").contains("\n\(size)\n"))
      let proved = try bench.succeed("ledger", "prove", "1", "-o", "\(size).tlog-proof")
      #expect(proved.contains("\(size) leaves, 1 cosignature(s)"), "\(proved)")
    }
  }

  @Test(
    arguments: [("internal", 0), ("public", 4)] as [(String, Int32)])
  func `a report's handover is held against what both keys have signed`(
    _ level: String, _ code: Int32
  )
    throws
  {
    let bench = try Bench()
    try rotate(bench)
    try open(bench)
    try bench.succeed(
      "report", "export", "-o", "report", "--as-of", "2030-01-01", "--redact", level)
    #expect(try bench.run(["verify", "report"]).code == code)
    #expect(try text(bench, "report/VERIFY.md").contains("Entry 2 hands the log over"))
    let proof = try text(bench, "report/keys/2.tlog-proof")
    let lines = proof.split(separator: "\n", omittingEmptySubsequences: false)
    func sumAnew() throws {
      let contents = try bench.contents("report").filter { $0.key != "SHA256SUMS" }
      let sums = contents.keys.sorted { ByteString($0) < ByteString($1) }
        .map { "\(SHA256.digest(of: contents[$0] ?? []).hex)  \($0)\n" }
      try bench.write(Array(sums.joined().utf8), "report/SHA256SUMS")
    }
    // Without the signature of the former key, and without that of the later one.
    for (line, words) in [
      (lines.count - 3, "the key before it has not signed it"),
      (lines.count - 2, "the key that it names has not signed it"),
    ] {
      var fewer = lines
      fewer.remove(at: line)
      try bench.write(Array(fewer.joined(separator: "\n").utf8), "report/keys/2.tlog-proof")
      try sumAnew()
      try bench.refuse(["verify", "report"], code: 1, saying: "FAILED  handover 2", words)
    }
    try Folder.remove(bench.folder.file("report/keys/2.tlog-proof"))
    try sumAnew()
    try bench.refuse(["verify", "report"], code: 1, saying: "FAILED  handover 2", "is not there")
    try bench.write(Array(proof.utf8), "report/keys/2.tlog-proof")
    try sumAnew()
    #expect(try bench.run(["verify", "report"]).code == code)
  }

  @Test func `a report that ends with the handover itself is whole`() throws {
    let bench = try Bench()
    try rotate(bench)
    try bench.succeed("report", "export", "-o", "report")
    for format in ["ssh", "minisign"] {
      try bench.succeed("ledger", "sign-file", "report/SHA256SUMS", "--format", format)
    }
    let verified = try bench.succeed("verify", "report")
    #expect(verified.contains("ok      handover 2") && verified.contains("ok      signature"))
  }

  @Test func `who appends meanwhile signs with whichever key is the log's`() async throws {
    let bench = try Bench()
    let results = try await withThrowingTaskGroup(of: ProgramResult.self) { group in
      group.addTask {
        var last = try bench.run(Self.rotate)
        for _ in 0..<4 where last.code == 0 { last = try bench.run(Self.rotate) }
        return last
      }
      for _ in 0..<3 {
        group.addTask {
          var last = try bench.run(["request", "open", "--regime", "gdpr", "--ground", "17-1-b"])
          for _ in 0..<5 where last.code == 0 {
            last = try bench.run(["request", "open", "--regime", "gdpr", "--ground", "17-1-b"])
          }
          return last
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for result in results { #expect(result.code == 0, "\(result)") }
    let verified = try bench.succeed("ledger", "verify")
    #expect(verified.contains("requests: 18 received"))
    #expect(
      try bench.succeed("ledger", "key", "--format", "trust").split(separator: "\n").count == 6)
  }
}
