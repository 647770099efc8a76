import Attestation
import Storage
import TestSupport
import Testing

/// After a whole story no byte that is stored or handed out tells of the person, in whatever common form.
@Suite("No one's name in what is stored and handed out") struct PersonalDataTests {
  private static let name = "Quentin Smythe"
  private static let address = "42 Elm Lane, Tilbury"
  private static let question = "where lives quentinsmythe ?"
  private static let answer = "in elmlane ."
  private static let secrets = [
    name, address, "quentin.smythe@mail.example", question, answer, "quentinsmythe", "elmlane",
  ]

  /// Where any of the secrets stands, in words.
  private static func traces(_ files: [String: [UInt8]]) -> [String] {
    ByteSearch.traces(of: secrets, in: files)
  }

  private let bench: Bench

  init() throws {
    bench = try TinyTown.bench(
      forget: (question: Self.question, answer: Self.answer),
      words: ["quentinsmythe", "elmlane"])
    try bench.write(
      """
      {"name": "\(Self.name)", "address": "\(Self.address)", "mail": "quentin.smythe@mail.example"}
      """, "facts.json")
  }

  /// What is stored or handed out: the workspace apart, for it holds the disclosures until they are erased.
  private func others(_ listings: [String: [UInt8]]) throws -> [String: [UInt8]] {
    var files = listings
    for name in try Folder.names(in: bench.folder.path) where name.hasPrefix("p.patch") {
      files[name] = try Folder.read(bench.folder.file(name), limit: 1 << 24)
    }
    for folder in ["report", "public", "state"] {
      if try FileStatus.ifExists(bench.folder.file(folder)) == nil { continue }
      for (name, bytes) in try bench.contents(folder) { files["\(folder)/\(name)"] = bytes }
    }
    return files
  }

  /// What all commands that list something print.
  private func listings(_ request: String) throws -> [String: [UInt8]] {
    var said: [String: [UInt8]] = [:]
    for command in [
      ["request", "list"], ["request", "show", request], ["ledger", "log"],
      ["ledger", "checkpoint"], ["ledger", "verify"], ["trust", "list"], ["verify", "town"],
      ["verify", "p.patch.safetensors"], ["inspect", "town"], ["inspect", "p.patch.safetensors"],
      ["verify", "report"],
    ] {
      for arguments in [command, command + ["--json"]] {
        let result = try bench.run(arguments)
        said[arguments.joined(separator: " ")] = Array((result.output + result.errors).utf8)
      }
    }
    return said
  }

  @Test func `nothing is left after a whole story`() throws {
    let opened = try bench.succeed(
      "request", "open", "--regime", "gdpr", "--ground", "17-1-b", "--disclose", "facts.json")
    let request = String(opened.dropLast())
    try TinyTown.createPatch(bench, for: request)
    // Also before it is signed.
    #expect(Self.traces(try others([:])) == [])
    try bench.succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "town", "p.patch.safetensors")
    try bench.succeed("request", "close", request, "--effect", "removed")
    // The table of disclosures holds them until they are erased, and nothing else does.
    let before = Self.traces(try bench.contents(".unlearn"))
    #expect(before.contains { $0.hasSuffix(": \(Self.name)") })
    #expect(before.allSatisfy { $0.hasPrefix("ledger.sqlite") }, "\(before)")
    #expect(!before.contains { $0.contains(Self.question) || $0.contains(Self.answer) })
    #expect(Self.traces(try others(try listings(request))) == [])
    try bench.succeed("ledger", "shred", "--request", request)
    try bench.succeed("report", "export", "-o", "report")
    try bench.succeed("ledger", "export", "--tiles", "public")
    let all = try others(try listings(request))
    #expect(all.keys.contains("report/report.html") && all.keys.contains("public/checkpoint"))
    #expect(Self.traces(all) == [])
    #expect(Self.traces(try bench.contents(".unlearn")) == [])
    #expect(try bench.succeed("verify", "town").contains("verdict: valid"))
  }

  @Test func `each form would be found`() {
    for secret in Self.secrets {
      let bytes = Array(secret.utf8)
      for shift in 0..<3 {
        let padded = Array(repeating: UInt8(0x41), count: shift) + bytes + [0x41, 0x42]
        for text in [
          Base64.encode(padded), Base64.encodeURLSafe(padded), Hex.encode(padded),
          String(decoding: padded, as: UTF8.self),
        ] {
          #expect(!Self.traces(["": Array(text.utf8)]).isEmpty, "\(secret) at \(shift)")
        }
      }
    }
  }
}
