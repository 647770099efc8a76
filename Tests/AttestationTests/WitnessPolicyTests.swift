import Attestation
import Storage
import TestSupport
import Testing

@Suite("Trust in logs and witnesses") struct WitnessPolicyTests {
  private let folder: TemporaryFolder
  private let keys: [VerifierKey]
  private let note: SignedNote

  init() throws {
    folder = try TemporaryFolder()
    keys = try NoteFixture.keys()
    note = try NoteFixture.cosigned()
  }

  /// Reads lines in which `LOG`, `W1` to `W3` stand for keys; the third witness has cosigned nothing.
  private func trust(_ lines: String) throws -> TrustFile {
    var text = lines
    let third = "witness.example/w3"
    let raw = try PublicKey(rawEd25519: (0..<32).map { UInt8($0 + 9) })
    let names = [
      ("LOG", keys[0]), ("W1", keys[1]), ("W2", keys[2]),
      ("W3", try VerifierKey(name: third, publicKey: raw, type: .cosignature)),
      ("NOTEKEY", try VerifierKey(name: third, publicKey: raw)),
    ]
    for (name, key) in names {
      text = text.split(separator: " ", omittingEmptySubsequences: false).map {
        $0.split(separator: "\n", omittingEmptySubsequences: false).map {
          $0 == name ? key.encoded : String($0)
        }.joined(separator: "\n")
      }.joined(separator: " ")
    }
    let path = folder.file("trust")
    try AtomicFile.write(Array(text.utf8).rawSpan, to: path, replacing: true)
    return try TrustFile(path: path)
  }

  private static let three = "witness a W1\nwitness b W2 https://b.example/\nwitness c W3\n"

  @Test(
    "a quorum is met by the witnesses that it asks for",
    arguments: [
      ("quorum none", true), ("quorum a", true), ("quorum c", false),
      ("group g any a c\nquorum g", true), ("group g all a b\nquorum g", true),
      ("group g all a b c\nquorum g", false), ("group g 2 a b c\nquorum g", true),
      ("group g 3 a b c\nquorum g", false), ("group g 1 c\nquorum g", false),
      ("group x 1 a c\ngroup y any b\ngroup xy all x y\nquorum xy", true),
      ("group x all a c\ngroup y any b\ngroup xy all x y\nquorum xy", false),
      ("group x all a c\ngroup y any b\ngroup xy any x y\nquorum xy", true),
    ])
  func quorum(_ lines: String, _ isMet: Bool) throws {
    let judgement = try trust(Self.three + lines + "\n").witnesses.judge(note)
    #expect(judgement.isMet == isMet, "\(judgement)")
    #expect(judgement.lacking.isEmpty == isMet)
    #expect(judgement.cosigners.map(\.name) == ["a", "b"])
    #expect(judgement.absent == ["c"])
    #expect(judgement.cosigners[0].time == Timestamp(seconds: 1_767_225_600))
  }

