import Attestation
import GRDB
import Ledger
import Storage
import StrictJSON
import TestSupport
import Testing

/// A log of seven leaves whose third hands it over to another key.
private final class Handed {
  /// The leaf of the handover.
  static let leaf = 2
  let bench: Bench
  let next: PrivateKey
  let nextKey: VerifierKey

  init() throws {
    bench = try Bench()
    next = try PrivateKey.generate(.ed25519)
    nextKey = try VerifierKey(name: bench.verifierKey.name, publicKey: next.publicKey)
    try bench.append(bench.request())
    let leaf = try bench.store.handOver(from: bench.key, to: next, at: bench.time)
    #expect(leaf.sequence == Self.leaf)
    for _ in 0..<4 { try append() }
  }

  func append() throws {
    try bench.store.append([bench.request()], signedBy: next, at: bench.time)
  }

  /// A key of the log, or another's of the log's name.
  enum Signer { case first, next, stranger }

  /// The head of so many leaves, signed by keys.
  func note(_ size: Int, _ signers: [Signer]) throws -> SignedNote {
    let head = LogCheckpoint(
      origin: bench.verifierKey.name, treeSize: size, root: try bench.store.root(ofFirst: size))
    var note: SignedNote?
    for signer in signers {
      let made: SignedNote
      switch signer {
      case .first: made = try SignedNote(signing: head.text, as: bench.verifierKey, with: bench.key)
      case .next: made = try SignedNote(signing: head.text, as: nextKey, with: next)
      case .stranger:
        let key = try PrivateKey.generate(.ed25519)
        made = try SignedNote(
          signing: head.text,
          as: VerifierKey(name: bench.verifierKey.name, publicKey: key.publicKey), with: key)
      }
      guard note != nil else {
        note = made
        continue
      }
      for line in made.lines { note?.replace(with: line) }
    }
    return try #require(note)
  }

  /// Stores a head in the place of that of its size.
  func store(_ note: SignedNote, as size: Int) throws {
    try bench.attack("UPDATE checkpoints SET note = '\(note.encoded)' WHERE size = \(size)")
  }
}

@Suite("The log is handed over to another key") struct HandoverTests {
  @Test func `heads are signed by the key of their size, that of the handover by both`() throws {
    let log = try Handed()
    let keys = try log.bench.store.keys()
    #expect(keys.all == [log.bench.verifierKey, log.nextKey])
    #expect(keys.handovers.map(\.leaf) == [Handed.leaf])
    #expect(keys.lastLeaf(of: log.bench.verifierKey) == Handed.leaf)
    #expect(keys.lastLeaf(of: log.nextKey) == nil)
    for head in try log.bench.store.heads() {
      let note = try SignedNote(parsing: Array(head.note.utf8))
      #expect(note.isSigned(by: log.bench.verifierKey) == (head.size <= Handed.leaf + 1))
      #expect(note.isSigned(by: log.nextKey) == (head.size > Handed.leaf))
      #expect(try keys.head(note).treeSize == head.size)
    }
    let verification = try log.bench.verify()
    #expect(Verdict(verification.findings) == .valid, "\(verification.findings)")
    #expect(verification.keys == keys)
    #expect(verification.state?.logKeys == keys)
    #expect(try log.bench.store.state().logKeys == keys)
    // A leaf of signers' keys is another thing.
    #expect(verification.state?.keys.isEmpty ?? false)
  }

  @Test func `a log is handed over again and again`() throws {
    let bench = try Bench()
    let second = try PrivateKey.generate(.ed25519)
    let third = try PrivateKey.generate(.ed25519)
    _ = try bench.store.handOver(from: bench.key, to: second, at: bench.time)
    _ = try bench.store.handOver(from: second, to: third, at: bench.time)
    try bench.store.append([bench.request()], signedBy: third, at: bench.time)
    let keys = try bench.store.keys()
    #expect(keys.handovers.map(\.leaf) == [1, 2])
    #expect(keys.signers(treeSize: 1) == [keys.first])
    #expect(keys.signers(treeSize: 2) == [keys.first, keys.handovers[0].key])
    #expect(keys.signers(treeSize: 3) == [keys.handovers[0].key, keys.present])
    #expect(keys.signers(treeSize: 4) == [keys.present])
    #expect(Verdict(try bench.verify().findings) == .valid)
  }

