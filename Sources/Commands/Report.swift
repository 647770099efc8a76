public import ArgumentParser
import Attestation
import AuditReport
public import Ledger
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
        The same ledger, --as-of, --redact and --request give the same bytes.
        --redact says for whom it is: internal shows everything that the log has; authority all requests, without
        statements that name data sets; data-subject what concerns one --request; public totals and models alone.
        Examples: unlearn-patch report export -o report
                  unlearn-patch report export -o answer --redact data-subject --request 3f0c
                  unlearn-patch report export -o published --redact public
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: [.short, .long], help: "The new folder.", completion: .directory)
    var output: String
    @Option(
      name: .long, help: "The moment for which clocks are told, YYYY-MM-DD (default: today, UTC).")
    var asOf: String?
    @Option(
      name: .long,
      help: "For whom it is: internal, authority, data-subject or public (default: internal).")
    var redact: ReportLevel = .internal
    @Option(
      name: .long,
      help: """
        With --redact data-subject: the request of the person, urn:uuid:… or the beginning of the uuid.
        """)
    var request: String?

    func validate() throws {
      if (redact == .dataSubject) != (request != nil) {
        throw ValidationError("--redact data-subject and --request go together")
      }
    }

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
        let person = try request.map { try RequestText.find($0, in: evidence.state).id }
        let folder = try ReportFolder(evidence, for: redact, request: person)
        let digest = try folder.write(to: output)
        try workspace.record(
          [
            Event(
              .reportExported,
              [
                "report": .text(digest.hex),
                "entries": .integer(Int64(evidence.leaves.count)),
                "level": .text(redact.rawValue),
              ])
          ], in: try workspace.openLedger(.append), at: surroundings.now)
        let page = Paths.join(output, "report.html")
        return Console.Answer(
          "report-export",
          [
            "folder": .text(output), "page": .text(page), "sha256": .text(digest.hex),
            "level": .text(redact.rawValue),
            "withheld_bundles": .integer(Int64(folder.withheldBundleCount)),
          ],
          ["report  \(page)", "sha256  \(digest) (of SHA256SUMS)", "level   \(redact.rawValue)"]
            + (folder.withheldBundleCount == 0
              ? []
              : [
                "note    \(folder.withheldBundleCount) signed statement(s) name what is not for this reader, and were left out"
              ]))
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

extension ReportLevel: ExpressibleByArgument {}
