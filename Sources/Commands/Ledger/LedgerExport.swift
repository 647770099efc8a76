import ArgumentParser
import Ledger
import Provenance
import StrictJSON

extension LedgerCommand {
  struct ExportTiles: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Writes the log as static files (C2SP tlog-tiles).",
      discussion: """
        Any web server serves the folder. A further export writes only what is new, and the head last.
        Leaves hold no personal data; publishing them still tells how many requests there were, and when.
        Example: unlearn-patch ledger export --tiles public
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The folder.", completion: .directory)
    var tiles: String

    func run() throws {
      try common.run { _ in
        let workspace = try common.needWorkspace()
        let export = try workspace.openLedger(.read).exportTiles(
          to: tiles, cosigned: workspace.cosigned)
        return Console.Answer(
          "ledger-export",
          [
            "folder": .text(tiles), "size": .integer(Int64(export.treeSize)),
            "written": .integer(Int64(export.written)), "kept": .integer(Int64(export.kept)),
          ],
          [
            "folder  \(tiles)",
            "leaves  \(export.treeSize); \(export.written) file(s) written, \(export.kept) were there",
          ])
      }
    }
  }
}
