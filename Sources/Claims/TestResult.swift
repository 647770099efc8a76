public import StrictJSON

/// What measurements come to against thresholds (in-toto Test Result v0.1).
public struct TestResult: Hashable, Sendable {
  /// The type of the predicate.
  public static let predicateType = "https://in-toto.io/attestation/test-result/v0.1"

  /// What all come to.
  public enum Outcome: String, CaseIterable, Hashable, Sendable {
    /// Every threshold is kept.
    case passed = "PASSED"
    /// One that only warns is not kept.
    case warned = "WARNED"
    /// One is not kept.
    case failed = "FAILED"
  }

  /// What all come to.
  public var outcome: Outcome
  /// What the result rests on: the policy of thresholds, and the statement that holds the measurements.
  public var configuration: [ResourceDescriptor]
  /// The tests that passed, by name.
  public var passed: [String]
  /// Those that warn.
  public var warned: [String]
  /// Those that failed.
  public var failed: [String]

  /// Tells a result of its tests.
  public init(
    configuration: [ResourceDescriptor], passed: [String], warned: [String], failed: [String]
  ) {
    outcome = !failed.isEmpty ? .failed : !warned.isEmpty ? .warned : .passed
    self.configuration = configuration
    self.passed = passed
    self.warned = warned
    self.failed = failed
  }

  /// The predicate.
  public var json: JSONValue {
    func list(_ names: [String]) -> JSONValue { .array(names.map { .text($0) }) }
    return .members([
      "result": .text(outcome.rawValue), "configuration": .array(configuration.map(\.json)),
      "passedTests": list(passed), "warnedTests": list(warned), "failedTests": list(failed),
    ])
  }

  /// Reads a predicate; one whose result is better than that of its tests is refused.
  init(_ field: JSONField) throws(JSONFieldError) {
    let result = field["result"]
    guard let outcome = Outcome(rawValue: try result.text()) else {
      throw JSONFieldError(result.path, expected: "PASSED, WARNED or FAILED")
    }
    configuration = try field["configuration"].resources()
    passed = try field["passedTests"].textsIfPresent()
    warned = try field["warnedTests"].textsIfPresent()
    failed = try field["failedTests"].textsIfPresent()
    let contradicts =
      switch outcome {
      case .passed: !warned.isEmpty || !failed.isEmpty
      case .warned: !failed.isEmpty
      case .failed: false
      }
    guard !contradicts else {
      throw JSONFieldError(
        result.path, expected: "what the tests come to, found \(outcome.rawValue)")
    }
    self.outcome = outcome
  }

  /// What all come to, and how many tests there are, for people.
  public var summary: String {
    "\(outcome.rawValue) (\(passed.count) passed, \(warned.count) warned, \(failed.count) failed)"
  }
}
