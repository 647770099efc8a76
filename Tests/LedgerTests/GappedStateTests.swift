import Attestation
import Ledger
import Storage
import StrictJSON
import Testing

/// What the leaves about one request add up to where those about another are left out.
@Suite("States with gaps") struct GappedStateTests {
  private static let model: JSONValue = "urn:uuid:00000000-0000-4000-8000-000000000001"
  private static let requests: [JSONValue] = [
    "urn:uuid:00000000-0000-4000-8000-00000000000a",
    "urn:uuid:00000000-0000-4000-8000-00000000000b",
  ]

  private static func digest(_ text: String) -> JSONValue {
    .text(SHA256.digest(of: Array(text.utf8)).hex)
  }

  private static func received(_ request: JSONValue) -> Event {
    Event(
      .requestReceived,
      [
        "request": request, "regime": "gdpr", "ground": "17-1-b", "received": "2026-01-31",
        "due": "2026-02-28", "commitments": .array([]),
      ])
  }

  /// Both ends of an operation, as leaves.
  private static func operation(
    _ patch: String, _ request: JSONValue, from base: String, to result: String, intent: Int,
    isApply: Bool = true
  ) -> [Event] {
    [
      Event(
        .patchIntent,
        [
          "operation": isApply ? "apply" : "rollback", "patch": digest(patch), "model": model,
          "base": digest(base), "result": digest(result), "undo": .text("undo-\(patch)"),
          "request": request,
        ]),
      Event(
        isApply ? .patchApplied : .patchRolledBack,
        [
          "model": model, "patch": digest(patch), "root": digest(result), "request": request,
          "intent": .integer(Int64(intent)),
        ]),
    ]
  }

  /// The first request is applied, the second on top of it; then the second is final and closed.
  private static func story() throws -> [Leaf] {
    let (first, second) = (requests[0], requests[1])
    var events = [Event(.ledgerCreated, ["origin": "test.example/log"])]
    events += requests.map(received)
    events.append(
      Event(.modelRegistered, ["model": model, "root": digest("r0"), "family": "bert"]))
    events += operation("p", first, from: "r0", to: "r1", intent: 4)
    events += operation("q", second, from: "r1", to: "r2", intent: 6)
    events += [
      Event(
        .undoDestroyed,
        [
          "model": model, "patch": digest("q"), "undo": "undo-q", "key": digest("k"),
          "request": second,
        ]),
      Event(.patchFinalized, ["model": model, "patch": digest("q"), "request": second]),
      Event(.requestClosed, ["request": second, "on": "2026-02-03", "effect": "removed"]),
    ]
    let time = try #require(Timestamp("2026-02-03"))
    return try events.enumerated().map { try Leaf($1, sequence: $0, time: time) }
  }

  private func isAbout(_ leaf: Leaf, _ request: JSONValue) -> Bool {
    leaf.body["request"].optional.map { $0.value == request } ?? true
  }

  @Test func `a request is what it is in the whole log`() throws {
    let leaves = try Self.story()
    var whole = LedgerState()
    for leaf in leaves { try whole.apply(leaf) }
    for request in Self.requests {
      var state = LedgerState.withGaps
      for leaf in leaves where isAbout(leaf, request) { try state.apply(leaf) }
      guard case .string(let id) = request else { continue }
      let (one, other) = try (
        #require(state.request(id.text)), #require(whole.request(id.text))
      )
      #expect(state.requests.count == 1)
      #expect(one.status == other.status && one.leaves == other.leaves && one.due == other.due)
      #expect(one.handling == other.handling)
    }
  }

  @Test func `what the leaves themselves show is checked as ever`() throws {
    let leaves = try Self.story()
    let second = leaves.filter { isAbout($0, Self.requests[1]) }
    var state = LedgerState()
    #expect(throws: LedgerError.self) { for leaf in second { try state.apply(leaf) } }
    // Without the first leaf, backwards, twice, an end without its beginning, a request that is not known.
    let intent = try #require(second.firstIndex { $0.type == .patchIntent })
    let opened = try #require(second.firstIndex { $0.type == .requestReceived })
    var swapped = second
    swapped.swapAt(2, 3)
    for wrong in [
      Array(second.dropFirst()), swapped, second + [second[second.count - 1]],
      second.enumerated().filter { $0.offset != intent }.map(\.element),
      second.enumerated().filter { $0.offset != opened }.map(\.element),
    ] {
      var state = LedgerState.withGaps
      #expect(throws: LedgerError.self) { for leaf in wrong { try state.apply(leaf) } }
    }
  }
}
