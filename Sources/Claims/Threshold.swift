import Storage
import StrictJSON

/// One threshold of a policy.
public struct Threshold: Hashable, Sendable {
  /// A bound, in it the value itself.
  struct Bound: Hashable, Sendable {
    /// As it is in the policy.
    let text: String
    let value: Double
  }

  /// A member of a measurement that must say a text.
  private struct Selector: Hashable, Sendable {
    let key: String
    let text: String
  }

  private let metric: String
  private let subject: String
  /// What besides a measurement must say to be meant, by the names of its members.
  private let wanted: [Selector]
  private let min: Bound?
  private let max: Bound?
  /// Whether it only warns.
  let isWarning: Bool

  /// The name of the test that it makes: the measurement and the bounds.
  public var name: String {
    var words = [metric, subject] + wanted.map { "\($0.key)=\($0.text)" }
    if let min { words.append("min \(min.text)") }
    if let max { words.append("max \(max.text)") }
    return words.joined(separator: " ")
  }

  init(_ field: JSONField) throws(JSONFieldError) {
    let selectors = ["variant", "part", "set"]
    let known: Set<String> = ["metric", "subject", "min", "max", "level"]
    for member in try field.object().members
    where !known.contains(member.key.text) && !selectors.contains(member.key.text) {
      throw JSONFieldError("\(field.path).\(member.key)", expected: "no such member")
    }
    metric = try field["metric"].text()
    subject = try field["subject"].optional?.text() ?? "after"
    guard ["before", "after", "oracle"].contains(subject) else {
      throw JSONFieldError(field["subject"].path, expected: "before, after or oracle")
    }
    var wanted: [Selector] = []
    for key in selectors {
      if let selector = field[key].optional {
        wanted.append(Selector(key: key, text: try selector.text()))
      }
    }
    self.wanted = wanted
    min = try Self.bound(field["min"])
    max = try Self.bound(field["max"])
    guard min != nil || max != nil else {
      throw JSONFieldError(field.path, expected: "min or max")
    }
    if let min, let max, min.value > max.value {
      throw JSONFieldError(field.path, expected: "a min of at most its max")
    }
    switch try field["level"].optional?.text() ?? "fail" {
    case "fail": isWarning = false
    case "warn": isWarning = true
    default: throw JSONFieldError(field["level"].path, expected: "fail or warn")
    }
  }

  private static func bound(_ field: JSONField) throws(JSONFieldError) -> Bound? {
    guard let field = field.optional else { return nil }
    let text: String
    switch field.value {
    case .integer(let whole): text = "\(whole)"
    case .number(let written): text = written
    case .string(let written): text = written.text
    default: text = ""
    }
    guard let value = finite(text) else {
      throw JSONFieldError(field.path, expected: "a number, or one as decimal text")
    }
    return Bound(text: text, value: value)
  }

  /// The binary64 nearest to a decimal text; nil for what is no finite number.
  private static func finite(_ text: String) -> Double? {
    guard (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
      let value = Double(text), value.isFinite
    else { return nil }
    return value
  }

  /// Why a threshold is not kept.
  enum Fault: Hashable, Sendable {
    /// There is no number to be held against it.
    case unmeasured(String)
    /// The number is beyond it.
    case broken(String)

    var reason: String {
      switch self {
      case .unmeasured(let reason), .broken(let reason): reason
      }
    }

    var isMeasured: Bool { if case .broken = self { true } else { false } }
  }

  /// Why the threshold is not kept; nil where it is.
  ///
  /// Every measurement that is meant must keep it, and there must be one.
  func fault(in recorded: [JSONValue]) -> Fault? {
    let meant = recorded.filter(isMeant)
    guard !meant.isEmpty else { return .unmeasured("there is no such measurement") }
    for entry in meant {
      let field = JSONField(entry)
      guard case .string(let text) = field["value"].value else {
        guard case .string(let reason) = field["reason"].value else {
          return .unmeasured("the measurement has no value")
        }
        return .unmeasured("the measurement has no value: \(reason)")
      }
      guard let value = Self.finite(text.text) else {
        return .unmeasured("\(text) is no finite number")
      }
      if let min, value < min.value { return .broken("\(text) is below \(min.text)") }
      if let max, value > max.value { return .broken("\(text) is above \(max.text)") }
    }
    return nil
  }

  private func isMeant(_ entry: JSONValue) -> Bool {
    let field = JSONField(entry)
    return field["name"].value == .text(metric) && field["subject"].value == .text(subject)
      && wanted.allSatisfy { field[$0.key].value == .text($0.text) }
  }
}
