import Ledger

/// What a report can't show, or does not; said in every report.
extension Audit {
  var limits: [String] { Self.general + own }

  private static let general = [
    "Metrics are shown as recorded in signed statements; this report does not measure anything itself.",
    "Backups, copies and caches of a model outside the ledger are not covered.",
    "While a patch can still be rolled back, the former values exist in sealed form: the erasure is not final.",
    "Final means that the undo key is destroyed and no trace of it was found in the workspace; what else could restore the former values is counted in the entry, as far as the workspace knew of it.",
    "Times are those of the machine that kept the ledger.",
  ]

  /// What is left out for the reader.
  private var own: [String] {
    let bundles =
      withheldBundles.isEmpty
      ? []
      : [
        "Of \(withheldBundles.count) patch(es) the signed statement is not in this folder, because it names what is not for the reader of this level, and a signature does not outlive a cut; units and metrics of these patches are not shown."
      ]
    switch level {
    case .internal: return []
    case .authority: return bundles
    case .dataSubject:
      return bundles + [
        "This report is for the person who made one request. \(withheldEntryCount) of the log's \(log.count) entries are not in this folder: those that concern no request, or another. Each entry that is here is proved to be in the log; that none is left out which concerns the request is not shown.",
        "What became of a model by patches that answer no request, or another, is not told, nor the state in which it is now.",
      ]
    case .public:
      return [
        "This report is for everybody. It tells no request, no date of one, and no date, place or entry of a patch or model. \(withheldEntryCount) of the log's \(log.count) entries are not in this folder.",
        "What it tells of requests, patches and models is the word of who keeps the log: nothing in this folder shows it. The digest of SHA256SUMS is in the log (report.exported), so who may read the whole log can make this folder again and compare. A patch comes with its signed statement to those who get it, and has the digests that are given here.",
      ]
    }
  }

  /// The level in a sentence.
  var levelWords: String {
    switch level {
    case .internal: "For the controller's own people and auditors: everything that the log has."
    case .authority: "For a supervisory authority: all requests."
    case .dataSubject: "For the person who made one request: what concerns that request."
    case .public: "For everybody: totals, and what became of the models."
    }
  }

  /// What in the folder the report follows from, or at the level public what is told of the log.
  var sources: [String] {
    switch level {
    case .internal, .authority: ["entries.jsonl", "checkpoint", "bundles/"]
    case .dataSubject: ["entries.jsonl", "proofs/", "checkpoint", "bundles/"]
    case .public: ["entries.jsonl", "proofs/", "checkpoint"]
    }
  }

  /// What follows from them.
  var sourced: String { level == .public ? "What is told of the log" : "Everything here" }

  /// Over the patches that stand apart from requests.
  var otherPatchesTitle: String {
    level == .public ? "Patches" : "Patches that answer no recorded request"
  }
}

extension Audit {
  /// What a verdict on the folder can't speak of, because it is not there; nil where everything is.
  var withheld: Finding? {
    let size = "\(log.count - withheldEntryCount) of the log's \(log.count) entries are here"
    switch level {
    case .internal, .authority: return nil
    case .dataSubject:
      return Finding(
        "withheld", .missing,
        "level data-subject: \(size), and the report follows from them; that no other entry concerns the request can't be told from this folder"
      )
    case .public:
      return Finding(
        "withheld", .missing,
        "level public: \(size), those of the log's keys; what is told of requests, patches and models is the word of who keeps the log, and can't be told from this folder"
      )
    }
  }
}

extension Audit.Entry {
  var timeWords: String { time.map { "\($0)" } ?? "not told" }
  var leafWords: String { leaf.map { "\($0)" } ?? "not told" }
}

extension Audit.RequestCounts {
  /// The totals, each with its name.
  var lines: [(name: String, count: Int)] {
    [("Received", received), ("Not answered yet", open), ("Refused", refused)]
      + [("Withdrawn", withdrawn)]
      + ErasureEffect.allCases.map { ("Closed: \($0.rawValue)", closed[$0] ?? 0) }
      + [("Late", overdue)]
  }
}
