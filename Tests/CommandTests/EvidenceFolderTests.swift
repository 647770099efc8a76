import Attestation
import AuditReport
import Ledger
import Storage
import TestSupport
import Testing

/// A report's folder in the hands of an enemy: whatever is changed is told, and nothing crashes.
@Suite("Evidence folders of enemies") struct EvidenceFolderTests {
  /// A report of a small story, signed for standard tools too, in memory.
  private struct Evidence {
    let bench: Bench
    let trust: TrustFile
    let files: [String: [UInt8]]
    var path: String { bench.folder.file("report") }

    init() throws {
      bench = try Bench()
      try bench.makePatch()
      try bench.succeed("apply", "model", "p.patch.safetensors")
      try bench.succeed("report", "export", "-o", "report", "--as-of", "2030-01-01")
      for format in ["ssh", "minisign"] {
        try bench.succeed("ledger", "sign-file", "report/SHA256SUMS", "--format", format)
      }
      trust = try TrustFile(path: bench.folder.file(".unlearn/trust"))
      files = try bench.contents("report")
    }

    /// The verdict of the folder as it is; refusing to read it at all is one too.
    func verdict() -> Verdict {
      do { return Verdict(try ReportFolder.verify(path, trust: trust)) } catch { return .invalid }
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
      try TemporaryFolder.write(bytes, to: Paths.join(path, name))
    }

    /// Makes the list of sums anew, as an attacker would, and drops the signatures over it.
    func sumAnew() throws {
      for ending in [".sig", ".minisig"] {
        try Folder.remove(Paths.join(path, "SHA256SUMS\(ending)"))
      }
      let contents = try bench.contents("report").filter { $0.key != "SHA256SUMS" }
      let lines = contents.keys.sorted { ByteString($0) < ByteString($1) }
        .map { "\(SHA256.digest(of: contents[$0] ?? []).hex)  \($0)\n" }
      try write(Array(lines.joined().utf8), "SHA256SUMS")
    }

    func putBack() throws {
      for name in try bench.contents("report").keys where files[name] == nil {
        try Folder.remove(Paths.join(path, name))
      }
      for (name, bytes) in files { try write(bytes, name) }
    }

    /// Places of a file at which a byte is changed: all by `DEEP_CHECKS`, else some of each file.
    func places(_ name: String, some: Int) -> [Int] {
      let count = files[name]?.count ?? 0
      if Environment["DEEP_CHECKS"] != nil { return Array(0..<count) }
      return Array(stride(from: count % 7, to: count, by: max(1, count / some)))
    }
  }

  @Test func `a byte changed anywhere is told`() throws {
    let evidence = try Evidence()
    #expect(evidence.verdict() == .valid)
    #expect(evidence.files.count >= 11)
    for name in evidence.files.keys.sorted() {
      guard let whole = evidence.files[name] else { continue }
      for place in evidence.places(name, some: 14) {
        var bytes = whole
        bytes[place] ^= 1 << (place % 8)
        try evidence.write(bytes, name)
        #expect(evidence.verdict() == .invalid, "\(name) at \(place)")
      }
      try evidence.write(whole, name)
    }
    #expect(evidence.verdict() == .valid)
  }

  @Test func `a byte changed anywhere is told where the sums were made anew`() throws {
    let evidence = try Evidence()
    try evidence.sumAnew()
    #expect(evidence.verdict() == .valid)
    let sums = try evidence.bench.contents("report")["SHA256SUMS"] ?? []
    for (name, whole) in evidence.files.sorted(by: { $0.key < $1.key })
    where !name.hasPrefix("SHA256SUMS") {
      for place in evidence.places(name, some: 6) {
        var bytes = whole
        bytes[place] ^= 1 << (place % 7)
        try evidence.write(bytes, name)
        try evidence.sumAnew()
        #expect(evidence.verdict() == .invalid, "\(name) at \(place)")
      }
      try evidence.write(whole, name)
    }
    try evidence.write(sums, "SHA256SUMS")
    #expect(evidence.verdict() == .valid)
  }

  @Test func `a file removed, added, emptied, cut or renamed is told`() throws {
    let evidence = try Evidence()
    for name in evidence.files.keys.sorted() {
      let path = Paths.join(evidence.path, name)
      let isSignature = name.hasPrefix("SHA256SUMS.")
      try Folder.remove(path)
      // Plain signatures are for others, and need not be there.
      #expect(evidence.verdict() == (isSignature ? .valid : .invalid), "\(name) removed")
      try evidence.write(evidence.files[name] ?? [], name + "x")
      #expect(evidence.verdict() == .invalid, "\(name) renamed")
      try evidence.putBack()
      try evidence.write([], name)
      #expect(evidence.verdict() == .invalid, "\(name) emptied")
      try evidence.write(Array((evidence.files[name] ?? []).dropLast()), name)
      #expect(evidence.verdict() == .invalid, "\(name) cut")
      try evidence.write((evidence.files[name] ?? []) + [0x0A], name)
      #expect(evidence.verdict() == .invalid, "\(name) with a byte more")
      try evidence.putBack()
    }
    for name in [".hidden", "proofs/99.tlog-proof", "bundles/more", "report.json.bak"] {
      try evidence.write([0x41], name)
      #expect(evidence.verdict() == .invalid, "\(name) added")
      try evidence.putBack()
    }
    try Links.symbolicLink("/etc/hostname", Paths.join(evidence.path, "link"))
    #expect(evidence.verdict() == .invalid)
  }

  @Test func `a file more is told where the sums were made anew`() throws {
    let evidence = try Evidence()
    for name in [".hidden", "proofs/99.tlog-proof", "bundles/more", "notes.md"] {
      try evidence.write([0x41], name)
      try evidence.sumAnew()
      #expect(evidence.verdict() == .invalid, "\(name) added")
      try evidence.putBack()
    }
    for name in evidence.files.keys.sorted() where !name.hasPrefix("SHA256SUMS") {
      try Folder.remove(Paths.join(evidence.path, name))
      try evidence.sumAnew()
      #expect(evidence.verdict() != .valid, "\(name) removed")
      try evidence.putBack()
    }
  }

  @Test func `without a trust file no signer is known`() throws {
    let evidence = try Evidence()
    let findings = try ReportFolder.verify(evidence.path, trust: nil)
    #expect(Verdict(findings) == .incomplete)
    #expect(findings.contains { $0.outcome == .untrusted && $0.detail.contains("signer unknown") })
    let away = try TemporaryFolder()
    let result = try evidence.bench.program.run(
      ["verify", evidence.path], in: away.path, environment: evidence.bench.environment)
    #expect(result.code == 3, "\(result.output)\(result.errors)")
  }
}
