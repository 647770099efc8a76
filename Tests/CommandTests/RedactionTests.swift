import Attestation
import AuditReport
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

/// Reports for several readers of one log: each shows what is for its reader, and is checked as far as it goes.
@Suite("Reports for several readers") struct RedactionTests {
  /// Three people: two whose patches were applied to one model one after the other, one who was refused.
  fileprivate struct Story {
    let bench: Bench
    let trust: TrustFile
    let people: [String]
    let patches: [String]
    /// What tells of each person, apart from the identity: patch, statement, commitments.
    let signs: [[String]]

    init() throws {
      bench = try Bench(shardCount: 2)
      var people: [String] = []
      for (place, day) in ["2026-01-05", "2026-02-07", "2026-03-11"].enumerated() {
        try bench.write(
          #"{"name":"Person \#(place)","mail":"p\#(place)@mail.example"}"#, "facts.json")
        people.append(
          String(
            try bench.succeed(
              "request", "open", "--regime", "gdpr", "--ground", "17-1-b", "--received", day,
              "--disclose", "facts.json"
            ).dropLast()))
      }
      var patches: [String] = []
      for (person, units) in zip(people, ["L0.H1,L1.F3", "L1.H2,L0.F5"]) {
        let name = "p\(patches.count).patch.safetensors"
        try bench.succeed(
          "create", "--model", "model", "--method", "ablate", "--units", units, "--request", person,
          "-o", name)
        try bench.succeed("sign", name, "--key", "officer.key.pem")
        try bench.succeed("apply", "model", name)
        patches.append(try SHA256.digest(ofFile: bench.folder.file(name)).hex)
      }
      // The first is taken out from under the second and applied to a copy; the second is final.
      try bench.succeed("rollback", "model", "p0.patch.safetensors")
      try bench.succeed("apply", "base", "p0.patch.safetensors", "--output", "copy")
      try bench.succeed("finalize", "model", "p1.patch.safetensors")
      try bench.succeed("request", "close", people[1], "--effect", "removed")
      try bench.succeed("request", "refuse", people[2], "--basis", "17-3-b", "--remedies-stated")
      self.people = people
      self.patches = patches
      trust = try TrustFile(path: bench.folder.file(".unlearn/trust"))
      var signs: [[String]] = [[], [], []]
      let log = try JSONValue(
        parsing: Array(try bench.succeed("ledger", "log", "--json").utf8), byteLimit: 1 << 24)
      for leaf in try JSONField(log)["leaves"].elements() {
        guard let request = try leaf["request"].optional?.text(),
          let person = people.firstIndex(of: request)
        else { continue }
        for key in ["patch", "statement", "bundle", "undo"] {
          if let sign = try leaf[key].optional?.text() { signs[person].append(sign) }
        }
        for commitment in try leaf["commitments"].optional?.elements() ?? [] {
          signs[person].append(try commitment.text())
        }
      }
      self.signs = signs
    }

    static func bare(_ request: String) -> String { String(request.dropFirst(9)) }

    func export(_ level: String, of person: Int? = nil, to name: String) throws
      -> [String: [UInt8]]
    {
      var arguments = ["report", "export", "-o", name, "--as-of", "2026-12-01", "--redact", level]
      if let person { arguments += ["--request", people[person]] }
      let result = try bench.run(arguments)
      #expect(result.code == 0, "\(result.errors)")
      return try bench.contents(name)
    }

    /// The verdict of a folder as it is; refusing to read it at all is one too.
    func verdict(_ name: String) -> Verdict {
      do {
        return Verdict(try ReportFolder.verify(bench.folder.file(name), trust: trust))
      } catch { return .invalid }
    }

    /// Makes the list of sums anew, as an attacker would.
    func sumAnew(_ name: String) throws {
      let contents = try bench.contents(name).filter { $0.key != "SHA256SUMS" }
      let lines = contents.keys.sorted { ByteString($0) < ByteString($1) }
        .map { "\(SHA256.digest(of: contents[$0] ?? []).hex)  \($0)\n" }
      try bench.write(Array(lines.joined().utf8), "\(name)/SHA256SUMS")
    }
  }

  @Test func `no byte of a folder tells of those whom it is not for`() throws {
    let story = try Story()
    let ids = story.people.map(Story.bare)
    #expect(story.signs.allSatisfy { !$0.isEmpty } && story.patches.count == 2)
    let days = ["2026-01-05", "2026-02-07", "2026-03-11", "2026-02-05", "2026-03-07"]

    // In the whole report all of it is found, also what stands in base64 there.
    let whole = try story.export("internal", to: "whole")
    let found = ByteSearch.traces(of: ids, in: whole)
    #expect(found.contains { $0.hasPrefix("bundles/") } && found.count > 12)
    #expect(ids.allSatisfy { id in found.contains { $0.hasSuffix(id) } })

    let shown = try story.export("public", to: "published")
    #expect(ByteSearch.traces(of: ids, in: shown) == [])
    let commitments = story.signs.flatMap { $0 }.filter { $0.utf8.count == 43 }
    #expect(commitments.count >= 6)
    #expect(ByteSearch.traces(of: commitments + days, in: shown) == [])
    let times = try story.leafTimes().dropFirst()
    let told = shown.filter { !["checkpoint", "entries.jsonl"].contains($0.key) }
    #expect(ByteSearch.traces(of: Array(Set(times)), in: told) == [])
    let page = String(decoding: shown["report.md"] ?? [], as: UTF8.self)
    for words in [
      "- Received: 3", "- Refused: 1", "- Closed: removed: 1", story.patches[1], "final",
    ] {
      #expect(page.contains(words), "\(words)")
    }

    for person in story.people.indices {
      let name = "person-\(person)"
      let folder = try story.export("data-subject", of: person, to: name)
      #expect(!ByteSearch.traces(of: [ids[person]], in: folder).isEmpty)
      let others = story.people.indices.filter { $0 != person }
      let secrets = others.flatMap { story.signs[$0] + [ids[$0], days[$0]] }
      #expect(ByteSearch.traces(of: Array(Set(secrets)), in: folder) == [], "\(name)")
    }
  }

  @Test func `each folder is checked as far as it goes, and says how far`() throws {
    let story = try Story()
    for level in ["internal", "authority"] {
      _ = try story.export(level, to: level)
      #expect(try story.bench.succeed("verify", level).contains("verdict: valid"))
    }
    _ = try story.export("public", to: "published")
    for person in story.people.indices {
      let folder = try story.export("data-subject", of: person, to: "person-\(person)")
      let entries = (folder["entries.jsonl"] ?? []).count { $0 == 0x0A }
      #expect(entries == folder.keys.count { $0.hasPrefix("proofs/") } && entries > 2)
      #expect(folder.keys.count { $0.hasPrefix("bundles/") } == (person < 2 ? 1 : 0))
      // One entry with its proof, by another command and nothing else of the folder.
      let proof = try #require(folder.keys.filter { $0.hasPrefix("proofs/") }.max())
      let number = proof.dropFirst(7).prefix { $0 != "." }
      let lines = (folder["entries.jsonl"] ?? []).split(separator: 0x0A)
      let line = try #require(
        lines.first { String(decoding: $0, as: UTF8.self).contains(#""seq":\#(number),"#) })
      try story.bench.write(Array(line), "entry")
      try story.bench.succeed(
        "ledger", "verify-proof", "person-\(person)/\(proof)", "--entry", "entry", "--trust",
        ".unlearn/trust")
    }
    for name in ["published", "person-0", "person-1", "person-2"] {
      let result = try story.bench.run(["verify", name])
      #expect(result.code == 4, "\(result.output)\(result.errors)")
      #expect(
        !result.output.contains("FAILED") && result.output.contains("missing withheld: level"))
      #expect(result.output.contains("verdict: incomplete"))
      // Whoever keeps the log signs it like any other.
      try story.bench.succeed("ledger", "sign-file", "\(name)/SHA256SUMS", "--format", "ssh")
      #expect(try story.bench.run(["verify", name]).code == 4)
    }
  }

  @Test func `the same log gives each reader the same bytes`() throws {
    let story = try Story()
    for part in [".unlearn", "state"] {
      try TemporaryFolder.copyTree(
        story.bench.folder.file(part), story.bench.folder.file("kept/\(part)"))
    }
    for (level, person) in [
      ("internal", nil), ("authority", nil), ("data-subject", 1), ("public", nil),
    ] {
      var folders: [[String: [UInt8]]] = []
      for round in 0..<2 {
        folders.append(try story.export(level, of: person, to: "\(level)-\(round)"))
        for part in [".unlearn", "state"] {
          try Folder.removeTree(story.bench.folder.file(part))
          try TemporaryFolder.copyTree(
            story.bench.folder.file("kept/\(part)"), story.bench.folder.file(part))
        }
      }
      #expect(folders[0] == folders[1], "\(level)")
      let json = String(decoding: folders[0]["report.json"] ?? [], as: UTF8.self)
      #expect(json.contains(#""level": "\#(level)""#))
    }
    // The level is in the log, too.
    _ = try story.export("public", to: "published")
    #expect(try story.bench.succeed("ledger", "log", "--json").contains(#""level": "public""#))
  }

  @Test func `what is changed in a folder with gaps is told, also with sums made anew`() throws {
    let story = try Story()
    for (name, level, person) in [("published", "public", nil), ("person", "data-subject", 0)] {
      let files = try story.export(level, of: person, to: name)
      let sums = files["SHA256SUMS"] ?? []
      for (file, whole) in files.sorted(by: { $0.key < $1.key }) where file != "SHA256SUMS" {
        let some = stride(from: whole.count % 5, to: whole.count, by: max(1, whole.count / 5))
        for place in some {
          var bytes = whole
          bytes[place] ^= 1 << (place % 7)
          try story.bench.write(bytes, "\(name)/\(file)")
          #expect(story.verdict(name) == .invalid, "\(file) at \(place)")
          try story.sumAnew(name)
          #expect(story.verdict(name) == .invalid, "\(file) at \(place), sums made anew")
          try story.bench.write(sums, "\(name)/SHA256SUMS")
        }
        try Folder.remove(story.bench.folder.file("\(name)/\(file)"))
        try story.sumAnew(name)
        #expect(story.verdict(name) == .invalid, "\(file) removed")
        try story.bench.write(whole, "\(name)/\(file)")
        try story.bench.write(sums, "\(name)/SHA256SUMS")
      }
      #expect(story.verdict(name) == .incomplete)
      // An entry of the log that is not for the reader is not part of the folder.
      let log = try story.export("internal", to: "\(name)-whole")["entries.jsonl"] ?? []
      try story.bench.write(log, "\(name)/entries.jsonl")
      try story.sumAnew(name)
      #expect(story.verdict(name) == .invalid)
    }
  }

  @Test func `a folder passed off as one of another level is told`() throws {
    let story = try Story()
    let files = try story.export("data-subject", of: 0, to: "person")
    for level in ["internal", "authority", "public", "everyone"] {
      let json = String(decoding: files["report.json"] ?? [], as: UTF8.self)
        .split(separator: #""level": "data-subject""#, omittingEmptySubsequences: false)
        .joined(separator: #""level": "\#(level)""#)
      try story.bench.write(json, "person/report.json")
      try story.sumAnew("person")
      #expect(story.verdict("person") == .invalid, "\(level)")
    }
  }

  @Test func `a report for everybody whose numbers contradict each other is told`() throws {
    let story = try Story()
    let files = try story.export("public", to: "published")
    for file in ["report.json", "report.html", "report.md"] {
      var text = String(decoding: files[file] ?? [], as: UTF8.self)
      for (right, wrong) in [
        (#""received": 3"#, #""received": 4"#), ("Received</th><td>3<", "Received</th><td>4<"),
        ("- Received: 3", "- Received: 4"),
      ] {
        text = text.split(separator: right, omittingEmptySubsequences: false)
          .joined(separator: wrong)
      }
      try story.bench.write(text, "published/\(file)")
    }
    try story.sumAnew("published")
    let result = try story.bench.run(["verify", "published"])
    #expect(result.code == 1 && result.output.contains("don't add up"), "\(result.output)")
  }

  @Test func `an authority gets no statement that names a data set`() throws {
    let bench = try Bench()
    // Made where there is no ledger, so that no leaf tells of its first statement.
    let away = try TemporaryFolder()
    try TemporaryFolder.copyTree(bench.folder.file("model"), away.file("model"))
    let made = try bench.program.run(
      [
        "create", "--model", "model", "--method", "ablate", "--units", "L0.H1", "-o",
        "p.patch.safetensors",
      ], in: away.path, environment: bench.environment)
    #expect(made.code == 0, "\(made.errors)")
    let path = away.file("p.patch.safetensors.statement.json")
    var statement = try Statement(parsing: try Folder.read(path, limit: 1 << 20))
    guard case .object(var predicate) = statement.predicate else { return }
    predicate["metrics"] = .members([
      "recorded": .array([
        .members([
          "name": "loss", "subject": "after", "set": "muster-family", "value": "0.5", "n": 2,
        ])
      ]), "notRun": .array([]),
    ])
    statement.predicate = .object(predicate)
    try TemporaryFolder.write(try statement.encoded(), to: path)
    for name in ["p.patch.safetensors", "p.patch.safetensors.statement.json"] {
      try TemporaryFolder.write(
        try Folder.read(away.file(name), limit: 1 << 24), to: bench.folder.file(name))
    }
    try bench.succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("report", "export", "-o", "whole")
    try bench.succeed("verify", "whole")
    #expect(!ByteSearch.traces(of: ["muster-family"], in: try bench.contents("whole")).isEmpty)
    for level in ["authority", "public"] {
      let said = try bench.succeed("report", "export", "-o", level, "--redact", level)
      #expect(said.contains("1 signed statement(s)") == (level == "authority"))
      #expect(ByteSearch.traces(of: ["muster-family"], in: try bench.contents(level)) == [])
      #expect(try bench.run(["verify", level]).code == 4)
    }
    let told = try bench.run(["verify", "authority"]).output
    #expect(told.contains("missing bundle") && told.contains("of the level authority"), "\(told)")
    #expect(!told.contains("FAILED"))
    let page = String(
      decoding: try bench.contents("authority")["report.md"] ?? [], as: UTF8.self)
    #expect(page.contains(", not in this folder") && page.contains("Of 1 patch(es)"))
  }

  @Test func `a level and a person go together`() throws {
    let bench = try Bench()
    let request = try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
    for arguments in [
      ["--redact", "data-subject"],
      ["--redact", "public", "--request", String(request.dropLast())],
      ["--redact", "everyone"], ["--redact", "data-subject", "--request", "urn:uuid:none"],
    ] {
      let result = try bench.run(["report", "export", "-o", "report"] + arguments)
      #expect(result.code == 2, "\(arguments): \(result.errors)")
      #expect(try FileStatus.ifExists(bench.folder.file("report")) == nil)
    }
  }
}

extension RedactionTests.Story {
  /// The times of all leaves.
  fileprivate func leafTimes() throws -> [String] {
    let log = try JSONValue(
      parsing: Array(try bench.succeed("ledger", "log", "--json").utf8), byteLimit: 1 << 24)
    return try JSONField(log)["leaves"].elements().map { try $0["time"].text() }
  }
}
