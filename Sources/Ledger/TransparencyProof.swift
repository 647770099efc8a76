public import Attestation
public import Storage

/// A proof that an entry is in a log, which is checked offline (c2sp.org/tlog-proof@v1).
public struct TransparencyProof: Hashable, Sendable {
  /// The largest proof that is read, in bytes: a note, and some hashes before it.
  public static let byteLimit = SignedNote.byteLimit + (1 << 16)
  private static let magic = "c2sp.org/tlog-proof@v1"

  /// Bytes of the application's own, which nothing vouches for; nil where there are none.
  public let extra: [UInt8]?
  /// The number of the entry, from 0.
  public let index: Int
  /// The inclusion proof, the entry's sibling first (RFC 6962 section 2.1.1).
  public let hashes: [Digest]
  /// The signed head of the log, with the cosignatures that it has.
  public let checkpoint: SignedNote

  /// Makes a proof.
  public init(index: Int, hashes: [Digest], checkpoint: SignedNote, extra: [UInt8]? = nil) {
    self.extra = extra
    self.index = index
    self.hashes = hashes
    self.checkpoint = checkpoint
  }

  /// The proof as text.
  public var encoded: String {
    let extra = extra.map { "extra \(Base64.encode($0))\n" } ?? ""
    let hashes = hashes.map { Base64.encode($0.bytes) + "\n" }.joined()
    return "\(Self.magic)\n\(extra)index \(index)\n\(hashes)\n\(checkpoint.encoded)"
  }

  /// Reads a proof.
  public init(parsing bytes: [UInt8]) throws(AttestationError) {
    func fail(_ what: String) -> AttestationError {
      AttestationError(.malformed("transparency proof: \(what)"))
    }
    guard bytes.count <= Self.byteLimit else { throw fail("longer than \(Self.byteLimit) bytes") }
    guard
      let gap = bytes.indices.dropLast().first(where: {
        bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A
      })
    else { throw fail("no empty line before the signed head") }
    var lines = bytes[..<gap].split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    guard lines.popFirst()?.elementsEqual(Self.magic.utf8) == true else {
      throw fail("does not begin with \(Self.magic)")
    }
    func value(_ word: String, _ line: ArraySlice<UInt8>?) -> ArraySlice<UInt8>? {
      let start = Array("\(word) ".utf8)
      return line.flatMap { $0.starts(with: start) ? $0.dropFirst(start.count) : nil }
    }
    func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
      String(validating: text, as: UTF8.self).flatMap { Base64.decode($0) }
    }
    if let text = value("extra", lines.first) {
      guard let data = decode(text), !data.isEmpty else { throw fail("extra data is not base64") }
      extra = data
      lines.removeFirst()
    } else {
      extra = nil
    }
    guard let digits = value("index", lines.popFirst()), let index = DecimalText.integer(digits)
    else { throw fail("no line `index N`") }
    self.index = index
    // A path from a leaf to the root of a tree of at most 2^63 leaves.
    guard lines.count <= 63 else { throw fail("\(lines.count) hashes, at most 63 can be") }
    var hashes: [Digest] = []
    for line in lines {
      guard let hash = decode(line).flatMap({ Digest(bytes: $0) }) else {
        throw fail("a line that is no hash")
      }
      hashes.append(hash)
    }
    self.hashes = hashes
    checkpoint = try SignedNote(parsing: Array(bytes[(gap + 2)...]))
  }

  /// Checks the proof for an entry, each step named: the log's key, the witnesses, the entry.
  ///
  /// - Parameters:
  ///   - entry: The entry's bytes, without a line break.
  ///   - trust: Whom the verifier trusts; nil shows integrity only.
  public func verify(entry: [UInt8], trust: TrustFile?) -> [Finding] {
    var findings: [Finding] = []
    let head: LogCheckpoint
    do throws(AttestationError) { head = try LogCheckpoint(parsing: checkpoint.text) } catch {
      return [Finding("checkpoint", .failed, error.description)]
    }
    let origin = ByteString(head.origin)
    if let trust {
      do throws(AttestationError) {
        let log = try trust.logKey(signing: checkpoint)
        findings.append(
          Finding("checkpoint", .passed, "signed by \(log.key.encoded), \(head.treeSize) leaves"))
      } catch {
        let isKnown = trust.logs.contains { ByteString($0.name) == origin }
        findings.append(
          Finding(
            "checkpoint", isKnown ? .failed : .missing,
            error.description
              + (isKnown ? "; if the log has another key by now, check the entry that says so" : "")
          ))
      }
      if let finding = Finding.ofWitnesses(trust.witnesses.judge(checkpoint), trust.witnesses) {
        findings.append(finding)
      }
    } else {
      findings.append(
        Finding(
          "checkpoint", .missing,
          "no trust file, so no one vouches for this head of \(origin): name one with --trust"))
    }
    let holds = MerkleTree.verifyInclusion(
      leaf: MerkleTree.leafHash(entry), index: index, size: head.treeSize, proof: hashes,
      root: head.root)
    findings.append(
      Finding(
        "entry", holds ? .passed : .failed,
        holds
          ? "is entry \(index) of the \(head.treeSize) of \(origin)"
          : "is not entry \(index) of the log with this head: the entry, the number or the proof is another"
      ))
    if holds, let finding = handover(entry, head) { findings.append(finding) }
    return findings
  }

  /// What an entry tells that hands the log over to another key; nil for any other.
  private func handover(_ entry: [UInt8], _ head: LogCheckpoint) -> Finding? {
    let key: VerifierKey
    do {
      let leaf = try Leaf(parsing: entry, sequence: index)
      let fields = LeafFields(leaf)
      guard leaf.type == .keyRotated, try fields.textIfPresent("role") == LedgerState.logRole
      else { return nil }
      key = try VerifierKey(try fields.text("key"))
    } catch { return nil }
    if head.treeSize == index + 1, !checkpoint.isSigned(by: key) {
      return Finding(
        "handover", .failed,
        "hands the log over to \(key.encoded), which has not signed the head that ends so")
    }
    return Finding(
      "handover", .passed,
      "hands the log over to the key that signs heads of more than \(index + 1) leaves; to trust it by name: log \(key.encoded)"
    )
  }
}

extension Finding {
  /// What witnesses come to as a step; nil where a policy names none.
  public static func ofWitnesses(
    _ judgement: WitnessPolicy.Judgement, _ policy: WitnessPolicy, of what: String = "the head"
  ) -> Finding? {
    if !judgement.refusals.isEmpty {
      return Finding("witnesses", .failed, judgement.refusals.joined(separator: "; "))
    }
    if policy.witnesses.isEmpty && policy.quorum == nil { return nil }
    guard judgement.isMet else {
      return Finding(
        "witnesses", .missing,
        "\(what) lacks its quorum: \(judgement.lacking.joined(separator: "; ")); \(judgement.words)"
      )
    }
    return Finding("witnesses", .passed, "\(what): \(judgement.words)")
  }
}
