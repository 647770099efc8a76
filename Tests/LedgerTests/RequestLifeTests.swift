import Attestation
import Ledger
import Storage
import StrictJSON
import Testing

/// What may follow what in a request's life; appending refuses it and verifying finds it.
@Suite("A request's life") struct RequestLifeTests {
  /// The bench's time is 2026-09-21.
  private let id = "urn:uuid:00000000-0000-4000-8000-000000000001"

  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  private func received(
    _ regime: Regime, _ text: String, utcOffset: Int = 0, commitments: [Commitment] = []
  ) throws -> Event {
    .requestReceived(
      id, regime, regime.grounds[0], received: try day(text), utcOffset: utcOffset,
      manner: .email, commitments: commitments)
  }

  private func request(_ bench: Bench) throws -> LedgerState.Request {
    try #require(try bench.store.state().request(id))
  }

  /// A patch that is applied for the request, and taken back where asked for.
  private func operation(_ bench: Bench, takesBack: Bool = false) throws {
    let model = "urn:uuid:00000000-0000-4000-8000-0000000000aa"
    func digest(_ name: String) -> String { SHA256.digest(of: Array(name.utf8)).hex }
    if !takesBack {
      try bench.append(
        Event(
          .modelRegistered,
          ["model": .text(model), "family": "bert", "root": .text(digest("base"))]))
    }
    let (before, after) = takesBack ? ("result", "base") : ("base", "result")
    try bench.append(
      Event(
        .patchIntent,
        [
          "operation": .text(takesBack ? "rollback" : "apply"), "model": .text(model),
          "patch": .text(digest("patch")), "base": .text(digest(before)),
          "result": .text(digest(after)), "undo": "undo-1", "request": .text(id),
        ]))
    let intent = try bench.store.state().count - 1
    try bench.append(
      Event(
        takesBack ? .patchRolledBack : .patchApplied,
        [
          "intent": .integer(Int64(intent)), "model": .text(model), "root": .text(digest(after)),
          "patch": .text(digest("patch")), "request": .text(id),
        ]))
  }

  private func refuse(_ bench: Bench, _ event: Event, _ what: String) throws {
    let before = try bench.store.state().count
    let error = #expect(throws: LedgerError.self) { try bench.append(event) }
    #expect(error?.description.contains(what) ?? false, "\(error?.description ?? "")")
    #expect(try bench.store.state().count == before)
  }

  @Test func `from receipt to a closed request whose recipients are told`() throws {
    let bench = try Bench()
    let who = try Commitment(name: "recipient", value: "Example Hosting")
    try bench.append(try received(.ccpa, "2026-09-01"))
    try bench.append(.requestConfirmed(id, on: day("2026-09-04")))
    try bench.append(.requestIdentified(id, by: .matching, on: day("2026-09-05")))
    try refuse(
      bench, .requestClosed(id, .removed, isPartial: false, on: day("2026-09-10")),
      "nothing is removed")
    try refuse(
      bench,
      .recipientNotified(id, .processor, identity: nil, isReached: true, on: day("2026-09-10")),
      "no erasure to tell of")
    try operation(bench)
    try bench.append(.requestClosed(id, .removed, isPartial: true, on: day("2026-09-10")))
    try bench.append(
      .recipientNotified(id, .processor, identity: who, isReached: true, on: day("2026-09-11")))
    try bench.append(
      .recipientNotified(id, .publisher, identity: nil, isReached: false, on: day("2026-09-12")))
    let found = try request(bench)
    #expect(found.standing == "closed" && found.status == .applied)
    #expect(found.handling.answer == .closed(.removed, isPartial: true, on: try day("2026-09-10")))
    #expect(found.handling.notifiedCount == 1 && found.handling.unreachableCount == 1)
    #expect(found.handling.identityCheck == .matching && found.handling.manner == .email)
    #expect(found.commitments == [who.digest])
    #expect(!found.isOverdue(at: Timestamp(seconds: 2_000_000_000)))
    try refuse(
      bench, .requestWithdrawn(id, on: day("2026-09-13")), "has been closed on 2026-09-10")
    // Taking the patch back opens it again, and its clock runs on.
    try operation(bench, takesBack: true)
    let reopened = try request(bench)
    #expect(reopened.standing == "open" && reopened.handling.answer == nil)
    #expect(reopened.isOverdue(at: try #require(Timestamp("2026-10-17"))))
    #expect(!reopened.isOverdue(at: try #require(Timestamp("2026-10-16"))))
    #expect(try bench.failures() == [])
    #expect(try bench.verify().state?.request(id)?.standing == "open")
  }

  @Test func `an extension counts once, and only if told within the first term`() throws {
    let bench = try Bench()
    try bench.append(try received(.gdpr, "2026-07-31"))
    let first = try request(bench)
    #expect(first.due == (try day("2026-08-31")))
    try refuse(
      bench, .requestExtended(first, for: .complexity, on: day("2026-09-01")),
      "an extension counts only if told by 2026-08-31")
    try refuse(
      bench,
      Event(
        .requestExtended,
        ["request": .text(id), "reason": "complexity", "on": "2026-08-15", "due": "2026-12-31"]),
      "the law gives until 2026-10-31")
    try refuse(
      bench,
      Event(
        .requestExtended,
        ["request": .text(id), "reason": "holidays", "on": "2026-08-15", "due": "2026-10-31"]),
      "expected one of complexity, number")
    #expect(first.isOverdue(at: bench.time))
    try bench.append(.requestExtended(first, for: .number, on: day("2026-08-31")))
    let extended = try request(bench)
    #expect(extended.due == (try day("2026-10-31")) && !extended.isOverdue(at: bench.time))
    try refuse(
      bench, .requestExtended(extended, for: .number, on: day("2026-08-31")),
      "extended already")
    #expect(try bench.failures() == [])
  }

