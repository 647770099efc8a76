import Attestation
import Ledger
import Storage
import StrictJSON
import Testing

@testable import AuditReport

@Suite("The report as Markdown") struct ReportTextTests {
  @Test(
    "text from outside is a code span that nothing ends",
    arguments: [
      ("ablate", "`ablate`"), ("", "(empty)"), ("a b", "`a b`"),
      (" a ", #"`\u0020a\u0020`"#), ("`x`", #"`\u0060x\u0060`"#),
      ("a|b", #"`a\u007cb`"#), (#"a\|b"#, #"`a\u005c\u007cb`"#),
      ("<script>alert(1)</script>", #"`\u003cscript\u003ealert(1)\u003c/script\u003e`"#),
      ("&lt;", #"`\u0026lt;`"#), ("a\n# b", #"`a\u000a# b`"#), ("\r\n", #"`\u000d\u000a`"#),
      ("[x](https://a.example)", "`[x](https://a.example)`"),
      ("a\u{202E}b", #"`a\u202eb`"#), ("a\u{2028}b", #"`a\u2028b`"#),
      ("a\u{E0041}b", #"`a\udb40\udc41b`"#), ("Möbius ∞ 数", "`Möbius ∞ 数`"),
    ])
  func code(_ text: String, _ expected: String) {
    #expect(MarkdownText.code(text) == expected)
  }

  /// A report of a patch whose signed statement says the same hostile text wherever it may say a text.
  private func page(saying text: String) throws -> String {
    let metrics = JSONValue.members([
      "recorded": .array([
        .members([
          "name": .text(text), "variant": .text(text), "subject": .text(text),
          "part": .text(text), "set": .text(text), "value": .text(text), "n": 3,
          "interval": .members(["lower": .text(text), "upper": .text(text)]),
        ])
      ]),
      "notRun": .array([.text(text)]),
    ])
    let units = JSONValue.members([
      "model": .members(["layers": 2, "headsPerLayer": 4, "filtersPerLayer": 16]),
      "layers": .array([
        .members(["layer": 1, "heads": .array([2]), "filters": .array([3, 5, 6, 7, 9])])
      ]),
      "outside": .array([.members(["tensor": .text(text), "elements": 2])]),
      "parameters": 12, "share": .text(text),
    ])
    let digest = SHA256.digest(of: [1])
    let time = try #require(Timestamp("2030-01-01"))
    let entry = Audit.Entry(leaf: 0, time: time, type: text)
    let audit = Audit(
      asOf: time, level: .internal,
      log: Audit.Log(origin: text, verifierKey: text, count: 1, head: text, handovers: []),
      withheldEntryCount: 0, withheldBundles: [], requestCounts: nil, requests: [],
      patches: [
        Audit.UsedPatch(
          digest: digest, bundle: digest, method: text, request: nil, units: JSONField(units),
          metrics: JSONField(metrics), base: text, result: text, leaves: [0])
      ],
      models: [
        Audit.PatchedModel(
          id: "urn:uuid:0", family: text, parent: nil, head: digest,
          steps: [Audit.Step(event: entry, root: digest, patch: digest)], undo: [], unfinished: nil)
      ])
    return String(decoding: ReportText.render(audit), as: UTF8.self)
  }

  /// A page without its code spans.
  private func outsideSpans(_ page: String) -> String {
    page.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 0 }.map { String($0.element) }.joined(separator: "`")
  }

  @Test(
    "what a statement says makes no markup of its own",
    arguments: [
      "<img src=x onerror=alert(1)>", "# Heading", "\n\n# Heading\n\n", "` <b>", "``` \n<b>",
      "|a|b|", #"\| x |"#, "[a](javascript:alert)", "![a](https://a.example/a.png)",
      "https://a.example", "www.a.example", "ada@muster.example", "<!-- ", "- item", "1. item",
      "&lt;b&gt;", "**a**", "$x$", "\u{2028}# a", "---", "[x]: https://a.example",
    ])
  func hostile(_ text: String) throws {
    // All that is not a code span is the same as for a harmless text.
    let page = try page(saying: text)
    #expect(outsideSpans(page) == outsideSpans(try self.page(saying: "x")))
    #expect(page.allSatisfy { $0 != "<" && $0 != "&" })
  }

  @Test func `units stand by layer, neighbours as runs`() throws {
    let page = try page(saying: "x")
    #expect(page.contains("| L1 | 2 | 3, 5–7, 9 |"))
    #expect(page.contains("Heads of 4 | Filters of 16"))
    #expect(page.hasSuffix("\n") && !page.hasSuffix("\n\n"))
  }

  @Test func `a statement that lacks something is told`() throws {
    let digest = SHA256.digest(of: [1])
    let time = try #require(Timestamp("2030-01-01"))
    let audit = Audit(
      asOf: time, level: .internal,
      log: Audit.Log(origin: "a", verifierKey: "k", count: 1, head: "h", handovers: []),
      withheldEntryCount: 0, withheldBundles: [], requestCounts: nil, requests: [],
      patches: [
        Audit.UsedPatch(
          digest: digest, bundle: nil, method: "m", request: nil,
          units: JSONField(.members(["parameters": "many"]), path: "units"), metrics: nil, base: "",
          result: "", leaves: [])
      ], models: [])
    let page = String(decoding: ReportText.render(audit), as: UTF8.self)
    #expect(page.contains("Signed bundle, sha256: **missing**"))
    #expect(page.contains("**The statement can't be shown:** `units.parameters: expected"))
  }
}
