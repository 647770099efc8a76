import Attestation
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

/// Events about a few requests, patches and models, most of which follow, and some of which do not.
private struct EventMaker {
  var random: SplitMix

  mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int(random.next() % UInt64(values.count))]
  }

  static func digest(_ text: String) -> JSONValue {
    .text(SHA256.digest(of: Array(text.utf8)).hex)
  }

  static func identity(_ kind: String, _ number: Int) -> JSONValue {
    .text("urn:uuid:0000000\(number)-0000-4000-8000-00000000000\(kind == "model" ? 1 : 2)")
  }

  /// An event that refers to the state as it is, or by chance does not.
  mutating func event(_ state: LedgerState) -> Event {
    let patch = pick(["p", "q", "r", "s"])
    let request = pick([Self.identity("request", 1), Self.identity("request", 2), nil])
    let modelID = Self.identity("model", pick([1, 2]))
    guard case .string(let id) = modelID else { return Event(.keyAdded, [:]) }
    let model = state.model(id.text)
    let root = model.map { JSONValue.text($0.head.hex) } ?? Self.digest("root")
    switch pick(Array(0..<12)) {
    case 0:
      return Event(
        .requestReceived,
        [
          "request": request, "regime": "gdpr", "ground": "17-1-b", "received": "2026-01-31",
          "due": "2026-02-28", "commitments": .array([.text("c\(patch)")]),
        ])
    case 1:
      return Event(
        .modelRegistered,
        ["model": modelID, "root": Self.digest("root"), "family": "bert"])
    case 2:
      return Event(
        pick([.patchCreated, .patchSigned]),
        [
          "patch": Self.digest(patch), "request": request, "method": "ablate",
          "bundle": Self.digest(patch + "b"),
        ])
    case 3:
      return Event(
        .metricsRecorded,
        [
          "patch": Self.digest(patch), "statement": Self.digest("s"),
          "values": .array([.members(["millionths": 5])]),
        ])
    case 4:
      return Event(.keyAdded, ["key_id": Self.digest(patch), "roles": .array(["model"])])
    case 5, 6, 7: return intent(model, modelID, patch, request, root)
    case 8, 9: return outcome(model, modelID, root)
    default:
      let applied = model?.applied.first
      return Event(
        pick([.undoDestroyed, .patchFinalized]),
        [
          "model": modelID, "patch": applied.map { .text($0.patch.hex) } ?? Self.digest(patch),
          "undo": .text(applied?.capsule ?? "undo-x"), "key": Self.digest("k"),
        ])
    }
  }

  private mutating func intent(
    _ model: LedgerState.Model?, _ id: JSONValue, _ patch: String, _ request: JSONValue?,
    _ root: JSONValue
  ) -> Event {
    let applied = model?.applied.filter { $0.destroyed == nil } ?? []
    if !applied.isEmpty, pick([true, false]) {
      let one = pick(applied)
      let isLast = one.patch == model?.applied.last?.patch && one.after == model?.head
      return Event(
        .patchIntent,
        [
          "operation": "rollback", "model": id, "patch": .text(one.patch.hex), "base": root,
          "result": isLast ? .text(one.before.hex) : Self.digest("\(random.next())"),
          "undo": .text(one.capsule), "request": one.request.map { .text($0) },
          "changed": .array([.members(["file": 0, "sha256": Self.digest("f")])]),
        ])
    }
    return Event(
      .patchIntent,
      [
        "operation": "apply", "model": id, "patch": Self.digest(patch), "base": root,
        "bundle": Self.digest(patch + "b"), "result": Self.digest("\(random.next())"),
        "undo": .text("undo-" + patch), "request": request, "undo_until": "2027-01-01T00:00:00Z",
      ])
  }

  private mutating func outcome(
    _ model: LedgerState.Model?, _ id: JSONValue, _ root: JSONValue
  ) -> Event {
    guard let model, let open = model.openIntent else {
      return Event(
        .patchApplied,
        ["model": id, "patch": Self.digest("p"), "base": root, "root": Self.digest("copy")])
    }
    let isAborted = pick([true, false, false, false])
    let type: LeafType =
      isAborted
      ? .patchAborted : pick([open.isApply ? .patchApplied : .patchRolledBack, .patchRecovered])
    return Event(
      type,
      [
        "intent": .integer(Int64(open.leaf)), "model": id,
        "root": .text((isAborted ? open.before : open.after).hex), "outcome": "result",
      ])
  }
}

