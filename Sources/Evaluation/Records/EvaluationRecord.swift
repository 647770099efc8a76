import Attestation
import Metrics
public import Storage
public import StrictJSON

/// An evaluation as it is kept: what was measured with what, each number, and each example's value behind it.
///
/// Numbers are decimal texts, from which the same binary64 is read again.
public struct EvaluationRecord: Sendable, Hashable {
  /// One measurement, and the values that it is the mean of.
  public struct Item: Sendable, Hashable {
    /// The measurement as it stands in a patch's statement.
    public let measurement: JSONValue
    /// Each example's value, in the order of the file; NaN where an example has none; empty for no mean.
    public let values: [Double]

    /// Takes a measurement.
    public init(_ measurement: JSONValue, values: [Double]) {
      (self.measurement, self.values) = (measurement, values)
    }
  }

  /// What decides the numbers: models, data, options and program, by digests.
  public let configuration: JSONValue
  /// Where it was computed; numbers of another machine may differ in their last digits.
  public let machine: JSONValue
  /// The measurements.
  public let items: [Item]
  /// What a reader may expect and was not run.
  public let notRun: [String]

  /// The largest record that is read, in bytes.
  public static let byteLimit = 1 << 28
  private static let schema = "unlearn-patch/evaluation/v1"

  /// Puts a record together.
  public init(configuration: JSONValue, machine: JSONValue, items: [Item], notRun: [String]) {
    self.configuration = configuration
    self.machine = machine
    self.items = items
    self.notRun = notRun
  }

  /// Keeps an evaluation.
  public init(_ evaluation: EffectEvaluation, configuration: JSONValue, machine: JSONValue) {
    self.init(
      configuration: configuration, machine: machine,
      items: zip(evaluation.json, evaluation.entries).map { Item($0, values: $1.values) },
      notRun: evaluation.notRun)
  }

  /// The digest of the configuration: two evaluations of the same key on one machine have the same numbers.
  public var key: Digest {
    get throws(CanonicalJSON.EncodingError) {
      SHA256.digest(of: try CanonicalJSON.encode(configuration))
    }
  }

  /// The models that were measured, by their names.
  public var subjects: Set<String> {
    Set(items.map { MeasurementFields($0.measurement).subject }.filter { !$0.isEmpty })
  }

  /// The record without the examples' values.
  public var json: JSONValue {
    .members([
      "schema": .text(Self.schema), "configuration": configuration, "machine": machine,
      "measurements": .array(items.map(\.measurement)),
      "not_run": .array(notRun.map { .text($0) }),
    ])
  }

  /// The record with all values, from which it is read again.
  public var keptJSON: JSONValue {
    .members([
      "record": json,
      "values": .array(items.map { .array($0.values.map { .text("\($0)") }) }),
    ])
  }

  /// Reads what ``keptJSON`` wrote.
  public init(kept bytes: [UInt8]) throws(JSONDocumentError) {
    self = try JSONDocument.read(bytes, byteLimit: Self.byteLimit, depthLimit: 16) {
      (root) throws(JSONFieldError) in
      let record = root["record"]
      guard try record["schema"].text() == Self.schema else {
        throw JSONFieldError(record["schema"].path, expected: Self.schema)
      }
      let measurements = try record["measurements"].elements()
      let lists = try root["values"].elements()
      guard lists.count == measurements.count else {
        throw JSONFieldError(root["values"].path, expected: "\(measurements.count) lists")
      }
      var items: [Item] = []
      for (measurement, list) in zip(measurements, lists) {
        let values = try list.elements().map { field throws(JSONFieldError) in
          guard let value = Double(try field.text()) else {
            throw JSONFieldError(field.path, expected: "a number as text")
          }
          return value
        }
        items.append(Item(measurement.value ?? .null, values: values))
      }
      let notRun = try record["not_run"].elements().map { field throws(JSONFieldError) in
        try field.text()
      }
      return EvaluationRecord(
        configuration: record["configuration"].value ?? .null,
        machine: record["machine"].value ?? .null, items: items, notRun: notRun)
    }
  }

  /// The measurements of a record or of a patch's statement: of a document with `measurements`, or one with a
  /// signed statement's `predicate`.
  public static func measurements(in bytes: [UInt8]) throws(JSONDocumentError) -> [JSONValue] {
    try JSONDocument.read(bytes, byteLimit: byteLimit, depthLimit: 32) {
      (root) throws(JSONFieldError) in
      let field = root["measurements"].optional ?? root["predicate"]["metrics"]["recorded"]
      return try field.elements().map { $0.value ?? .null }
    }
  }
}
