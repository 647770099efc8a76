import ArgumentParser
import Attestation
import AuditReport
import Ledger
import Provenance
import Storage
import StrictJSON

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes audit reports.", subcommands: [Export.self])

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes the audit report as a folder that a stranger can check offline.",
      discussion: """
        The same ledger and --as-of give the same bytes.
        Example: unlearn-patch report export -o report
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: [.short, .long], help: "The new folder.", completion: .directory)
    var output: String
    @Option(
      name: .long, help: "The moment for which clocks are told, YYYY-MM-DD (default: today, UTC).")
    var asOf: String?

    func run() throws {
      try common.run { surroundings in
        let time =
          try asOf.map { text in
            guard let time = Timestamp(text) else {
              throw ProvenanceError(.usage, "'\(text)' is no day or time")
            }
            return time
          } ?? Timestamp(seconds: Int64(surroundings.now.date.daysSince1970) * 86_400)
        let workspace = try common.needWorkspace()
        let store = try workspace.openLedger(.read)
        let evidence = try ReportEvidence(
          store, head: try workspace.newestHead(store).note, asOf: time)
        let digest = try ReportFolder(evidence).write(to: output)
        try workspace.record(
          [
            Event(
              .reportExported,
              [
                "report": .text(digest.hex),
                "entries": .integer(Int64(evidence.leaves.count)),
              ])
          ], in: try workspace.openLedger(.append), at: surroundings.now)
        let page = Paths.join(output, "report.html")
        return Console.Answer(
          "report-export",
          ["folder": .text(output), "page": .text(page), "sha256": .text(digest.hex)],
          ["report  \(page)", "sha256  \(digest) (of SHA256SUMS)"])
      }
    }
  }
}

/// Verifying a report's folder.
enum ReportVerifying {
  static func findings(_ path: String, trust: TrustFile?) throws -> [Finding] {
    try ReportFolder.verify(path, trust: trust)
  }
}
