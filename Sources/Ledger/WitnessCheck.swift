public import Attestation
import GRDB
public import Storage

extension LedgerStore {
  /// How many leaves the log has by its newest signed head, and that head.
  public func newestHead() throws(LedgerError) -> (size: Int, note: SignedNote) {
    try read { try Self.newestHead($0, verifierKey).head }
  }

  /// The newest head, and the keys that the log has at it.
  private struct Newest {
    let head: (size: Int, note: SignedNote)
    let keys: LogKeys
  }

  private static func newestHead(_ database: Database, _ verifierKey: VerifierKey) throws -> Newest
  {
    let keys = try keys(database, from: verifierKey)
    guard let (size, text) = try lastHead(database) else {
      throw LedgerError(.inconsistent("the ledger has no signed head"))
    }
    let note = try SignedNote(parsing: Array(text.utf8))
    guard try keys.head(note).treeSize == size else {
      throw AttestationError(.malformed("the newest head is of another size than it is kept as"))
    }
    return Newest(head: (size, note), keys: keys)
  }

  /// The newest signed head, with the cosignatures of witnesses where that very head has some.
  public func newestHead(cosigned: WitnessStore) throws(LedgerError) -> (
    size: Int, note: SignedNote
  ) {
    let newest = try read { try Self.newestHead($0, verifierKey) }
    let (size, note) = newest.head
    let head = try cosigned.head(of: size, signedBy: newest.keys)
    return (size, head.flatMap { $0.text == note.text ? $0 : nil } ?? note)
  }

  /// The root of the first leaves of the log.
  public func root(ofFirst count: Int) throws(LedgerError) -> Digest {
    try read { database in
      try MerkleTree.root(0..<count, node: { try Self.node($0, database) })
    }
  }

  /// The proof that the first `old` leaves are the beginning of the first `new`.
  public func consistencyProof(from old: Int, to new: Int) throws(LedgerError) -> [Digest] {
    guard old >= 0, old <= new else {
      throw LedgerError(.notPossible("a log of \(new) leaves does not continue one of \(old)"))
    }
    return try read { database in
      try MerkleTree.consistencyProof(from: old, to: new, node: { try Self.node($0, database) })
    }
  }

  /// The proof that a leaf is in the log, under its newest cosigned head that has it, else its newest head.
  ///
  /// A leaf that hands the log over is proved under the head that ends with it, which the key before has signed: whoever
  /// knows that key learns the next one.
  public func transparencyProof(of leaf: Int, cosigned: WitnessStore) throws(LedgerError)
    -> TransparencyProof
  {
    let found = try read { try Self.newestHead($0, verifierKey) }
    let (newest, keys) = (found.head, found.keys)
    guard leaf >= 0, leaf < newest.size else {
      throw LedgerError(
        .notPossible("there is no leaf \(leaf); the log has \(newest.size), counted from 0"))
    }
    var (size, note) = newest
    if let plain = try handovers()[leaf] {
      (size, note) = (leaf + 1, plain)
      if let head = try cosigned.head(of: size, signedBy: keys), head.text == plain.text {
        note = head
      }
    } else if let kept = try cosigned.sizes().last(where: { $0 > leaf && $0 <= newest.size }),
      let head = try cosigned.head(of: kept, signedBy: keys)
    {
      try checkBeginning(head, of: newest.size)
      (size, note) = (kept, head)
    }
    return TransparencyProof(
      index: leaf, hashes: try inclusionProof(of: leaf, size: size), checkpoint: note)
  }

  /// A head that went to witnesses is a beginning of the log of so many leaves.
  private func checkBeginning(_ note: SignedNote, of total: Int) throws(LedgerError) {
    let head: LogCheckpoint
    do throws(AttestationError) { head = try LogCheckpoint(parsing: note.text) } catch {
      throw LedgerError(.attestation(error))
    }
    guard head.treeSize <= total else {
      throw LedgerError(
        .inconsistent(
          "the log has \(total) leaves, and a head of \(head.treeSize) went to witnesses: its end was cut or an old copy restored"
        ))
    }
    guard try root(ofFirst: head.treeSize) == head.root else {
      throw LedgerError(
        .inconsistent(
          "the first \(head.treeSize) leaves are not those that went to witnesses: the log was rewritten or forked"
        ))
    }
  }

  /// What witnesses have seen of this log.
  ///
  /// Every head that went to them must be a beginning of the log, and one of them must meet the quorum. Empty where
  /// no witness is asked for and none has cosigned.
  public func witnessFindings(_ cosigned: WitnessStore, policy: WitnessPolicy) -> [Finding] {
    do throws(LedgerError) { return [try witnessFinding(cosigned, policy)].compactMap { $0 } } catch
    {
      return [Finding("witnesses", .failed, error.description)]
    }
  }

  private func witnessFinding(_ cosigned: WitnessStore, _ policy: WitnessPolicy)
    throws(LedgerError) -> Finding?
  {
    let newestHead = try read { try Self.newestHead($0, verifierKey) }
    let (total, keys) = (newestHead.head.size, newestHead.keys)
    let sizes = try cosigned.sizes()
    var newest: (size: Int, judgement: WitnessPolicy.Judgement)?
    var sufficient: (size: Int, judgement: WitnessPolicy.Judgement)?
    for size in sizes {
      guard let note = try cosigned.head(of: size, signedBy: keys) else { continue }
      try checkBeginning(note, of: total)
      let judgement = policy.judge(note)
      guard judgement.refusals.isEmpty else {
        throw LedgerError(.inconsistent(judgement.refusals.joined(separator: "; ")))
      }
      newest = (size, judgement)
      if judgement.isMet { sufficient = (size, judgement) }
    }
    if policy.witnesses.isEmpty { return nil }
    guard let shown = sufficient ?? newest else {
      if policy.quorum == nil { return nil }
      return Finding(
        "witnesses", .missing,
        "no head of this log is cosigned, and the trust file asks for it: `unlearn-patch ledger witness`"
      )
    }
    let rest = shown.size < total ? "; leaves from \(shown.size) on are not yet" : ""
    return Finding.ofWitnesses(
      shown.judgement, policy, of: "the head of \(shown.size) of \(total) leaves"
    ).map { Finding($0.step, $0.outcome, $0.detail + rest) }
  }
}
