import Attestation
import Ledger
import Storage
import StrictJSON

/// The report as Markdown: what the page tells, for who reads and compares text.
///
/// Words from outside are code spans; dates, digests, identities and the tool's own terms are not.
struct ReportText {
  private let audit: Audit
  private var text = ""

  static func render(_ audit: Audit) -> [UInt8] {
    var page = ReportText(audit: audit)
    page.write()
    return Array(page.text.utf8)
  }

  private init(audit: Audit) { self.audit = audit }

  /// Adds a block, which an empty line ends.
  private mutating func add(_ block: String) { text += block + "\n\n" }

  private mutating func add(list: [String]) {
    if !list.isEmpty { add(list.map { "- " + $0 }.joined(separator: "\n")) }
  }

  private mutating func add(table columns: [String], _ rows: [[String]]) {
    let lines = [columns, columns.map { _ in "---" }] + rows
    add(lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n"))
  }

  private func code(_ text: String) -> String { MarkdownText.code(text) }

  private mutating func write() {
    add("# Unlearning report")
    add("Log \(code(audit.log.origin)), \(audit.log.count) entries, as of \(audit.asOf).")
    add(audit.levelWords)
    add("## Requests")
    if let counts = audit.requestCounts {
      add(list: counts.lines.map { "\($0.name): \($0.count)" })
    } else if audit.requests.isEmpty {
      add("No requests were recorded.")
    }
    for request in audit.requests { write(request) }
    let others = audit.patches.filter { $0.request == nil }
    if !others.isEmpty {
      add("## \(audit.otherPatchesTitle)")
      for patch in others { write(patch) }
    }
    add("## Lineage of the models")
    if audit.models.isEmpty { add("No models were registered.") }
    for model in audit.models { write(model) }
    writeChecking()
    add("## What this report does not show")
    add(list: audit.limits)
    text.removeLast()
  }

  private mutating func write(_ asked: Audit.AskedRequest) {
    let (request, handling) = (asked.request, asked.request.handling)
    let standing = audit.standing(request)
    add("### Request \(request.id.dropFirst(9))")
    var facts = [
      "Asked under: \(request.regime.rawValue.uppercased()), ground \(request.ground)",
      "Received, due: \(request.received), \(request.due)",
      "Standing: \(standing.isBad ? "**" + standing.text + "**" : standing.text)",
    ]
    if let manner = handling.manner { facts.append("Came by: \(manner.rawValue)") }
    if let last = request.confirmationDue {
      let told = handling.confirmed.map { "on \($0)" } ?? "not yet"
      facts.append("Receipt confirmed: \(told), due \(last)")
    }
    facts.append("Identity checked: \(handling.identityCheck?.rawValue ?? "not recorded")")
    if let reason = handling.extensionReason { facts.append("Extended for: \(reason.rawValue)") }
    facts.append(
      "Recipients told: \(handling.notifiedCount), and \(handling.unreachableCount) who could not be"
    )
    facts.append(
      "About the person: no free text is kept; \(request.commitments.count) salted commitment(s) are in the log, \(request.shredded.count) of their disclosures are erased"
    )
    add(list: facts)
    add(
      table: ["When", "What", "Entry"],
      asked.events.map { [$0.timeWords, code($0.type), $0.leafWords] })
    let own = audit.patches(of: asked)
    if own.isEmpty { add("No patch has been used for this request.") }
    for patch in own { write(patch) }
  }

  private mutating func write(_ patch: Audit.UsedPatch) {
    add("#### Patch \(patch.digest.hex.prefix(16))…")
    add(list: [
      "Method: \(code(patch.method))", "Patch file, sha256: \(patch.digest.hex)",
      "Signed bundle, sha256: \(patch.bundle.map { $0.hex + (patch.isWithheld ? ", not in this folder" : "") } ?? "**missing**")",
      "Model before, root: \(code(patch.base))", "Model after, root: \(code(patch.result))",
    ])
    do throws(JSONFieldError) {
      if let units = patch.units { try write(units: units) }
      if let metrics = patch.metrics { try write(metrics: metrics) }
    } catch { add("**The statement can't be shown:** \(code(error.description))") }
  }

  private mutating func write(units: JSONField) throws(JSONFieldError) {
    let parameters = try units["parameters"].count()
    add("Parameters given: \(parameters), share of the model \(code(try units["share"].text()))")
    if try units["model"]["layers"].count() == 0 {
      add("The units of this model are not known; the patch is at tensor level.")
    } else {
      let (heads, filters) = (
        try units["model"]["headsPerLayer"].count(), try units["model"]["filtersPerLayer"].count()
      )
      let rows = try units["layers"].elements().map { layer throws(JSONFieldError) in
        [
          "L\(try layer["layer"].count())", try Self.runs(layer["heads"]),
          try Self.runs(layer["filters"]),
        ]
      }
      add(table: ["Layer", "Heads of \(heads)", "Filters of \(filters)"], rows)
    }
    add(
      list: try units["outside"].elements().map { entry throws(JSONFieldError) in
        "Belongs to no unit: \(code(try entry["tensor"].text())), \(try entry["elements"].count()) elements"
      })
  }

  /// Ascending numbers, neighbours as runs: `3, 7–9`.
  private static func runs(_ field: JSONField) throws(JSONFieldError) -> String {
    var runs: [ClosedRange<Int>] = []
    for element in try field.elements() {
      let number = try element.count()
      if let last = runs.last, number - 1 == last.upperBound {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    if runs.isEmpty { return "none" }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
      .joined(separator: ", ")
  }

  private mutating func write(metrics: JSONField) throws(JSONFieldError) {
    let rows = try MeasurementRow.rows(metrics)
    if !rows.isEmpty {
      add("Measured by the signer:")
      add(
        table: MeasurementRow.columns,
        rows.map { $0.cells.map { $0.isEmpty ? "" : code($0) } })
    }
    let notRun = try MeasurementRow.notRun(metrics)
    if !notRun.isEmpty { add("Not run: \(notRun.map { code($0) }.joined(separator: ", "))") }
  }

  private mutating func write(_ model: Audit.PatchedModel) {
    add("### Model \(model.id.dropFirst(9))")
    let parent = model.parent.map { ", a patched copy of \($0.dropFirst(9))" } ?? ""
    add("Family \(code(model.family))\(parent)")
    add(
      table: ["When", "Entry", "What", "Root from here on"],
      model.steps.map {
        [$0.event.timeWords, $0.event.leafWords, code($0.event.type), $0.root.hex]
      })
    add(
      list: model.undo.map {
        let standing = $0.isOverdue ? "**" + $0.standing + "**" : $0.standing
        return "Patch \($0.patch.hex.prefix(16))…: \(standing)"
      })
    if let leaf = model.unfinished {
      add("**Entry \(leaf) has begun an operation that has not ended.**")
    }
  }

  private mutating func writeChecking() {
    add("## How to check this")
    add(
      "\(audit.sourced) follows from \(ReportPage.list(audit.sources.map { "`\($0)`" })) in this folder. With the tool and a trust file of your own: `unlearn-patch verify FOLDER --trust TRUSTFILE`"
    )
    add(
      "With `openssl` and `sha256sum` alone: `VERIFY.md`. The log's key, which you must know from elsewhere to rely on it: \(code(audit.log.verifierKey))"
    )
    for handover in audit.log.handovers {
      add(
        "Entry \(handover.leaf) hands the log over to the key \(code(handover.key.encoded)), which signs what comes after it. The key before has signed for that: `\(ReportEvidence.handoverName(handover.leaf))`."
      )
    }
  }
}
