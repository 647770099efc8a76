import Ledger
import Testing

@Suite("A request by the beginning of its identity") struct RequestLookupTests {
  private static let ids = [
    "3f2c0000-0000-4000-8000-000000000001", "3f2d0000-0000-4000-8000-000000000002",
    "a0000000-0000-4000-8000-000000000003",
  ]

  private func bench() throws -> Bench {
    let bench = try Bench()
    for id in Self.ids { try bench.append(bench.request(id)) }
    return bench
  }

  @Test(
    "what matches is found without reading the log",
    arguments: [
      ("urn:uuid:\(ids[1])", [1]), (ids[2], [2]), ("3f2c", [0]), ("3f2", [0, 1]), ("", [0, 1, 2]),
      ("4", []), ("3f2c0000-0000-4000-8000-0000000000011", []), ("urn:uuid:3f2c", []), ("3F2C", []),
      ("3f2%", []), ("a\u{10FFFF}", []), ("\u{0}", []), ("' OR 1", []),
    ])
  func lookup(_ text: String, _ found: [Int]) throws {
    let bench = try bench()
    let requests = try bench.store.requests(matching: text)
    #expect(requests.map(\.id) == found.map { "urn:uuid:\(Self.ids[$0])" })
    let state = try bench.store.state()
    for request in requests {
      let whole = try #require(state.request(request.id))
      #expect(request.received == whole.received && request.due == whole.due)
      #expect(request.ground == whole.ground && request.status == whole.status)
    }
  }

  @Test func `a row that can't be read is told`() throws {
    let bench = try bench()
    try bench.attack("UPDATE subjects SET state = '{}' WHERE kind = 'request'")
    let error = #expect(throws: LedgerError.self) { try bench.store.requests(matching: "3f2c") }
    #expect(error?.description.contains("can't be read") ?? false)
    #expect(try bench.store.requests(matching: "b").isEmpty)
  }
}