  @Test func `a refusal names an exception of its law, and ends the request`() throws {
    let bench = try Bench()
    try bench.append(try received(.gdpr, "2026-09-01"))
    try refuse(
      bench, .requestRefused(id, .internalUse, remediesStated: true, on: day("2026-09-02")),
      "no ground of refusal of gdpr")
    try bench.append(.requestRefused(id, .claims, remediesStated: true, on: day("2026-09-02")))
    #expect(try request(bench).standing == "refused")
    try refuse(bench, .requestConfirmed(id, on: day("2026-09-03")), "has been refused")
    let error = #expect(throws: LedgerError.self) { try operation(bench) }
    #expect(error?.description.contains("has been refused on 2026-09-02") ?? false)
    try refuse(
      bench, .recipientNotified(id, .other, identity: nil, isReached: true, on: day("2026-09-03")),
      "no erasure to tell of")
  }

  @Test func `a request with an applied patch is closed or its patch taken back, not refused`()
    throws
  {
    let bench = try Bench()
    try bench.append(try received(.gdpr, "2026-09-01"))
    try operation(bench)
    try refuse(
      bench, .requestRefused(id, .claims, remediesStated: true, on: day("2026-09-02")),
      "a patch is applied for it")
  }

  @Test func `days lie between the receipt and the leaf, at the controller's place`() throws {
    let bench = try Bench()
    // The bench's clock says 14:13 UTC on 2026-09-21; at UTC+14 it is the next day.
    #expect(bench.time.description == "2026-09-21T14:13:20Z")
    try refuse(bench, try received(.gdpr, "2026-09-22"), "has not come yet")
    try bench.append(try received(.gdpr, "2026-09-22", utcOffset: 840))
    try refuse(bench, .requestWithdrawn(id, on: day("2026-09-21")), "before the request came")
    try refuse(bench, .requestWithdrawn(id, on: day("2026-09-23")), "has not come yet")
    try bench.append(.requestWithdrawn(id, on: day("2026-09-22")))
    #expect(try request(bench).handling.utcOffset == 840)
  }

  @Test func `a day is overdue when it is over at the controller's place`() throws {
    let bench = try Bench()
    try bench.append(try received(.gdpr, "2026-08-20", utcOffset: -480))
    let request = try request(bench)
    #expect(request.due == (try day("2026-09-20")))
    #expect(!request.isOverdue(at: try #require(Timestamp("2026-09-21T07:59:59Z"))))
    #expect(request.isOverdue(at: try #require(Timestamp("2026-09-21T08:00:00Z"))))
  }

  @Test func `a confirmation that is due is told when it is late`() throws {
    let bench = try Bench()
    try bench.append(try received(.ccpa, "2026-09-01"))
    let request = try request(bench)
    #expect(request.confirmationDue == (try day("2026-09-15")))
    #expect(request.isConfirmationOverdue(at: bench.time))
    try bench.append(.requestConfirmed(id, on: day("2026-09-15")))
    #expect(try !self.request(bench).isConfirmationOverdue(at: bench.time))
    try refuse(bench, .requestConfirmed(id, on: day("2026-09-16")), "confirmed already")
  }

  @Test func `disclosures are erased once, and those that were committed to`() throws {
    let bench = try Bench()
    let facts = try ["name", "mail"].map { try Commitment(name: $0, value: "Ada Muster") }
    var attachments = LedgerStore.Attachments()
    attachments.disclosures = facts.map {
      LedgerStore.Disclosure(request: id, commitment: $0, expiry: CivilDate("2026-12-01"))
    }
    try bench.store.append(
      [try received(.gdpr, "2026-09-01", commitments: facts)], attachments, signedBy: bench.key,
      at: bench.time)
    #expect(try bench.store.disclosures().count == 2)
    #expect(try bench.store.disclosures().allSatisfy { $0.expiry == CivilDate("2026-12-01") })
    func shred(_ digests: [String]) -> Event {
      Event(
        .disclosureShredded,
        ["request": .text(id), "disclosures": .array(digests.map { .text($0) })])
    }
    try refuse(bench, shred([]), "none, or given twice")
    try refuse(bench, shred([facts[0].digest, facts[0].digest]), "none, or given twice")
    try refuse(
      bench, shred([try Commitment(name: "a", value: "b").digest]), "has no commitment")
    var erasing = LedgerStore.Attachments()
    erasing.shreddedDisclosures = [facts[0].digest]
    try bench.store.append(
      [shred([facts[0].digest])], erasing, signedBy: bench.key, at: bench.time)
    #expect(try bench.store.disclosures().map(\.commitment) == [facts[1]])
    try refuse(bench, shred([facts[0].digest]), "is erased already")
    #expect(try bench.failures() == [])
    try bench.attack("UPDATE disclosures SET disclosure = 'WyJhIl0'")
    let error = #expect(throws: LedgerError.self) { try bench.store.disclosures() }
    #expect(error?.description.contains("is not what it commits to") ?? false)
  }
}
