import Storage
import StrictJSON

/// One recorded measurement's members; what is not there, or is no text, is the empty text.
struct MeasurementFields {
  private let field: JSONField

  init(_ measurement: JSONValue) { field = JSONField(measurement) }

  var name: String { text("name") }
  var variant: String { text("variant") }
  var subject: String { text("subject") }
  var part: String { text("part") }
  var set: String { text("set") }
  var condition: String { text("condition") }
  /// The number as decimal text; empty where there is none.
  var value: String { text("value") }

  /// How many examples it rests on.
  var count: Int64? { if case .integer(let count) = field["n"].value { count } else { nil } }

  private func text(_ key: String) -> String {
    if case .string(let text) = field[key].value { text.text } else { "" }
  }
}