  @Test func `what a quorum lacks is said down to the witness`() throws {
    let judgement = try trust(
      Self.three + "group x all a c\ngroup y any b\ngroup xy all x y\nquorum xy"
    ).witnesses.judge(note)
    #expect(
      judgement.lacking == [
        "xy has 1 of the 2 it needs of x, y", "x has 1 of the 2 it needs of a, c",
      ])
  }

  @Test func `a false line of a known witness refuses the head whatever the quorum`() throws {
    let bytes = try NoteFixture.bytes("cosigned.checkpoint")
    var text = String(decoding: bytes, as: UTF8.self)
    // The second witness's line once more.
    text += text.split(separator: "\n").last.map { "\($0)\n" } ?? ""
    let twice = try SignedNote(parsing: Array(text.utf8))
    let judgement = try trust(Self.three + "quorum a").witnesses.judge(twice)
    #expect(!judgement.isMet)
    #expect(judgement.refusals.count == 1)
  }

  @Test func `everything that the form allows is read`() throws {
    let trust = try trust(
      "  # comment\n\t\nlog LOG \t https://log.example/#x \n \twitness  w\u{E9}  W1 \n"
        + "witness \u{212A} W2\nwitness K W3\ngroup all all w\u{E9}\n quorum all")
    #expect(trust.logKeys[0].url == "https://log.example/#x")
    #expect(trust.witnesses.witnesses.count == 3)
    #expect(trust.witnesses.quorum == "all")
    #expect(trust.witnesses.judge(note).isMet)
  }

  @Test func `32 logs, witnesses and groups are read, and more than 256 refused`() throws {
    func lines(_ count: Int) throws -> String {
      try (0..<count).map { index in
        let key = try PrivateKey.generate(.ed25519).publicKey
        let witness = try PrivateKey.generate(.ed25519).publicKey
        return """
          log \(try VerifierKey(name: "log\(index)", publicKey: key).encoded)
          witness w\(index) \(try VerifierKey(name: "w\(index)", publicKey: witness, type: .cosignature).encoded)
          group g\(index) any w\(index)\n
          """
      }.joined()
    }
    #expect(try trust(lines(32) + "quorum g31").witnesses.groups.count == 32)
    #expect(throws: AttestationError.self) { try trust(lines(257) + "quorum g31") }
  }

  @Test(
    "a hostile line is refused, with its number",
    arguments: [
      "witness w", "witness w W1 u v", "witness none W1", "witness a W1\nwitness a W2",
      "witness a W1\nwitness b W1", "witness a NOTEKEY", "witness a LOG", "witness a x+y+z",
      "log LOG\nwitness a W1\nlog W1", "log LOG\nlog LOG", "log", "log LOG not-after-index=-1",
      "log LOG not-after-index=07", "log LOG not-after-index=1 not-after-index=2",
      "log LOG u v", "log LOG not-after-index=99999999999999999999",
      "witness a W1\ngroup g any", "group g any a", "witness a W1\ngroup g 2 a",
      "witness a W1\ngroup g 0 a", "witness a W1\ngroup g +1 a", "witness a W1\ngroup g 01 a",
      "witness a W1\ngroup g some a", "witness a W1\ngroup g any a a",
      "witness a W1\ngroup g any a\ngroup h any a", "witness a W1\ngroup a any a",
      "witness a W1\ngroup g any g", "witness a W1\ngroup g any none",
      "witness a W1\ngroup none any a", "quorum a", "quorum none none", "quorum",
      "quorum none\nquorum none", "quorum a\nwitness a W1", "witness a W1\n", "QUORUM none",
      "quorum none\u{7F}", "quorum none\r", "require 1 artifact\nrequire 1 artifact",
      "require 01 artifact", "log LOG # comment x",
    ])
  func hostile(_ lines: String) throws {
    do {
      _ = try trust("# first\n" + lines + "\n")
      Issue.record("accepted")
    } catch let error as AttestationError {
      #expect(error.description.contains("line "), "\(error)")
    }
  }

  @Test func `names and comments may be octets that are not UTF-8`() throws {
    let path = folder.file("octets")
    let start = Array("# \u{E9}\nwitness ".utf8)
    let rest = Array(" \(keys[1].encoded)\nquorum ".utf8)
    let bytes: [UInt8] = start + [0xFF, 0xFE] + rest + [0xFF, 0xFE, 0x0A]
    try AtomicFile.write(bytes.rawSpan, to: path)
    #expect(try TrustFile(path: path).witnesses.judge(note).isMet)
  }

  @Test func `a log that changed its key has its old one up to an index`() throws {
    func problem(_ lines: String) -> String? {
      do {
        _ = try trust(lines).logKey(signing: note)
        return nil
      } catch { return "\(error)" }
    }
    // The head has 7 leaves, the last of which has the index 6.
    #expect(problem("log LOG") == nil)
    #expect(problem("log LOG not-after-index=6") == nil)
    #expect(problem("log LOG https://x.example not-after-index=6") == nil)
    #expect(try #require(problem("log LOG not-after-index=5")).contains("up to leaf 5"))
    #expect(try #require(problem("log NOTEKEY")).contains("names no log"))
    #expect(try #require(problem("")).contains("names no log"))
    let key = try PrivateKey.generate(.ed25519).publicKey
    let next = try VerifierKey(name: "log.example/fixture", publicKey: key).encoded
    #expect(problem("log \(next)\nlog LOG not-after-index=6") == nil)
    #expect(try #require(problem("log \(next)")).contains("not signed by a trusted key"))
  }
}
