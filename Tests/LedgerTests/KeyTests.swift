import Attestation
import Ledger
import Storage
import StrictJSON
import Testing

@Suite("Signers' keys in the log") struct KeyTests {
  private func key(_ name: String) -> Digest { SHA256.digest(of: Array(name.utf8)) }

  private func added(_ name: String) -> Event {
    Event(.keyAdded, ["key_id": .text(key(name).hex), "roles": .array(["artifact"])])
  }

  private func revoked(_ name: String, from: Int? = nil, _ reason: String = "compromised") -> Event
  {
    Event(
      .keyRevoked,
      [
        "key_id": .text(key(name).hex), "reason": .text(reason),
        "from": from.map { .integer(Int64($0)) },
      ])
  }

  private func rotated(_ old: String, _ new: String) -> Event {
    Event(.keyRotated, ["old": .text(key(old).hex), "new": .text(key(new).hex)])
  }

  @Test func `a key counts from its leaf to its revocation or to its successor`() throws {
    let bench = try Bench()
    for event in [
      added("a"), added("b"), bench.request(), rotated("a", "c"), revoked("b", from: 3),
    ] {
      try bench.append(event)
    }
    let state = try bench.store.state()
    #expect(state.revokedKeys(at: 2) == [:])
    #expect(state.revokedKeys(at: 3) == [key("b"): 3])
    #expect(state.revokedKeys(at: 4) == [key("b"): 3])
    #expect(state.revokedKeys(at: 5) == [key("a"): 5, key("b"): 3])
    #expect(state.keys.first { $0.id == key("a") }?.successor == key("c"))
    #expect(state.keys.first { $0.id == key("c") }?.roles == ["artifact"])
    #expect(try bench.failures() == [])
  }

  @Test("what does not follow is refused", arguments: 0..<9) func refusals(number: Int) throws {
    let bench = try Bench()
    for event in [added("a"), added("b"), revoked("b"), rotated("a", "c")] {
      try bench.append(event)
    }
    let (event, what): (Event, String) =
      [
        (added("b"), "does not count since leaf 3"), (added("a"), "does not count since leaf 5"),
        (revoked("b"), "does not count since leaf 3 already"),
        (revoked("x"), "the key is not known"), (rotated("a", "d"), "does not count since leaf 5"),
        (rotated("c", "c"), "in the log already"), (rotated("c", "b"), "in the log already"),
        (revoked("c", from: 99), "expected one up to 5"),
        (revoked("c", nil, "angry"), "expected one of compromised, retired, lost"),
      ][number]
    let error = #expect(throws: LedgerError.self) { try bench.append(event) }
    #expect(error?.description.contains(what) ?? false, "\(error?.description ?? "")")
    #expect(try bench.store.state().count == 5)
  }

  private func revoked(_ name: String, _ from: Int?, _ reason: String) -> Event {
    revoked(name, from: from, reason)
  }
}
