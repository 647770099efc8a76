import Storage
import StrictJSON
import Testing

@testable import AuditReport

@Suite("Metric bars") struct MetricBarTests {
  /// One measurement of a statement.
  private func entry(
    _ name: String, _ subject: String, _ value: String?, variant: String = "v",
    part: String? = "forget", condition: String? = nil
  ) -> JSONValue {
    var object = JSONObject([
      ("name", .text(name)), ("variant", .text(variant)), ("subject", .text(subject)),
    ])
    if let value { object["value"] = .text(value) }
    if let part { object["part"] = .text(part) }
    if let condition { object["condition"] = .text(condition) }
    return .object(object)
  }

  private func svg(_ entries: JSONValue...) throws -> String? {
    try MetricBars(JSONField(.members(["recorded": .array(entries)]))).svg
  }

  private func count(_ wanted: String, _ text: String?) -> Int {
    (text ?? "").ranges(of: wanted).count
  }

  @Test func `a measurement of three models has three bars, as long as their values`() throws {
    let drawn = try svg(
      entry("accuracy", "before", "1"), entry("accuracy", "after", "0.0625"),
      entry("accuracy", "oracle", "0.075"))
    for (subject, value, length) in [
      ("before", "1.0", "400.00"), ("after", "0.0625", "25.00"), ("oracle", "0.075", "30.00"),
    ] {
      #expect(count("width=\"\(length)\"", drawn) == 1)
      #expect(count("<title>\(subject): \(value)</title>", drawn) == 1)
    }
    #expect(count(">accuracy, forget</text>", drawn) == 1)
  }

  @Test func `what can't be compared is not drawn`() throws {
    #expect(try svg() == nil)
    // One model alone; nothing of the result; losses; what is no number; another definition; another set; rounded weights.
    #expect(try svg(entry("accuracy", "after", "0.5")) == nil)
    #expect(try svg(entry("rouge", "before", "0.5"), entry("rouge", "oracle", "0.5")) == nil)
    #expect(try svg(entry("loss", "after", "0.25"), entry("loss", "oracle", "0.3")) == nil)
    #expect(try svg(entry("rouge", "after", "nan"), entry("rouge", "oracle", "0.5")) == nil)
    #expect(try svg(entry("rouge", "after", nil), entry("rouge", "oracle", "0.5")) == nil)
    #expect(
      try svg(
        entry("rouge", "after", "0.5", variant: "x"), entry("rouge", "oracle", "0.5", variant: "y"))
        == nil)
    #expect(
      try svg(entry("rouge", "after", "0.5"), entry("rouge", "oracle", "0.5", part: "retain"))
        == nil)
    #expect(
      try svg(
        entry("rouge", "after", "0.5", condition: "weights.rtn4"), entry("rouge", "oracle", "0.5"))
        == nil)
  }

  @Test func `names of sets make no markup, and many are cut`() throws {
    let hostile = try svg(
      entry("rouge", "after", "0.5", part: "<script>x"),
      entry("rouge", "oracle", "0.5", part: "<script>x"))
    #expect(count("<script>", hostile) == 0 && count("&lt;script&gt;x", hostile) == 1)
    let many = try MetricBars(
      JSONField(
        .members([
          "recorded": .array(
            (0..<40).flatMap { number in
              ["after", "oracle"].map { entry("rouge", $0, "0.5", part: "m\(number)") }
            })
        ])))
    #expect(count("<title>after", many.svg) == 24)
  }
}
