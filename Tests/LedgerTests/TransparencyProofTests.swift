import Attestation
import Ledger
import Storage
import TestSupport
import Testing

@Suite("Transparency proofs") struct TransparencyProofTests {
  private func verdict(_ proof: TransparencyProof, _ entry: [UInt8], _ trust: TrustFile?) -> Verdict
  {
    Verdict(proof.verify(entry: entry, trust: trust))
  }

  @Test func `every leaf of logs of every small size is proved, in a form that reads back`() throws
  {
    let bench = try LogBench(leaves: 1)
    let trust = try bench.trust(bench.logLine)
    for size in 1...18 {
      try bench.grow(to: size)
      for leaf in try bench.store.leaves() {
        let proof = try bench.store.transparencyProof(of: leaf.sequence, cosigned: bench.cosigned)
        let read = try TransparencyProof(parsing: Array(proof.encoded.utf8))
        #expect(read == proof)
        #expect(verdict(read, leaf.bytes, trust) == .valid)
        #expect(verdict(read, leaf.bytes + [0x20], trust) == .invalid)
      }
    }
    #expect(throws: LedgerError.self) {
      try bench.store.transparencyProof(of: 18, cosigned: bench.cosigned)
    }
    #expect(throws: LedgerError.self) {
      try bench.store.transparencyProof(of: -1, cosigned: bench.cosigned)
    }
  }

  @Test func `no changed bit of a proof leaves it valid`() throws {
    let bench = try LogBench(leaves: 6)
    let head = try bench.store.newestHead()
    try bench.cosigned.keep(bench.witness.cosign(head.note))
    let trust = try bench.trust(bench.logLine, bench.witnessLine, "quorum w")
    let leaf = try bench.store.leaves()[4]
    let proof = try bench.store.transparencyProof(of: 4, cosigned: bench.cosigned)
    #expect(verdict(proof, leaf.bytes, trust) == .valid)
    let bytes = Array(proof.encoded.utf8)
    for offset in bytes.indices {
      for bit in [UInt8(1), 0x20] {
        var changed = bytes
        changed[offset] ^= bit
        do throws(AttestationError) {
          let read = try TransparencyProof(parsing: changed)
          #expect(verdict(read, leaf.bytes, trust) != .valid, "byte \(offset)")
        } catch { #expect(!error.description.isEmpty) }
      }
    }
  }

  @Test func `a proof is as good as the trust file lets it be`() throws {
    let bench = try LogBench(leaves: 5)
    let other = try LogBench(leaves: 5)
    let leaf = try bench.store.leaves()[3]
    func judge(_ trust: TrustFile?) throws -> Verdict {
      verdict(
        try bench.store.transparencyProof(of: 3, cosigned: bench.cosigned), leaf.bytes, trust)
    }
    #expect(try judge(nil) == .incomplete)
    #expect(try judge(bench.trust("quorum none")) == .incomplete)
    // The same origin under another key is another log's word.
    #expect(try judge(bench.trust(other.logLine)) == .invalid)
    #expect(try judge(bench.trust(bench.logLine)) == .valid)
    #expect(try judge(bench.trust(bench.logLine + " not-after-index=3")) == .invalid)
    let asking = try bench.trust(bench.logLine, bench.witnessLine, "quorum w")
    #expect(try judge(asking) == .incomplete)
    let head = try bench.store.newestHead()
    try bench.cosigned.keep(bench.witness.cosign(head.note))
    #expect(try judge(asking) == .valid)
    // The log has grown since: the cosigned head still has the leaf.
    try bench.grow(to: 9)
    let proof = try bench.store.transparencyProof(of: 3, cosigned: bench.cosigned)
    #expect(try LogCheckpoint(parsing: proof.checkpoint.text).treeSize == 5)
    #expect(verdict(proof, leaf.bytes, asking) == .valid)
    let newer = try bench.store.transparencyProof(of: 7, cosigned: bench.cosigned)
    #expect(try LogCheckpoint(parsing: newer.checkpoint.text).treeSize == 9)
  }

  @Test func `extra data travels along and vouches for nothing`() throws {
    let bench = try LogBench(leaves: 3)
    let plain = try bench.store.transparencyProof(of: 1, cosigned: bench.cosigned)
    let proof = TransparencyProof(
      index: 1, hashes: plain.hashes, checkpoint: plain.checkpoint, extra: [1, 2, 3])
    let read = try TransparencyProof(parsing: Array(proof.encoded.utf8))
    #expect(read.extra == [1, 2, 3])
    #expect(proof.encoded.contains("\nextra AQID\nindex 1\n"))
    let leaf = try bench.store.leaves()[1]
    #expect(verdict(read, leaf.bytes, try bench.trust(bench.logLine)) == .valid)
  }

  @Test(
    "a text that is no proof is refused",
    arguments: [
      "", "\n\n", "c2sp.org/tlog-proof@v2\nindex 0\n\nNOTE", "c2sp.org/tlog-proof@v1\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex\n\nNOTE", "c2sp.org/tlog-proof@v1\nindex 00\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex -1\n\nNOTE", "c2sp.org/tlog-proof@v1\nindex 1 \n\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex 0\nextra AQID\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nextra AQI\nindex 0\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex 0\nAQID\n\nNOTE", "c2sp.org/tlog-proof@v1\nindex 0\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex 0\n\n", "c2sp.org/tlog-proof@v1\r\nindex 0\n\nNOTE",
      "c2sp.org/tlog-proof@v1\nindex 0\nHASHES\n\nNOTE",
    ])
  func malformed(_ text: String) throws {
    let bench = try LogBench(leaves: 1)
    let note = try bench.store.newestHead().note.encoded
    let hash = Base64.encode(MerkleTree.emptyRoot.bytes)
    let full = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0 == "NOTE"
        ? String(note.dropLast())
        : $0 == "HASHES" ? [String](repeating: hash, count: 64).joined(separator: "\n") : String($0)
    }.joined(separator: "\n")
    let ending = full.hasSuffix("=") ? "\n" : ""
    #expect(throws: AttestationError.self) {
      try TransparencyProof(parsing: Array((full + ending).utf8))
    }
  }
}
