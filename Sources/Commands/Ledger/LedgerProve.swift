import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension LedgerCommand {
  struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes a proof that a leaf is in the log, for checking offline (C2SP tlog-proof).",
      discussion: """
        Under the newest head that witnesses have cosigned and that has the leaf, else under the newest head. A leaf
        that hands the log over to another key is proved under the head that the key before has signed too, so that
        whoever trusts that one learns the next.
        Example: unlearn-patch ledger prove 7 -o receipt.tlog-proof --entry receipt.json
        """)
    @OptionGroup var common: CommonOptions
    @Option(
      name: [.short, .long], help: "The proof (default: LEAF.tlog-proof).",
      completion: .file(extensions: ["tlog-proof"]))
    var output: String?
    @Option(
      name: .long, help: "Also write the leaf itself, which whoever checks needs.",
      completion: .file())
    var entry: String?
    @Argument(help: "The number of the leaf, from 0.")
    var leaf: Int

    func run() throws {
      try common.run { _ in
        let workspace = try common.needWorkspace()
        let store = try workspace.openLedger(.read)
        let proof = try store.transparencyProof(of: leaf, cosigned: workspace.cosigned)
        let path = output ?? "\(leaf).tlog-proof"
        if let entry {
          let bytes = try store.leaf(leaf).bytes
          try AtomicFile.write(bytes.rawSpan, to: entry)
        }
        let bytes = Array(proof.encoded.utf8)
        try AtomicFile.write(bytes.rawSpan, to: path)
        let size = try LogCheckpoint(parsing: proof.checkpoint.text).treeSize
        let count = try store.keys().cosignatureCount(proof.checkpoint)
        return Console.Answer(
          "ledger-prove",
          [
            "proof": .text(path), "entry": entry.map { .text($0) },
            "leaf": .integer(Int64(leaf)), "size": .integer(Int64(size)),
            "signatures": .integer(Int64(proof.checkpoint.lines.count)),
          ],
          [
            "proof  \(path)",
            "head   \(size) leaves, \(count == 0 ? "not cosigned" : "\(count) cosignature(s)")",
          ] + (entry.map { ["entry  \($0)"] } ?? []))
      }
    }
  }

  struct VerifyProof: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verifies a proof that an entry is in a log; needs no workspace.",
      discussion: """
        Exit codes: 0 valid, 1 invalid, 3 no trust file, 4 log not trusted or quorum not met.
        Example: unlearn-patch ledger verify-proof 7.tlog-proof --entry leaf.json --trust trust
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The trust file.", completion: .file())
    var trust: String?
    @Option(
      name: .long, help: "The entry; one line break at its end is not part of it.",
      completion: .file())
    var entry: String
    @Argument(help: "The proof.", completion: .file(extensions: ["tlog-proof"]))
    var proof: String

    func run() throws {
      var code: Int32 = 0
      try common.run(
        { _ in
          let trust = try trust.map { try TrustFile(path: $0) }
          let proof = try TransparencyProof(
            parsing: try Folder.read(proof, limit: TransparencyProof.byteLimit))
          var bytes = try Folder.read(entry, limit: 1 << 17)
          if bytes.last == 0x0A { bytes.removeLast() }
          let findings = proof.verify(entry: bytes, trust: trust)
          let verdict = Verdict(findings)
          code =
            verdict == .incomplete && trust == nil
            ? Exit.code(ProvenanceError.Category.untrusted) : Exit.code(verdict)
          return Verify.answer(findings, verdict)
        }, code: { code })
    }
  }
}
