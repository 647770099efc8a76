import StrictJSON

/// A measurement of a signed statement as a row of a table, as it stands in the statement.
struct MeasurementRow {
  /// The heads of the columns.
  static let columns = ["What", "Of", "Value", "95% interval", "n"]

  /// What stands in the columns.
  let cells: [String]

  /// Reads an entry of `metrics.recorded`.
  init(_ entry: JSONField) throws(JSONFieldError) {
    var name = try entry["name"].text()
    if let variant = entry["variant"].optional { name += ", " + (try variant.text()) }
    var subject = ""
    if let field = entry["subject"].optional { subject = try field.text() }
    if let part = entry["part"].optional { subject += ", " + (try part.text()) + " set" }
    if let set = entry["set"].optional { subject += ", " + (try set.text()) }
    var value = "none"
    if let field = entry["value"].optional ?? entry["reason"].optional { value = try field.text() }
    var interval = ""
    if let field = entry["interval"].optional {
      interval = try field["lower"].text() + " to " + (try field["upper"].text())
    }
    var count = 0
    if let field = entry["n"].optional { count = try field.count() }
    cells = [name, subject, value, interval, String(count)]
  }

  /// The rows of a statement's `metrics`.
  static func rows(_ metrics: JSONField) throws(JSONFieldError) -> [MeasurementRow] {
    try metrics["recorded"].elements().map { entry throws(JSONFieldError) in
      try MeasurementRow(entry)
    }
  }

  /// The evaluations that a statement's `metrics` names as not run.
  static func notRun(_ metrics: JSONField) throws(JSONFieldError) -> [String] {
    try metrics["notRun"].elements().map { name throws(JSONFieldError) in try name.text() }
  }
}