  @Test func `the former key appends nothing more, nor does another`() throws {
    let log = try Handed()
    let error = #expect(throws: LedgerError.self) { try log.bench.append(log.bench.request()) }
    if case .formerKey? = error?.reason {} else { Issue.record("\(String(describing: error))") }
    #expect(error?.description.contains("which leaf 2 has replaced") ?? false)
    #expect(throws: LedgerError.self) {
      _ = try log.bench.store.handOver(from: log.bench.key, to: log.next, at: log.bench.time)
    }
    let stranger = try PrivateKey.generate(.ed25519)
    let other = #expect(throws: LedgerError.self) {
      try log.bench.store.append([log.bench.request()], signedBy: stranger, at: log.bench.time)
    }
    #expect(other?.description.contains("not that of the ledger") ?? false)
    #expect(try log.bench.store.leaves().count == 7)
  }

  @Test("what does not follow is refused", arguments: 0..<10) func refusals(number: Int) throws {
    let log = try Handed()
    let fresh = try PrivateKey.generate(.ed25519).publicKey
    let origin = log.bench.verifierKey.name
    let key = try VerifierKey(name: origin, publicKey: fresh)
    func event(
      role: String = "ledger", old: PublicKey? = nil, new: PublicKey? = nil, key text: String? = nil
    ) -> Event {
      Event(
        .keyRotated,
        [
          "role": .text(role), "old": .text((old ?? log.nextKey.publicKey).keyID.hex),
          "new": .text((new ?? fresh).keyID.hex), "key": .text(text ?? key.encoded),
        ])
    }
    let first = log.bench.verifierKey
    let (refused, what) = try [
      (event(old: first.publicKey), "the present one is \(log.nextKey.publicKey.keyID)"),
      (event(role: "signer"), "expected ledger or none"),
      (event(key: "no-vkey"), "not a vkey"),
      (event(key: "Ada Lovelace"), "may not stand in the log"),
      (
        event(key: VerifierKey(name: "ada.example/log", publicKey: fresh).encoded),
        "not one that signs heads of test.example/log"
      ),
      (
        event(key: VerifierKey(name: origin, publicKey: fresh, type: .cosignature).encoded),
        "not one that signs heads"
      ),
      (event(new: first.publicKey), "another than new says"),
      (
        event(new: log.nextKey.publicKey, key: log.nextKey.encoded), "has been the log's already"
      ),
      (event(new: first.publicKey, key: first.encoded), "has been the log's already"),
      // All is well with it, and the next key has not signed.
      (event(), "handed over by `unlearn-patch trust rotate --role ledger`"),
    ][number]
    let error = #expect(throws: LedgerError.self) {
      try log.bench.store.append([refused], signedBy: log.next, at: log.bench.time)
    }
    #expect(error?.description.contains(what) ?? false, "\(error?.description ?? "")")
    #expect(try log.bench.store.leaves().count == 7)
    #expect(Verdict(try log.bench.verify().findings) == .valid)
  }

  @Test(
    "heads of the wrong keys are told apart",
    arguments: [
      (5, [.first], "signed with a former key of the log, which leaf 2 has replaced"),
      (7, [.first], "signed with a former key of the log, which leaf 2 has replaced"),
      (2, [.next], "signed with a key that the log has only since leaf 2"),
      (1, [.next], "signed with a key that the log has only since leaf 2"),
      (3, [.first], "the key that it names has not signed it"),
      (3, [.next], "the key before it has not signed it"),
      (3, [.stranger, .next], "the key before it has not signed it"),
      (3, [.first, .stranger], "the key that it names has not signed it"),
      (5, [.stranger], "not signed by the key of test.example/log"),
      (2, [.stranger], "not signed by the key of test.example/log"),
    ] as [(Int, [Handed.Signer], String)])
  fileprivate func wrongKey(_ size: Int, _ signers: [Handed.Signer], _ what: String) throws {
    let log = try Handed()
    try log.store(try log.note(size, signers), as: size)
    let failures = try log.bench.failures()
    #expect(failures.count == 1, "\(failures)")
    #expect(
      failures[0].hasPrefix("heads: the head of \(size) leaves") && failures[0].contains(what),
      "\(failures)")
    // What decides on the present key or the last head is looked at by whoever appends, too.
    if size == 3 || size == 7 {
      #expect(throws: LedgerError.self) { try log.append() }
      #expect(throws: LedgerError.self) { try log.bench.store.newestHead() }
      #expect(throws: LedgerError.self) { try log.bench.store.state() }
    }
  }

  @Test func `a handover for which no head is stored is told`() throws {
    let log = try Handed()
    try log.bench.attack("DELETE FROM checkpoints WHERE size = 3")
    let failures = try log.bench.failures()
    #expect(failures.contains { $0.contains("no head of 3 leaves is stored") }, "\(failures)")
    #expect(throws: LedgerError.self) { try log.append() }
    #expect(throws: LedgerError.self) { try log.bench.store.keys() }
  }

  @Test(
    "what the log's row says of handovers is believed only where keys have signed it",
    arguments: [
      "json_remove(state, '$.handovers')", "json_set(state, '$.handovers', json('[]'))",
      "json_set(state, '$.handovers', json('[1]'))",
      "json_set(state, '$.handovers', json('[2,2]'))",
      "json_set(state, '$.handovers', json('[2,5]'))",
      "json_set(state, '$.handovers', json('[99]'))",
      "json_set(state, '$.handovers', json('[9223372036854775807]'))",
      "json_set(state, '$.handovers', json('[-1]'))", "json_set(state, '$.handovers', 'x')",
      "json_set(state, '$.handovers', json('[\"2\"]'))",
    ])
  func row(_ change: String) throws {
    let log = try Handed()
    try log.bench.attack("UPDATE subjects SET state = \(change) WHERE kind = 'log'")
    #expect(throws: LedgerError.self) { try log.append() }
    #expect(throws: LedgerError.self) { try log.bench.store.newestHead() }
    let failures = try log.bench.failures()
    #expect(failures.count == 1 && failures[0].hasPrefix("subjects"), "\(failures)")
  }

  @Test func `the first leaf must name the key that the log is expected to begin with`() throws {
    let other = try PrivateKey.generate(.ed25519)
    let folder = try TemporaryFolder()
    let (name, pins) = ("test.example/log", PinStore(stateFolder: folder.file("state")))
    let key = try VerifierKey(name: name, publicKey: other.publicKey)
    // A log whose first leaf names one key and whose heads another has signed.
    let path = folder.file("ledger.sqlite")
    _ = try LedgerStore.create(
      path: path, key: other, verifierKey: key, pins: pins, tool: "test/1",
      at: Timestamp(seconds: 1_790_000_000))
    let bench = try Bench()
    let bytes = try LedgerStore(path: path, verifierKey: key, pins: pins, access: .read).leaf(0)
      .bytes
    try bench.replaceOnlyLeaf(with: bytes)
    let failures = try bench.failures()
    #expect(
      failures.contains { $0.hasPrefix("heads") && $0.contains("another than expected") },
      "\(failures)")
  }
}

