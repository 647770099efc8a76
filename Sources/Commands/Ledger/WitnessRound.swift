import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON
import Witnessing

/// One round of cosigning: the newest head goes to witnesses, what they answer is verified and kept.
struct WitnessRound {
  let workspace: Workspace
  let store: LedgerStore
  let keys: LogKeys
  let policy: WitnessPolicy
  let witnesses: [WitnessPolicy.Witness]
  /// When it is recorded in the log that a head was cosigned; nil where it is not.
  let recordedAt: Timestamp?

  /// What a witness is believed to have cosigned last, by what is kept here.
  private func knownSize(_ witness: WitnessPolicy.Witness, upTo limit: Int) throws -> Int {
    for size in try workspace.cosigned.sizes().reversed() where size <= limit {
      let head = try workspace.cosigned.head(of: size, signedBy: keys)
      if head?.isSigned(by: witness.key) ?? false { return size }
    }
    return 0
  }

  /// A head with the cosignatures that are kept of it.
  private func kept(_ plain: SignedNote, _ size: Int) throws -> SignedNote {
    let head = try workspace.cosigned.head(of: size, signedBy: keys)
    return head.flatMap { $0.text == plain.text ? $0 : nil } ?? plain
  }

  private func client(_ size: Int, _ note: SignedNote) throws -> WitnessClient {
    try WitnessClient(note) { (old) throws(LedgerError) in
      try store.consistencyProof(from: old, to: size)
    }
  }

  /// Asks the witnesses; gives the answer and the exit code of the worst refusal.
  func ask(_ send: WitnessClient.Send) throws -> (Console.Answer, code: Int32) {
    // A witness gets the log's own signature alone; it has no use for others'.
    let (size, plain) = try store.newestHead()
    let client = try client(size, plain)
    var note = try kept(plain, size)
    var rows: [JSONValue] = []
    var lines: [String] = []
    var worst: ProvenanceError.Category?
    for witness in witnesses {
      let known = try knownSize(witness, upTo: size)
      do throws(WitnessError) {
        let cosigned = try client.cosign(by: witness, knownSize: known, send: send)
        for line in cosigned.lines.dropFirst() { note.replace(with: line) }
        guard case .signed(let time?) = cosigned.verification(by: witness.key) else { continue }
        rows.append(Self.row(witness, time))
        lines.append("cosigned  \(witness.name) at \(time)")
      } catch {
        let refusal = asProvenanceError(error)
        worst = worst == .invalid ? worst : refusal?.category
        Console.note("error: \(error)")
        rows.append(
          .members([
            "name": .text(witness.name.description), "cosigned": .bool(false),
            "error": .text(error.description),
          ]))
      }
    }
    var answer = answer(size, note, rows, lines)
    if keys.cosignatureCount(note) > 0 { try keep(note, &answer) }
    return (answer, worst.map { Exit.code($0) } ?? 0)
  }

  /// Keeps a cosigned head; the leaf that tells of it comes after, so that it is never told of what is not kept.
  private func keep(_ note: SignedNote, _ answer: inout Console.Answer) throws {
    try workspace.cosigned.keep(note)
    guard let recordedAt else { return }
    let head = try keys.head(note)
    let bytes = Array(note.encoded.utf8)
    var attachments = LedgerStore.Attachments()
    attachments.blobs = [("text/plain", bytes)]
    let leaf = try workspace.record(
      [
        Event(
          .checkpointWitnessed,
          [
            "size": .integer(Int64(head.treeSize)), "root": .text(head.root.hex),
            "note": .text(SHA256.digest(of: bytes).hex),
            "witnesses": .integer(Int64(keys.cosignatureCount(note))),
          ])
      ], attachments, in: try workspace.openLedger(.append), at: recordedAt)[0].sequence
    answer.fields["leaf"] = .integer(Int64(leaf))
    answer.lines.append("recorded  leaf \(leaf)")
  }

  private static func row(_ witness: WitnessPolicy.Witness, _ time: Timestamp) -> JSONValue {
    .members([
      "name": .text(witness.name.description), "cosigned": .bool(true),
      "time": .text(time.description),
    ])
  }

  private func answer(
    _ size: Int, _ note: SignedNote, _ rows: [JSONValue], _ lines: [String]
  ) -> Console.Answer {
    let judgement = policy.judge(note)
    let quorum =
      policy.quorum == nil
      ? "none is asked for"
      : judgement.isMet ? "met" : "not met: \(judgement.lacking.joined(separator: "; "))"
    return Console.Answer(
      "ledger-witness",
      [
        "size": .integer(Int64(size)), "witnesses": .array(rows),
        "quorum": .bool(judgement.isMet), "note": .text(note.encoded),
      ], lines + ["leaves    \(size)", "quorum    \(quorum)"])
  }

  /// Writes the request for one witness to a file.
  func writeRequest(to path: String, oldSize: Int?) throws -> Console.Answer {
    let (size, note) = try store.newestHead()
    guard oldSize != nil || witnesses.count == 1 else {
      throw ProvenanceError(
        .usage, "a request is for one witness, and \(witnesses.count) are known",
        hint: "name it with --name, or say with --old-size what it has cosigned")
    }
    let known = try oldSize ?? knownSize(witnesses[0], upTo: size)
    let request = try client(size, note).request(oldSize: known)
    let bytes = Array(request.body.utf8)
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    return Console.Answer(
      "ledger-witness-request",
      [
        "path": .text(path), "size": .integer(Int64(size)), "old_size": .integer(Int64(known)),
      ],
      ["request   \(path)", "leaves    \(known) to \(size)"])
  }

  /// Takes an answer from a file, for whichever head it cosigns.
  func readAnswer(from path: String) throws -> Console.Answer {
    let bytes = try Folder.read(path, limit: WitnessAnswer.byteLimit)
    guard case .cosigned(let signatures) = try WitnessAnswer(file: bytes) else {
      let size = String(decoding: bytes.dropLast(), as: UTF8.self)
      throw ProvenanceError(
        .state, "\(path): the witness has cosigned \(size) leaves, the request said otherwise",
        hint: "write the request anew with --old-size \(size)")
    }
    // The log may have grown since the request; the cosignature fits one head only.
    for head in try store.heads().reversed() {
      let plain = try SignedNote(parsing: Array(head.note.utf8))
      var note = try kept(plain, head.size)
      var rows: [JSONValue] = []
      var lines: [String] = []
      for witness in witnesses {
        guard let (cosigned, time) = Self.cosigned(plain, signatures, by: witness.key) else {
          continue
        }
        for line in cosigned.lines.dropFirst() { note.replace(with: line) }
        rows.append(Self.row(witness, time))
        lines.append("cosigned  \(witness.name) at \(time)")
      }
      if rows.isEmpty { continue }
      var answer = answer(head.size, note, rows, lines)
      try keep(note, &answer)
      return answer
    }
    throw ProvenanceError(
      .invalid, "\(path): no line in it is a known witness's cosignature of a head of this log")
  }

  /// A head with a witness's line under it and its time; nil where the lines don't cosign this head.
  private static func cosigned(
    _ head: SignedNote, _ signatures: [SignedNote.Line], by witness: VerifierKey
  ) -> (SignedNote, Timestamp)? {
    do throws(WitnessError) {
      let note = try WitnessClient.adding(signatures, to: head, by: witness)
      guard case .signed(let time?) = note.verification(by: witness) else { return nil }
      return (note, time)
    } catch { return nil }
  }
}
