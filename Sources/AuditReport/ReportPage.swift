import Attestation
import Ledger
import Storage
import StrictJSON

/// The report as one HTML page: no script, nothing fetched, readable on paper.
struct ReportPage {
  private let audit: Audit
  private var html = ""

  static func render(_ audit: Audit) -> [UInt8] {
    var page = ReportPage(audit: audit)
    page.write()
    return Array(page.html.utf8)
  }

  private init(audit: Audit) { self.audit = audit }

  private static let style = """
    :root{--ink:#1c2733;--soft:#5b6b7a;--line:#d8dfe6;--mark:#b3261e;--head:#0b57a4;--ok:#1a6b3c}
    body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);max-width:60rem;margin:2rem auto;padding:0 1rem}
    h1{font-size:1.6rem;margin-bottom:0}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid var(--line)}
    h3{font-size:1rem}code{font:0.82em ui-monospace,monospace;overflow-wrap:anywhere}
    table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}
    .soft{color:var(--soft)}.bad{color:var(--mark);font-weight:600}.good{color:var(--ok);font-weight:600}
    svg{display:block;margin:.6rem 0;max-width:100%;height:auto}svg text{font:10px ui-monospace,monospace;fill:var(--soft)}
    @media print{body{margin:0;max-width:none}h2{break-after:avoid}section{break-inside:avoid}}
    """

  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  /// Two or more names as words.
  static func list(_ names: [String]) -> String {
    names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }

  private mutating func add(_ markup: String) { html += markup + "\n" }

  private func code(_ text: String) -> String { "<code>\(Self.escape(text))</code>" }

  private func row(_ name: String, _ value: String) -> String {
    "<tr><th>\(Self.escape(name))</th><td>\(value)</td></tr>"
  }

