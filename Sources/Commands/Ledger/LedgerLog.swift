import ArgumentParser
import Ledger
import Provenance
import StrictJSON

extension LedgerCommand {
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
}
