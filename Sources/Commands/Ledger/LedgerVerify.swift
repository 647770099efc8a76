import ArgumentParser
import Attestation
import Ledger
import Provenance

extension LedgerCommand {
  struct VerifyLog: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Verifies the log against its key, the pinned head and its witnesses.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The trust file (default: the workspace's).", completion: .file())
    var trust: String?

    func run() throws {
      var code: Int32 = 0
      try common.run(
        { _ in
          let workspace = try common.needWorkspace()
          let trust = try TrustFile(path: trust ?? workspace.trustPath)
          let store = try workspace.openLedger(.read)
          let log = LedgerVerification(
            store, pins: workspace.pins, isKeyTrusted: trust.logs.contains(workspace.verifierKey))
          let findings = log.findings + workspace.headFindings(store, trust)
          let verdict = Verdict(findings)
          code = Exit.code(verdict)
          return Verify.answer(findings, verdict)
        }, code: { code })
    }
  }
}