  private mutating func write() {
    let log = audit.log
    add("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
    add("<meta name=\"viewport\" content=\"width=device-width\">")
    add("<title>Unlearning report: \(Self.escape(log.origin))</title>")
    add("<style>\(Self.style)</style></head><body>")
    add("<h1>Unlearning report</h1>")
    add(
      "<p class=\"soft\">Log \(code(log.origin)), \(log.count) entries, as of \(audit.asOf)</p>"
    )
    add("<p class=\"soft\">\(Self.escape(audit.levelWords))</p>")
    add("<h2>Requests</h2>")
    if let counts = audit.requestCounts {
      add("<table>")
      for line in counts.lines { add(row(line.name, "\(line.count)")) }
      add("</table>")
    } else if audit.requests.isEmpty {
      add("<p>No requests were recorded.</p>")
    }
    for request in audit.requests { write(request) }
    let others = audit.patches.filter { $0.request == nil }
    if !others.isEmpty {
      add("<h2>\(audit.otherPatchesTitle)</h2>")
      for patch in others { write(patch) }
    }
    add("<h2>Lineage of the models</h2>")
    if audit.models.isEmpty { add("<p>No models were registered.</p>") }
    for model in audit.models { write(model) }
    writeChecking()
    add("<h2>What this report does not show</h2><ul>")
    for limit in audit.limits { add("<li>\(Self.escape(limit))</li>") }
    add("</ul></body></html>")
  }

  private mutating func write(_ asked: Audit.AskedRequest) {
    let request = asked.request
    let standing = audit.standing(request)
    add("<section><h3>Request \(code(String(request.id.dropFirst(9))))</h3><table>")
    add(
      row("Asked under", "\(request.regime.rawValue.uppercased()), ground \(code(request.ground))"))
    add(row("Received, due", "\(request.received), \(request.due)"))
    add(
      row(
        "Standing",
        "<span class=\"\(standing.isBad ? "bad" : "good")\">\(Self.escape(standing.text))</span>"))
    writeHandling(request)
    let events = asked.events.map {
      "\($0.timeWords) \(code($0.type)) <span class=\"soft\">entry \($0.leafWords)</span>"
    }
    add(row("Timeline", events.joined(separator: "<br>")))
    add(
      row(
        "About the person",
        "no free text is kept; \(request.commitments.count) salted commitment(s) are in the log, \(request.shredded.count) of their disclosures are erased"
      ))
    add("</table>")
    let own = audit.patches(of: asked)
    if own.isEmpty { add("<p class=\"soft\">No patch has been used for this request.</p>") }
    for patch in own { write(patch) }
    add("</section>")
  }

  private mutating func writeHandling(_ request: LedgerState.Request) {
    let handling = request.handling
    if let manner = handling.manner { add(row("Came by", manner.rawValue)) }
    if let last = request.confirmationDue {
      let isLate = request.isConfirmationOverdue(at: audit.asOf)
      let text = handling.confirmed.map { "on \($0)" } ?? "not yet"
      add(
        row(
          "Receipt confirmed",
          "<span class=\"\(isLate ? "bad" : "soft")\">\(text), due \(last)</span>"))
    }
    add(row("Identity checked", handling.identityCheck?.rawValue ?? "not recorded"))
    if let reason = handling.extensionReason { add(row("Extended for", reason.rawValue)) }
    add(
      row(
        "Recipients told",
        "\(handling.notifiedCount), and \(handling.unreachableCount) who could not be"))
  }

  private mutating func write(_ patch: Audit.UsedPatch) {
    add("<h3>Patch \(code(String(patch.digest.hex.prefix(16))))…</h3><table>")
    add(row("Method", code(patch.method)))
    add(row("Patch file, sha256", code(patch.digest.hex)))
    add(
      row(
        "Signed bundle, sha256",
        patch.bundle.map { code($0.hex) + (patch.isWithheld ? ", not in this folder" : "") }
          ?? "<span class=\"bad\">missing</span>"))
    add(row("Model before, root", code(patch.base)))
    add(row("Model after, root", code(patch.result)))
    do throws(JSONFieldError) {
      if let units = patch.units {
        let parameters = try units["parameters"].count()
        let share = try units["share"].text()
        add(row("Parameters given", "\(parameters), share of the model \(code(share))"))
        add("</table>")
        add(try UnitMapDrawing(units).svg)
        let outside = try units["outside"].elements()
        for entry in outside {
          add(
            "<p class=\"soft\">Belongs to no unit: \(code(try entry["tensor"].text())), \(try entry["elements"].count()) elements</p>"
          )
        }
      } else {
        add("</table>")
      }
      if let metrics = patch.metrics { try write(metrics: metrics) }
    } catch {
      add("<p class=\"bad\">The statement can't be shown: \(Self.escape(error.description))</p>")
    }
  }

  /// The measurements of a signed statement, as they stand in it.
  private mutating func write(metrics: JSONField) throws(JSONFieldError) {
    let rows = try MeasurementRow.rows(metrics)
    if !rows.isEmpty {
      add("<h4>Measured by the signer</h4>")
      if let bars = try MetricBars(metrics).svg { add(bars) }
      add("<table>")
      add("<tr>" + MeasurementRow.columns.map { "<th>\($0)</th>" }.joined() + "</tr>")
      for row in rows {
        add("<tr>" + row.cells.map { "<td>\(Self.escape($0))</td>" }.joined() + "</tr>")
      }
      add("</table>")
    }
    let notRun = try MeasurementRow.notRun(metrics)
    if !notRun.isEmpty { add("<p>Not run: \(code(notRun.joined(separator: ", ")))</p>") }
  }

  private mutating func write(_ model: Audit.PatchedModel) {
    add("<section><h3>Model \(code(String(model.id.dropFirst(9))))</h3>")
    let parent = model.parent.map { ", a patched copy of \(code(String($0.dropFirst(9))))" } ?? ""
    add("<p class=\"soft\">Family \(code(model.family))\(parent)</p><table>")
    add("<tr><th>When</th><th>What</th><th>Root from here on</th></tr>")
    for step in model.steps {
      let event = step.event
      add(
        "<tr><td>\(event.timeWords)<br><span class=\"soft\">entry \(event.leafWords)</span></td><td>\(code(event.type))</td><td>\(code(step.root.hex))</td></tr>"
      )
    }
    add("</table>")
    for undo in model.undo {
      let kind = undo.isFinal ? "good" : undo.isOverdue ? "bad" : "soft"
      add(
        "<p class=\"\(kind)\">Patch \(code(String(undo.patch.hex.prefix(16))))…: \(Self.escape(undo.standing))</p>"
      )
    }
    if let leaf = model.unfinished {
      add("<p class=\"bad\">Entry \(leaf) has begun an operation that has not ended.</p>")
    }
    add("</section>")
  }

  private mutating func writeChecking() {
    add("<h2>How to check this</h2>")
    add(
      "<p>\(audit.sourced) follows from \(Self.list(audit.sources.map { "<code>\($0)</code>" })) in this folder. With the tool and a trust file of your own:</p><pre><code>unlearn-patch verify FOLDER --trust TRUSTFILE</code></pre>"
    )
    add(
      "<p>With <code>openssl</code> and <code>sha256sum</code> alone: <code>VERIFY.md</code>. The log's key, which you must know from elsewhere to rely on it:</p><p>\(code(audit.log.verifierKey))</p>"
    )
    for handover in audit.log.handovers {
      add(
        "<p>Entry \(handover.leaf) hands the log over to the key \(code(handover.key.encoded)), which signs what comes after it. The key before has signed for that: <code>\(ReportEvidence.handoverName(handover.leaf))</code>.</p>"
      )
    }
  }
}
