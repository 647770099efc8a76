import ArgumentParser
import Ledger
import Provenance

extension LedgerCommand {
  struct VerifyLog: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Verifies the log and what it names: the same walk as of a model, without one.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The trust file (default: the workspace's).", completion: .file())
    var trust: String?

    func run() throws {
      var code: Int32 = 0
      try common.run(
        { surroundings in
          let findings =
            try WorkspaceVerification(try common.needWorkspace(), trustPath: trust, surroundings)
            .findings
          let verdict = Verdict(findings)
          code = Exit.code(findings)
          return Verify.answer(findings, verdict)
        }, code: { code })
    }
  }
}
