import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension LedgerCommand {
  struct Shred: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Erases what was disclosed about a person, and proves it gone from the workspace.",
      discussion: """
        The log keeps salted commitments, which tell nothing without the disclosures. All files of the workspace
        are searched for them afterwards; backups and snapshots of the disk are yours to clear.
        Example: unlearn-patch ledger shred --expired
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "All disclosures of this request.")
    var request: String?
    @Flag(name: .long, help: "All disclosures whose day of expiry has come (UTC).")
    var expired = false

    func validate() throws {
      if (request != nil) == expired {
        throw ValidationError("name a request with --request, or say --expired")
      }
    }

    func run() throws {
      try common.run { surroundings in
        let workspace = try common.needWorkspace()
        var selection = ShredSelection.expired(on: surroundings.now.date)
        if let request {
          let store = try workspace.openLedger(.read)
          selection = .request(try RequestText.find(request, in: store).id)
        }
        let result = try workspace.shred(selection, surroundings)
        return Console.Answer(
          "ledger-shred",
          [
            "erased": .array(
              result.erased.map {
                .members([
                  "request": .text($0.request), "count": .integer(Int64($0.count)),
                  "leaf": .integer(Int64($0.leaf)),
                ])
              }),
            "searched_files": .integer(Int64(result.searchedFiles)),
            "searched_bytes": .integer(Int64(result.searchedByteCount)),
          ],
          (result.erased.isEmpty ? ["nothing to erase; the database was written anew"] : [])
            + result.erased.map {
              "erased \($0.count) disclosures of \($0.request) (leaf \($0.leaf))"
            } + [
              "searched \(result.searchedFiles) files of the workspace, \(result.searchedByteCount) bytes: no trace"
            ])
      }
    }
  }

  struct DataDigest: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "data-digest",
      abstract: "Prints the keyed digest by which statements name a data set.",
      discussion: """
        HMAC-SHA256 of the file's SHA-256 with .unlearn/data.key. Who has the key can tell whether a file is the
        set of a statement; who has not can't guess it.
        Example: unlearn-patch ledger data-digest forget.jsonl
        """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "The data file.", completion: .file())
    var file: String

    func run() throws {
      try common.run { _ in
        let digest = try common.needWorkspace().keyedDigest(
          ofFile: try SHA256.digest(ofFile: file))
        return Console.Answer(
          "ledger-data-digest", ["hmac_sha256": .text(digest.hex)], [digest.hex])
      }
    }
  }
}