@Suite("One reducer for appending and verifying") struct ReducerTests {
  @Test(
    "what is kept is what the leaves add up to, and a refusal changes nothing", arguments: 1...6)
  func agreement(_ seed: UInt64) throws {
    let bench = try Bench()
    var maker = EventMaker(random: SplitMix(seed: seed))
    var state = try bench.store.state()
    var (taken, refused) = (0, 0)
    for _ in 0..<400 {
      let event = maker.event(state)
      let leaf = try Leaf(event, sequence: state.count, time: bench.time)
      let before = "\(state)"
      let isTaken: Bool
      do throws(LedgerError) {
        try state.apply(leaf)
        isTaken = true
      } catch { isTaken = false }
      if !isTaken { #expect("\(state)" == before, "seed \(seed)") }
      do throws(LedgerError) {
        try bench.store.append([event], signedBy: bench.key, at: bench.time)
        taken += 1
        #expect(isTaken, "seed \(seed), \(event)")
      } catch {
        refused += 1
        #expect(!isTaken, "seed \(seed): \(error.description), \(event)")
      }
    }
    #expect(taken > 100)
    #expect(refused > 50)
    #expect(state.models.contains { $0.steps.contains { $0.takesBack } })
    let findings = try bench.verify().findings
    #expect(Verdict(findings) == .valid, "seed \(seed), \(findings)")
  }

  @Test func `a batch is what its events are one by one`() throws {
    let (one, many) = (try Bench(), try Bench())
    var maker = EventMaker(random: SplitMix(seed: 9))
    var state = try one.store.state()
    var events: [Event] = []
    for _ in 0..<300 {
      let event = maker.event(state)
      do throws(LedgerError) {
        try state.apply(try Leaf(event, sequence: state.count, time: one.time))
        events.append(event)
      } catch { continue }
    }
    for event in events { try one.append(event) }
    try many.store.append(events, signedBy: many.key, at: many.time)
    #expect(
      try one.store.leaves().dropFirst().map(\.bytes)
        == many.store.leaves().dropFirst().map(\.bytes))
    #expect(Verdict(try many.verify().findings) == .valid)
    #expect(Verdict(try one.verify().findings) == .valid)
  }

  @Test func `a request is final when the last patch applied for it is`() throws {
    let bench = try Bench()
    let request = EventMaker.identity("request", 1)
    func digest(_ text: String) -> JSONValue { EventMaker.digest(text) }
    func append(_ type: LeafType, _ fields: KeyValuePairs<String, JSONValue?>) throws -> Int {
      try bench.store.append([Event(type, fields)], signedBy: bench.key, at: bench.time)[0].sequence
    }
    func status() throws -> LedgerState.Request.Status? {
      try bench.store.state().requests.first?.status
    }
    _ = try append(
      .requestReceived,
      [
        "request": request, "regime": "gdpr", "ground": "17-1-b", "received": "2026-01-31",
        "due": "2026-02-28", "commitments": .array([]),
      ])
    for number in [1, 2] {
      let model = EventMaker.identity("model", number)
      _ = try append(.modelRegistered, ["model": model, "root": digest("a"), "family": "bert"])
      let intent = try append(
        .patchIntent,
        [
          "operation": "apply", "model": model, "patch": digest("p"), "base": digest("a"),
          "result": digest("b"), "undo": "undo-p", "request": request,
        ])
      _ = try append(
        .patchApplied, ["intent": .integer(Int64(intent)), "model": model, "root": digest("b")])
    }
    #expect(try status() == .applied)
    for number in [1, 2] {
      let model = EventMaker.identity("model", number)
      _ = try append(
        .undoDestroyed,
        ["model": model, "patch": digest("p"), "undo": "undo-p", "key": digest("k")])
      #expect(try status() == .applied)
      _ = try append(.patchFinalized, ["model": model, "patch": digest("p"), "undo": "undo-p"])
    }
    #expect(try status() == .final)
    #expect(Verdict(try bench.verify().findings) == .valid)
  }
}

/// A seeded generator (Steele, Lea, Flood: SplitMix64).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
