public import StrictJSON

/// What was measured of a patch's effect, and what was not.
public struct PatchMetrics: Hashable, Sendable {
  /// The measurements: objects with `name`, `value` or a reason, and all that is needed to read them.
  public var recorded: [JSONValue]
  /// The evaluations that were not run, by name.
  public var notRun: [String]

  /// Keeps measurements.
  public init(recorded: [JSONValue], notRun: [String]) {
    self.recorded = recorded
    self.notRun = notRun
  }

  /// Nothing was measured.
  public static let none = PatchMetrics(recorded: [], notRun: evaluations)

  /// What an evaluation would measure; named so that a reader sees what was not run.
  public static let evaluations = [
    "forget-set", "retain-set", "test-set", "membership-inference", "relearning", "oracle-distance",
    "answers", "multiple-choice", "model-utility",
  ]

  /// The record as it stands in statements.
  var json: JSONValue {
    .members([
      "recorded": .array(recorded), "notRun": .array(notRun.map { .text($0) }),
    ])
  }

  /// Reads a record.
  init(_ field: JSONField) throws(JSONFieldError) {
    recorded = try field["recorded"].elements().compactMap(\.value)
    notRun = try field["notRun"].elements().map { name throws(JSONFieldError) in try name.text() }
  }
}