@Suite("What outlives the former key of a log") struct AfterHandoverTests {
  @Test func `pins are those of the log, whatever key has signed it`() throws {
    let log = try Handed()
    let pins = log.bench.pins
    #expect(try pins.head(of: log.bench.store.keys())?.treeSize == 7)
    let files = try Folder.files(below: log.bench.folder.file("state")).map(\.name)
    #expect(files.count == 1)
    for _ in 0..<9 { try log.append() }
    #expect(try pins.head(of: log.bench.store.keys())?.treeSize == 16)
    #expect(Verdict(try log.bench.verify().findings) == .valid)
  }

  @Test("a log that is set back to before its handover is told", arguments: [0, 1, 12])
  func setBack(_ later: Int) throws {
    let bench = try Bench()
    try bench.append(bench.request())
    let copy = bench.folder.file("copy.sqlite")
    try bench.copy(to: copy)
    let next = try PrivateKey.generate(.ed25519)
    _ = try bench.store.handOver(from: bench.key, to: next, at: bench.time)
    for _ in 0..<later {
      try bench.store.append([bench.request()], signedBy: next, at: bench.time)
    }
    let old = try LedgerStore(
      path: copy, verifierKey: bench.verifierKey, pins: bench.pins, access: .append)
    let failures = LedgerVerification(old, pins: bench.pins).findings.filter {
      $0.outcome == .failed
    }
    #expect(failures.map(\.step) == ["pin"])
    #expect(
      failures.first?.detail.contains(
        later == 0 ? "its end was cut" : "under a key to which this log does not lead") ?? false,
      "\(failures)")
    #expect(throws: LedgerError.self) {
      try old.append([bench.request()], signedBy: bench.key, at: bench.time)
    }
    // A fork that goes on with the former key is told, too.
    let blind = try LedgerStore(
      path: copy, verifierKey: bench.verifierKey,
      pins: PinStore(stateFolder: bench.folder.file("elsewhere")), access: .append)
    for _ in 0..<later + 3 {
      try blind.append([bench.request()], signedBy: bench.key, at: bench.time)
    }
    let forked = LedgerVerification(old, pins: bench.pins).findings.filter {
      $0.outcome == .failed
    }
    #expect(forked.map(\.step) == ["pin"], "\(forked)")
    #expect(
      LedgerVerification.ofMissingLedger(bench.verifierKey, pins: bench.pins).detail
        .hasPrefix("there is no ledger, and \(later + 3) leaves"))
  }

  @Test func `a pin that was torn is not taken for another key's`() throws {
    let log = try Handed()
    let name = try #require(
      try Folder.files(below: log.bench.folder.file("state")).first?.name)
    let path = Paths.join(log.bench.folder.file("state"), name)
    var bytes = try Folder.read(path, limit: 1 << 16)
    // The last place that was written, from the middle of its signature on.
    let start = 6 * 1024
    #expect(
      String(decoding: bytes[start..<start + 40], as: UTF8.self).hasPrefix("test.example/log\n7\n"))
    for index in start + 130..<start + 1024 { bytes[index] = bytes[index - 1024] }
    try AtomicFile.write(bytes.rawSpan, to: path, mode: 0o600, replacing: true)
    #expect(try log.bench.pins.head(of: log.bench.store.keys())?.treeSize == 6)
    #expect(try log.bench.failures() == [])
  }

  @Test func `cosigned heads are judged by the key of their size`() throws {
    let log = try Handed()
    let witness = try TestWitness("witness.example/w")
    let cosigned = WitnessStore(folder: log.bench.folder.file("witness"))
    let trust = try policy(log, witness)
    for size in [2, 3, 5] {
      let note = try log.note(size, size == 2 ? [.first] : size == 3 ? [.first, .next] : [.next])
      try cosigned.keep(witness.cosign(note))
      let findings = log.bench.store.witnessFindings(cosigned, policy: trust.witnesses)
      #expect(findings.map(\.outcome) == [.passed], "\(findings)")
      #expect(findings[0].detail.contains("the head of \(size) of 7 leaves"))
    }
    for (size, signers, words) in [
      (5, [.first], "a former key"), (2, [.next], "only since leaf 2"),
      (3, [.first], "has not signed it"),
    ] as [(Int, [Handed.Signer], String)] {
      let kept = try cosigned.head(of: size, signedBy: log.bench.store.keys())
      try cosigned.keep(witness.cosign(log.note(size, signers)))
      let findings = log.bench.store.witnessFindings(cosigned, policy: trust.witnesses)
      #expect(findings.map(\.outcome) == [.failed], "\(findings)")
      #expect(findings[0].detail.contains(words), "\(findings)")
      try cosigned.keep(try #require(kept))
    }
  }

  private func policy(_ log: Handed, _ witness: TestWitness) throws -> TrustFile {
    try trust(log, "witness w \(witness.verifierKey.encoded)", "quorum w")
  }

  private func trust(_ log: Handed, _ lines: String...) throws -> TrustFile {
    let path = log.bench.folder.file("trust")
    let text = lines.map { "\($0)\n" }.joined()
    try AtomicFile.write(Array(text.utf8).rawSpan, to: path, replacing: true)
    return try TrustFile(path: path)
  }

  @Test func `whoever trusts the former key learns the next from a proof`() throws {
    let log = try Handed()
    let (store, cosigned) = (
      log.bench.store, WitnessStore(folder: log.bench.folder.file("witness"))
    )
    let old = try trust(log, "log \(log.bench.verifierKey.encoded)")
    let limited = try trust(log, "log \(log.bench.verifierKey.encoded) not-after-index=1")
    let new = try trust(log, "log \(log.nextKey.encoded)")
    let entry = try store.leaf(Handed.leaf).bytes
    let proof = try store.transparencyProof(of: Handed.leaf, cosigned: cosigned)
    #expect(try LogCheckpoint(parsing: proof.checkpoint.text).treeSize == Handed.leaf + 1)
    for trust in [old, new] {
      let findings = proof.verify(entry: entry, trust: trust)
      #expect(Verdict(findings) == .valid, "\(findings)")
      #expect(findings.last?.step == "handover")
      #expect(findings.last?.detail.contains("log \(log.nextKey.encoded)") ?? false)
    }
    #expect(Verdict(proof.verify(entry: entry, trust: limited)) == .invalid)
    // Cosigned, it is proved under the same head with its cosignatures.
    let witness = try TestWitness("witness.example/w")
    try cosigned.keep(witness.cosign(proof.checkpoint))
    let seen = try store.transparencyProof(of: Handed.leaf, cosigned: cosigned)
    #expect(seen.checkpoint.isSigned(by: witness.verifierKey))
    #expect(seen.checkpoint.text == proof.checkpoint.text)
    // What the next key has not signed hands nothing over.
    let alone = TransparencyProof(
      index: proof.index, hashes: proof.hashes, checkpoint: try log.note(3, [.first]))
    let findings = alone.verify(entry: entry, trust: old)
    #expect(findings.last?.step == "handover" && findings.last?.outcome == .failed)
    // Later entries are the next key's.
    let later = try store.transparencyProof(of: 6, cosigned: WitnessStore(folder: "/nowhere"))
    let bytes = try store.leaf(6).bytes
    #expect(Verdict(later.verify(entry: bytes, trust: new)) == .valid)
    let unknown = later.verify(entry: bytes, trust: old)
    #expect(Verdict(unknown) == .invalid)
    #expect(unknown.first?.detail.contains("check the entry that says so") ?? false)
  }

  @Test func `tiles go on over the handover`() throws {
    let bench = try Bench()
    let next = try PrivateKey.generate(.ed25519)
    let (folder, cosigned) = (
      bench.folder.file("tiles"), WitnessStore(folder: bench.folder.file("witness"))
    )
    for step in 0..<4 {
      switch step {
      case 0: try bench.append(bench.request())
      case 1: _ = try bench.store.handOver(from: bench.key, to: next, at: bench.time)
      default: try bench.store.append([bench.request()], signedBy: next, at: bench.time)
      }
      #expect(try bench.store.exportTiles(to: folder, cosigned: cosigned).treeSize == step + 2)
    }
    let bytes = try Folder.read(Paths.join(folder, "checkpoint"), limit: 1 << 16)
    #expect(try bench.store.keys().head(SignedNote(parsing: bytes)).treeSize == 5)
  }

  @Test(
    "trust in one key of the log leads to the present one, and no further than its limit",
    arguments: [
      (["log FIRST"], ["passed"], "a former key, which has handed the log over with leaf 2"),
      (["log NEXT"], ["passed"], "names this log's key, which has signed since leaf 2"),
      (["log FIRST not-after-index=2", "log NEXT"], ["passed", "passed"], "signed 3 leaves"),
      (["log FIRST not-after-index=2"], ["passed", "passed"], "a former key"),
      (
        ["log FIRST not-after-index=1"], ["passed", "failed"], "sign up to leaf 1, it has signed 3"
      ),
      (["log NEXT not-after-index=6"], ["passed", "passed"], "it has signed 7 leaves"),
      (["log NEXT not-after-index=5"], ["passed", "failed"], "it has signed 7 leaves"),
      (["log FIRST not-after-index=2", "log OTHER"], ["failed", "passed"], "names another key"),
      (["log FIRST", "log OTHER"], ["failed"], "names another key"),
      (["log OTHER"], ["failed"], "names another key"),
      (["log NEXT", "log OTHER"], ["passed"], "names this log's key"),
      (["log ELSEWHERE"], ["missing"], "has no line `log "), ([], ["missing"], "has no line"),
    ])
  func trusted(_ lines: [String], _ outcomes: [String], _ words: String) throws {
    let log = try Handed()
    func key(_ name: String) throws -> String {
      try VerifierKey(name: name, publicKey: PrivateKey.generate(.ed25519).publicKey).encoded
    }
    let path = log.bench.folder.file("trust")
    let text = try lines.map { line in
      try line.replacing("FIRST", with: log.bench.verifierKey.encoded)
        .replacing("NEXT", with: log.nextKey.encoded)
        .replacing("OTHER", with: key("test.example/log"))
        .replacing("ELSEWHERE", with: key("elsewhere.example/log")) + "\n"
    }.joined()
    try AtomicFile.write(Array(text.utf8).rawSpan, to: path)
    let findings = try log.bench.store.keys().findings(
      TrustFile(path: path).logKeys, treeSize: 7)
    #expect(findings.map(\.outcome.rawValue) == outcomes, "\(findings)")
    #expect(findings.contains { $0.detail.contains(words) }, "\(findings)")
  }
}
