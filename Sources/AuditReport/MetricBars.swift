import StrictJSON

/// Draws measurements that are shares as bars, those of the model before, after and of the oracle under each other.
///
/// A number alone says little of forgetting: what is drawn is measured on at least two of the three. Everything else,
/// and every digit, is in the table.
struct MetricBars {
  /// The drawing; nil where nothing can be compared.
  let svg: String?

  /// More would not be read: a statement's measurements come in the order of their weight.
  private static let groupLimit = 24
  /// What goes from 0 to 1 by its definition (docs/metrics.md); a loss may lie there too, and is no share.
  private static let shares: Set<String> = [
    "accuracy", "answer-f1", "choice-accuracy", "exact-match", "exact-memorization",
    "extraction-strength", "knowmem", "membership-auc", "model-utility", "probability", "rouge",
    "truth-ratio", "verbmem",
  ]
  private static let subjects = [
    ("before", "#8a97a5"), ("after", "#0b57a4"), ("oracle", "#1a6b3c"),
  ]

  /// The bars of one measurement.
  private struct Group {
    let name: String
    var values: [String: Double] = [:]
  }

  /// Reads a statement's `metrics`.
  init(_ metrics: JSONField) throws(JSONFieldError) {
    var groups: [Group] = []
    var places: [String: Int] = [:]
    for entry in try metrics["recorded"].elements() {
      guard let subject = try entry["subject"].optional?.text(),
        Self.subjects.contains(where: { $0.0 == subject }),
        let text = try entry["value"].optional?.text(), let value = Double(text),
        (0...1).contains(value), let name = try Self.name(entry)
      else { continue }
      // Variants apart: numbers of two definitions are not to be compared.
      let key = name + "\n" + (try entry["variant"].optional?.text() ?? "")
      let place = places[key] ?? groups.count
      if place == groups.count {
        places[key] = place
        groups.append(Group(name: name))
      }
      groups[place].values[subject] = value
    }
    let drawn = groups.filter { $0.values.count > 1 && $0.values["after"] != nil }
      .prefix(Self.groupLimit)
    svg = drawn.isEmpty ? nil : Self.draw(Array(drawn))
  }

  /// What was measured on which set; nil for what is no share, and where something was done to a model or its prompts
  /// before.
  private static func name(_ entry: JSONField) throws(JSONFieldError) -> String? {
    let name = try entry["name"].text()
    guard !entry["condition"].isPresent, shares.contains(name) else { return nil }
    let set = try (entry["part"].optional ?? entry["set"].optional)?.text()
    return set.map { "\(name), \($0)" } ?? name
  }

  private static func draw(_ groups: [Group]) -> String {
    let (left, width, bar, gap) = (250, 400, 9, 10)
    var marks = ""
    var y = 8
    for (index, subject) in subjects.enumerated() {
      let x = left + index * 90
      marks += "<rect x=\"\(x)\" y=\"\(y)\" width=\"12\" height=\"9\" fill=\"\(subject.1)\"/>"
      marks += "<text x=\"\(x + 17)\" y=\"\(y + 9)\">\(subject.0)</text>"
    }
    y += 22
    for group in groups {
      let top = y
      for (subject, colour) in subjects {
        guard let value = group.values[subject] else { continue }
        // Whole numbers of hundredths of a pixel, so that all machines write the same.
        let length = Int((value * Double(width) * 100).rounded())
        let text = "\(length / 100).\(length % 100 < 10 ? "0" : "")\(length % 100)"
        marks +=
          "<rect x=\"\(left)\" y=\"\(y)\" width=\"\(text)\" height=\"\(bar - 1)\" fill=\"\(colour)\"><title>\(subject): \(value)</title></rect>"
        y += bar
      }
      marks +=
        "<text x=\"\(left - 8)\" y=\"\((top + y) / 2 + 3)\" text-anchor=\"end\">\(ReportPage.escape(String(group.name.prefix(44))))</text>"
      y += gap
    }
    for tenth in [0, 5, 10] {
      let x = left + width * tenth / 10
      marks +=
        "<line x1=\"\(x)\" y1=\"26\" x2=\"\(x)\" y2=\"\(y - gap)\" stroke=\"#d8dfe6\"/><text x=\"\(x)\" y=\"\(y + 4)\" text-anchor=\"middle\">\(tenth == 10 ? "1" : tenth == 0 ? "0" : "0.5")</text>"
    }
    return
      "<svg viewBox=\"0 0 \(left + width + 30) \(y + 10)\" width=\"\(left + width + 30)\" height=\"\(y + 10)\" role=\"img\" aria-label=\"Measurements before and after, and of the oracle\">\(marks)</svg>"
  }
}
