import Storage
public import StrictJSON

/// Whether the numbers of one evaluation come back in another.
///
/// Two measurements are the same where name, variant, model, examples, condition and n are. On the machine and threads
/// that made them numbers come back bit for bit; elsewhere products are summed in another order, and a tolerance is
/// needed.
public struct EvaluationComparison: Sendable, Hashable {
  /// One measurement that does not come back.
  public struct Difference: Sendable, Hashable {
    /// Which measurement.
    public let name: String
    /// What was recorded, and what was found; nil where there is no number.
    public let recorded: String?
    /// What was found.
    public let found: String?
  }

  /// How many recorded measurements came back.
  public private(set) var same = 0
  /// Those that did not.
  public private(set) var differences: [Difference] = []
  /// Recorded measurements that this evaluation does not have.
  public private(set) var missing: [String] = []
  /// The largest difference of two numbers, among those that are within the tolerance too.
  public private(set) var largest = 0.0

  /// Compares.
  ///
  /// - Parameters:
  ///   - subjects: Only recorded measurements of these models are looked for.
  ///   - tolerance: By how much two numbers may differ: by this, or by this times the recorded one where it is
  ///     above 1.
  public init(
    recorded: [JSONValue], found: [JSONValue], subjects: Set<String>, tolerance: Double
  ) {
    let found = found.map { MeasurementFields($0) }
    var index: [String: MeasurementFields] = [:]
    for fields in found { index[Self.name(fields)] = fields }
    let hasRelearning = found.contains { $0.name.hasPrefix("relearning-") && !$0.value.isEmpty }
    for fields in recorded.map({ MeasurementFields($0) }) {
      // Drift needs the first model, relearning an attack; what was not run has no number to come back.
      guard subjects.contains(fields.subject), fields.name != "drift", !fields.value.isEmpty
      else { continue }
      if !hasRelearning, fields.name.hasPrefix("relearning-") { continue }
      let name = Self.name(fields)
      guard let other = index[name] else {
        missing.append(name)
        continue
      }
      let (mine, theirs) = (fields.value, other.value)
      if mine == theirs {
        same += 1
        continue
      }
      if let left = Double(mine), let right = Double(theirs) {
        let gap = abs(left - right)
        largest = max(largest, gap)
        if gap <= tolerance * max(1, abs(left)) {
          same += 1
          continue
        }
      }
      differences.append(
        Difference(name: name, recorded: mine, found: theirs.isEmpty ? nil : theirs))
    }
  }

  /// All that tells which measurement it is.
  private static func name(_ fields: MeasurementFields) -> String {
    var words = [
      fields.name, fields.variant, fields.subject, fields.part, fields.set, fields.condition,
    ]
    if let count = fields.count { words.append("n=\(count)") }
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }
}
