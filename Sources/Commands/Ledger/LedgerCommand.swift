import ArgumentParser

struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Shows, proves, publishes and verifies the transparency log.",
    subcommands: [
      Log.self, Head.self, VerifyLog.self, Witness.self, Prove.self, VerifyProof.self,
      ExportTiles.self, Key.self, SignFile.self, Shred.self, DataDigest.self,
    ])
}
