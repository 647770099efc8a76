import Storage
public import StrictJSON

/// The thresholds that a patch's recorded measurements are held against: a list in strict JSON.
///
/// Nothing is measured here; what the signed statement of the patch lacks can't pass.
public struct ThresholdPolicy: Hashable, Sendable {
  /// The largest policy that is read.
  public static let byteLimit = 1 << 20
  /// The most thresholds that a policy may have.
  public static let limit = 1000

  /// The thresholds.
  public let thresholds: [Threshold]

  /// Reads a policy.
  public init(parsing bytes: [UInt8]) throws(ClaimsError) {
    do throws(JSONDocumentError) {
      thresholds = try JSONDocument.read(bytes, byteLimit: Self.byteLimit, depthLimit: 4) {
        (root) throws(JSONFieldError) in
        let elements = try root.elements()
        guard (1...Self.limit).contains(elements.count) else {
          throw JSONFieldError(root.path, expected: "1 to \(Self.limit) thresholds")
        }
        var names: Set<ByteString> = []
        return try elements.map { element throws(JSONFieldError) in
          let threshold = try Threshold(element)
          guard names.insert(ByteString(threshold.name)).inserted else {
            throw JSONFieldError(element.path, expected: "each threshold once")
          }
          return threshold
        }
      }
    } catch { throw ClaimsError("\(error)") }
  }

  /// Holds measurements against the thresholds.
  ///
  /// - Parameter recorded: `metrics.recorded` of a patch's statement.
  public func judge(_ recorded: [JSONValue], configuration: [ResourceDescriptor]) -> Judgement {
    var (passed, warned, failed, notes): ([String], [String], [String], [String]) = ([], [], [], [])
    var unmeasured: [String] = []
    for threshold in thresholds {
      guard let fault = threshold.fault(in: recorded) else {
        passed.append(threshold.name)
        continue
      }
      notes.append("\(threshold.name): \(fault.reason)")
      if !fault.isMeasured, !threshold.isWarning { unmeasured.append(threshold.name) }
      if threshold.isWarning {
        warned.append(threshold.name)
      } else {
        failed.append(threshold.name)
      }
    }
    return Judgement(
      result: TestResult(
        configuration: configuration, passed: passed, warned: warned, failed: failed),
      unmeasured: unmeasured, notes: notes)
  }

  /// What measurements come to.
  public struct Judgement: Hashable, Sendable {
    /// The claim.
    public let result: TestResult
    /// The failed tests that have no number to be judged by, such as those that need an oracle.
    public let unmeasured: [String]
    /// Why each test that did not pass did not, for people.
    public let notes: [String]
  }
}
