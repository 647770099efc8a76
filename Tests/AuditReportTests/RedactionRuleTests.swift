import Attestation
import Ledger
import Storage
import StrictJSON
import Testing

@testable import AuditReport

@Suite("What is for a reader") struct RedactionRuleTests {
  private static let own = "urn:uuid:01234567-89ab-4cde-8f01-23456789abcd"
  private static let other = "urn:uuid:76543210-89ab-4cde-8f01-23456789abcd"

  /// A signed statement of a patch that says these things.
  private func bundle(_ members: [(String, JSONValue)], set: String? = nil) throws -> [UInt8] {
    var measurement = JSONObject([("name", "loss"), ("value", "0.5")])
    if let set { measurement["set"] = .text(set) }
    var predicate = JSONObject(members.map { (ByteString($0.0), $0.1) })
    predicate["metrics"] = .members([
      "recorded": .array([.object(measurement)]), "notRun": .array([]),
    ])
    let statement = Statement(
      subjects: [Statement.Subject(name: "p", sha256: SHA256.digest(of: [1]))],
      predicateType: "urn:test", predicate: .object(predicate))
    let key = try PrivateKey.generate(.p256)
    return try SigstoreBundle(
      signing: try statement.encoded(), type: DSSEEnvelope.inTotoType, with: key
    ).json
  }

  private func readers(_ bundle: [UInt8]) throws -> [ReportLevel] {
    try ReportLevel.allCases.filter {
      try ReportEvidence.isForReader(bundle, $0, $0 == .dataSubject ? Self.own : nil)
    }
  }

  @Test func `a statement is handed out whole or not at all`() throws {
    let plain = try bundle([("request", .text(Self.own))])
    #expect(try readers(plain) == [.internal, .authority, .dataSubject])
    let named = try bundle([("request", .text(Self.own))], set: "neighbours")
    #expect(try readers(named) == [.internal])
    let composed = try bundle([
      ("request", .text(Self.own)),
      ("method", .members(["parameters": .members(["requests": .array([.text(Self.other)])])])),
    ])
    #expect(try readers(composed) == [.internal, .authority])
    // Also bare, in capitals, in a name and within other text.
    let bare = String(Self.other.dropFirst(9))
    for text in [bare, bare.uppercased(), "for-\(bare).txt"] {
      #expect(try readers(bundle([("note", .text(text))])) == [.internal, .authority])
      #expect(try readers(bundle([(text, 1)])) == [.internal, .authority])
    }
  }

  @Test func `identities are found wherever they begin`() {
    let bare = String(Self.own.dropFirst(9))
    for text in [bare, "x\(bare)", "\(bare)\(bare)", "-\(bare)-", bare.uppercased()] {
      #expect(Identities(in: Array(text.utf8)).found == [bare], "\(text)")
    }
    for text in [String(bare.dropLast()), "", "--------", bare.replacing("4cde", with: "4cdg")] {
      #expect(Identities(in: Array(text.utf8)).found.isEmpty, "\(text)")
    }
    #expect(Identities.bare(Self.own) == bare && Identities.bare(bare) == bare)
  }

  @Test func `what is told to everybody is no more than is named`() throws {
    let metrics = JSONValue.members([
      "recorded": .array([
        .members([
          "name": "loss", "value": "0.5", "n": 3, "part": "forget", "path": "home",
          "condition": "x",
          "interval": .members(["lower": "0.1", "upper": "0.9", "note": "y"]),
        ]),
        .members(["name": "loss", "set": "neighbours", "value": "1", "n": 2]),
      ]),
      "notRun": .array(["oracle-distance"]), "machine": "host",
    ])
    let shown = try Audit.UsedPatch.published(metrics: JSONField(metrics))
    #expect(
      shown
        == .members([
          "recorded": .array([
            .members([
              "name": "loss", "part": "forget", "value": "0.5", "n": 3,
              "interval": .members(["lower": "0.1", "upper": "0.9"]),
            ])
          ]), "notRun": .array(["oracle-distance"]),
        ]))
  }

  @Test func `totals add up or are refused`() {
    var counts = Audit.RequestCounts(received: 3, open: 1, overdue: 3, refused: 1)
    #expect(!counts.addsUp)
    counts.closed[.removed] = 1
    #expect(counts.addsUp)
    counts.overdue = 4
    #expect(!counts.addsUp)
    counts.overdue = 0
    counts.closed[.removed] = .max
    #expect(!counts.addsUp)
  }
}
