import Metrics
import Storage
public import StrictJSON

extension EffectEvaluation {
  /// The measurements as they stand in a statement; numbers are decimal texts.
  public var json: [JSONValue] {
    entries.map { entry in
      let measurement = entry.measurement
      var object = JSONObject([
        ("name", .text(measurement.name)), ("variant", .text(measurement.variant)),
        ("subject", .text(entry.subject.rawValue)), ("n", .integer(Int64(measurement.count))),
      ])
      if let part = entry.part { object["part"] = .text(part.rawValue) }
      if let set = entry.set { object["set"] = .text(set) }
      if let condition = entry.condition { object["condition"] = .text(condition) }
      if let value = measurement.value { object["value"] = .text("\(value)") }
      if let reason = measurement.reason { object["reason"] = .text(reason) }
      if !measurement.seeds.isEmpty {
        object["seeds"] = .array(measurement.seeds.map { .text("\($0)") })
      }
      if let interval = measurement.interval {
        object["interval"] = .members([
          "lower": .text("\(interval.lower)"), "upper": .text("\(interval.upper)"),
          "level": .text("\(interval.level)"), "method": .text(interval.method.name),
        ])
      } else if let reason = measurement.intervalReason {
        object["intervalReason"] = .text("not defined: \(reason)")
      }
      return .object(object)
    }
  }

  /// The evaluations that a reader may expect and that were not run, by name.
  public var notRun: [String] {
    var names: [String] = []
    if courses[.after] == nil { names.append("relearning") }
    if scores[.after]?[.test] == nil { names += ["test-set", "membership-inference"] }
    if !wasRun("oracle-distance") { names.append("oracle-distance") }
    for (name, evaluation) in [
      ("exact-match", "answers"), ("choice-accuracy", "multiple-choice"),
      ("model-utility", "model-utility"),
    ] where !wasRun(name) { names.append(evaluation) }
    return names
  }

  /// Whether a measurement of the result was computed, be it defined or not.
  private func wasRun(_ name: String) -> Bool {
    entries.contains { entry in
      guard entry.subject == .after, entry.measurement.name == name else { return false }
      if case .notRun = entry.measurement.outcome { return false }
      return true
    }
  }
}
