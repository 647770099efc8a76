import ArgumentParser
import Attestation
import Ledger
import Provenance
import StrictJSON

extension LedgerCommand {
  struct Head: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "checkpoint", abstract: "Prints the signed head (C2SP tlog-checkpoint).",
      discussion: """
        With the cosignatures of witnesses where that head has some; --cosigned prints the newest head that
        has, which may be older.
        """)
    @OptionGroup var common: CommonOptions
    @Flag(name: .long, help: "Print the newest head that a witness has cosigned.")
    var cosigned = false

    func run() throws {
      try common.run { _ in
        let workspace = try common.needWorkspace()
        let store = try workspace.openLedger(.read)
        var (size, note) = try workspace.newestHead(store)
        if cosigned {
          guard let last = try workspace.cosigned.sizes().last,
            let head = try workspace.cosigned.head(of: last, signedBy: try store.keys())
          else {
            throw ProvenanceError(
              .incomplete, "no head of this log is cosigned",
              hint: "`unlearn-patch ledger witness` asks the witnesses of the trust file")
          }
          (size, note) = (last, head)
        }
        return Console.Answer(
          "ledger-checkpoint",
          [
            "size": .integer(Int64(size)), "note": .text(note.encoded),
            "signatures": .integer(Int64(note.lines.count)),
          ],
          [String(note.encoded.dropLast())])
      }
    }
  }
}
