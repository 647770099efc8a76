import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Shows and verifies the transparency log.",
    subcommands: [Log.self, Head.self, VerifyLog.self, Shred.self, DataDigest.self])

  struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the leaves.")
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.run { _ in
        let leaves = try common.needWorkspace().openLedger(.read).leaves()
        return Console.Answer(
          "ledger-log", ["leaves": .array(leaves.map { $0.body.value ?? .null })],
          leaves.map { String(decoding: $0.bytes, as: UTF8.self) })
      }
    }
  }

  struct Head: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "checkpoint", abstract: "Prints the signed head (C2SP tlog-checkpoint).")
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.run { _ in
        let heads = try common.needWorkspace().openLedger(.read).heads()
        guard let last = heads.last else {
          throw ProvenanceError(.incomplete, "the ledger has no signed head")
        }
        return Console.Answer(
          "ledger-checkpoint",
          ["size": .integer(Int64(last.size)), "note": .text(last.note)],
          [String(last.note.dropLast())])
      }
    }
  }

  struct VerifyLog: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Verifies the log against its key and the pinned head.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The trust file (default: the workspace's).", completion: .file())
    var trust: String?

    func run() throws {
      var code: Int32 = 0
      try common.run(
        { _ in
          let workspace = try common.needWorkspace()
          let trust = try TrustFile(path: trust ?? workspace.trustPath)
          let log = LedgerVerification(
            try workspace.openLedger(.read), pins: workspace.pins,
            isKeyTrusted: trust.logs.contains(workspace.verifierKey))
          let verdict = Verdict(log.findings)
          code = Exit.code(verdict)
          return Verify.answer(log.findings, verdict)
        }, code: { code })
    }
  }
}
