import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Requests from the command line to the report") struct RequestCommandTests {
  private func open(_ bench: Bench, _ arguments: String...) throws -> String {
    let result = try bench.run(["request", "open"] + arguments)
    try #require(result.code == 0, "\(result.errors)")
    return String(result.output.dropLast())
  }

  private func file(_ bench: Bench, _ name: String) throws -> String {
    String(
      decoding: try Folder.read(bench.folder.file(name), limit: 1 << 22), as: UTF8.self)
  }

  @Test func `a request is answered, told to recipients, and the report says so`() throws {
    let bench = try Bench()
    try bench.makePatch()
    let request = try #require(
      try bench.succeed("request", "list").split(separator: " ").first.map { String($0) })
    try bench.refuse(
      ["request", "close", request, "--effect", "removed"], code: 6, saying: "no patch is applied")
    try bench.succeed("apply", "model", "p.patch.safetensors")
    try bench.succeed("request", "identify", request, "--check", "matching")
    let closed = try bench.succeed("request", "close", request, "--effect", "removed", "--partial")
    #expect(closed.contains("closed on ") && closed.contains("  closed"))
    try bench.succeed(
      "request", "notify", request, "--recipient", "processor", "--who", "Example Hosting Ltd")
    try bench.succeed("request", "notify", request, "--recipient", "publisher", "--unreachable")
    try bench.refuse(
      ["request", "withdraw", request], code: 6, saying: "the request has been closed on")
    try bench.succeed("report", "export", "-o", "report")
    let page = try file(bench, "report/report.html")
    #expect(page.contains(": removed, in part") && page.contains("1, and 1 who could not be"))
    let table = try file(bench, "report/requests.csv")
    #expect(table.hasPrefix("request,regime,ground,received,due,days_left,"))
    #expect(table.contains(",closed,,matching,,") && table.hasSuffix(",removed,1,1,1\r\n"))
    let json = try file(bench, "report/report.json")
    #expect(json.contains(#""kind": "closed""#) && json.contains(#""partial": true"#))
    #expect(!(page + table + json).contains("Hosting"))
    try bench.succeed("verify", "report", "--trust", ".unlearn/trust")
    // What is taken back is not removed any more.
    try bench.succeed("rollback", "model")
    #expect(try bench.succeed("request", "show", request).contains("  open"))
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
  }

  @Test func `a refusal and an extension under the laws' own words`() throws {
    let bench = try Bench()
    let first = try open(bench, "--regime", "ccpa", "--ground", "1798.105", "--manner", "web-form")
    try bench.refuse(
      ["request", "refuse", first, "--basis", "17-3-b"], code: 6, saying: "no ground of refusal")
    try bench.succeed("request", "confirm", first)
    try bench.succeed("request", "extend", first, "--reason", "complexity")
    try bench.succeed("request", "refuse", first, "--basis", "1798.105-d-8", "--remedies-stated")
    let shown = try bench.succeed("request", "show", first, "--json")
    #expect(shown.contains(#""status": "refused""#))
    #expect(shown.contains(#""refusal": "1798.105-d-8""#))
    #expect(
      shown.contains(#""extension": "complexity""#) && shown.contains(#""manner": "web-form""#))
    try bench.refuse(
      ["request", "open", "--regime", "gdpr", "--ground", "1798.105"], code: 2,
      saying: "no ground of gdpr: expected one of 17-1")
    try bench.refuse(
      ["request", "open", "--regime", "gdpr", "--ground", "Ada Muster asks"], code: 2,
      saying: "is no ground")
  }

  @Test func `overdue is loud, and days are those of the place`() throws {
    let bench = try Bench()
    _ = try open(
      bench, "--regime", "gdpr", "--ground", "17-1-a", "--received", "2026-01-31T23:30:00-08:00")
    let list = try bench.succeed("request", "list")
    #expect(list.contains("received 2026-01-31, due 2026-02-28 (OVERDUE by "))
    #expect(try bench.succeed("request", "list", "--json").contains(#""utc_offset": -480"#))
    try bench.succeed("report", "export", "-o", "report", "--as-of", "2026-03-01T07:59:59Z")
    #expect(try file(bench, "report/report.html").contains("not answered yet, 0 days left"))
    try bench.succeed("report", "export", "-o", "later", "--as-of", "2026-03-01T08:00:00Z")
    #expect(try file(bench, "later/report.html").contains("not answered, overdue by 1 days"))
    for text in ["2026-13-01", "2026-01-31T23:30:00", "2026-01-31T23:30:00+15:00", "yesterday"] {
      try bench.refuse(
        ["request", "open", "--regime", "gdpr", "--ground", "17-1-a", "--received", text],
        code: 2, saying: "is no day or moment")
    }
  }
}
