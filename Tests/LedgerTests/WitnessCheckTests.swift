import Attestation
import Ledger
import Storage
import TestSupport
import Testing

@Suite("What witnesses have seen") struct WitnessCheckTests {
  private let bench: LogBench
  private let other: TestWitness

  init() throws {
    bench = try LogBench(leaves: 6)
    other = try TestWitness("other.example/w")
  }

  private func policy(_ quorum: String = "w") throws -> WitnessPolicy {
    try bench.trust(
      bench.witnessLine, "witness o \(other.verifierKey.encoded)", "group both all w o",
      "quorum \(quorum)"
    ).witnesses
  }

  private func finding(_ quorum: String = "w") throws -> Finding? {
    let findings = bench.store.witnessFindings(bench.cosigned, policy: try policy(quorum))
    #expect(findings.count <= 1)
    return findings.first
  }

  private func head(_ size: Int, root: Digest? = nil) throws -> SignedNote {
    try bench.sign(
      LogCheckpoint(
        origin: bench.verifierKey.name, treeSize: size,
        root: try root ?? bench.store.root(ofFirst: size)))
  }

  @Test func `nothing is said where no witness is asked for and none has cosigned`() throws {
    #expect(bench.store.witnessFindings(bench.cosigned, policy: WitnessPolicy()).isEmpty)
    #expect(try finding("none") == nil)
    #expect(try finding()?.outcome == .missing)
  }

  @Test func `the newest head that meets the quorum counts, and what is past it is told`() throws {
    try bench.cosigned.keep(bench.witness.cosign(try head(4), at: 1_800_000_000))
    let first = try #require(try finding())
    #expect(first.outcome == .passed)
    #expect(first.detail.contains("4 of 6 leaves"))
    #expect(first.detail.contains("w at 2027-01-15T08:00:00Z"))
    #expect(first.detail.contains("from 4 on"))
    #expect(try finding("both")?.outcome == .missing)
    // A newer one that only another has cosigned.
    try bench.cosigned.keep(other.cosign(try head(5)))
    #expect(try #require(try finding()).detail.contains("4 of 6 leaves"))
    try bench.cosigned.keep(other.cosign(bench.witness.cosign(try head(6))))
    let all = try #require(try finding("both"))
    #expect(all.outcome == .passed)
    #expect(all.detail.contains("6 of 6 leaves"))
  }

  @Test func `a head that is no beginning of the log fails it, whatever is asked for`() throws {
    for (size, root, word) in [
      (3, MerkleTree.emptyRoot, "rewritten or forked"), (9, MerkleTree.emptyRoot, "was cut"),
    ] {
      let bad = try bench.witness.cosign(try head(size, root: root))
      try bench.cosigned.keep(bad)
      for quorum in ["w", "none"] {
        let finding = try #require(try finding(quorum))
        #expect(finding.outcome == .failed)
        #expect(finding.detail.contains(word), "\(finding)")
      }
      #expect(
        bench.store.witnessFindings(bench.cosigned, policy: WitnessPolicy()).first?.outcome
          == .failed)
      try Folder.remove(bench.folder.file("witness/\(size).checkpoint"))
    }
  }

  @Test func `a kept head that is not the log's, or falsely cosigned, fails`() throws {
    let good = try bench.witness.cosign(try head(4))
    func keep(_ text: String, as name: String = "4") throws {
      try Folder.create(bench.folder.file("witness"))
      try TemporaryFolder.write(
        Array(text.utf8), to: bench.folder.file("witness/\(name).checkpoint"))
    }
    let stranger = try LogBench(leaves: 6)
    for text in [
      "", "garbage", String(good.encoded.dropLast()), try stranger.store.newestHead().note.encoded,
      good.encoded.replacing("\n4\n", with: "\n5\n"),
      // The witness's line over another text.
      try head(4).encoded + bench.witness.line(for: "another\n", at: 1_790_000_000),
      // A time of 0, and one that can't be.
      try head(4).encoded + bench.witness.line(for: try head(4).text, at: 0),
      try head(4).encoded + bench.witness.line(for: try head(4).text, at: 1 << 63),
    ] {
      try keep(text)
      #expect(try finding()?.outcome == .failed, "\(text)")
    }
    try Folder.remove(bench.folder.file("witness/4.checkpoint"))
    try keep(good.encoded, as: "5")
    #expect(try finding()?.outcome == .failed)
    try Folder.remove(bench.folder.file("witness/5.checkpoint"))
    try keep(good.encoded, as: "04")
    try keep(good.encoded, as: "x")
    #expect(try finding()?.outcome == .missing)
  }

  @Test func `a cosigned head of a fork is neither shown nor proved under nor published`() throws {
    try bench.cosigned.keep(bench.witness.cosign(try head(6, root: MerkleTree.emptyRoot)))
    let newest = try bench.store.newestHead()
    #expect(try bench.store.newestHead(cosigned: bench.cosigned).note == newest.note)
    #expect(throws: LedgerError.self) {
      try bench.store.transparencyProof(of: 2, cosigned: bench.cosigned)
    }
    _ = try bench.store.exportTiles(to: bench.folder.file("tiles"), cosigned: bench.cosigned)
    #expect(
      try Folder.read(bench.folder.file("tiles/checkpoint"), limit: 1 << 16)
        == Array(newest.note.encoded.utf8))
  }
}
