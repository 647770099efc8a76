@testable import Evaluation
import Metrics
import Storage
import StrictJSON
import Testing
import Training

struct EvaluationRecordTests {
  private func record() throws -> EvaluationRecord {
    let towns = try Towns()
    var evaluation = try EffectEvaluation(
      before: try towns.taught(Towns.forget, steps: 3), after: try Towns.broken(),
      on: try towns.data(), options: EvaluationOptions(seeds: [7], newTokens: 3))
    evaluation.enter(
      mean: [0.1, -0.0, .leastNonzeroMagnitude, .nan, .infinity, -.infinity, 1 / 3.0], "odd", "",
      .after, .forget)
    return EvaluationRecord(
      evaluation, configuration: .members(["tool": "t"]), machine: .members(["threads": 2]))
  }

  /// The bits of all values.
  private func bits(_ record: EvaluationRecord) -> [[UInt64]] {
    record.items.map { $0.values.map { $0.isNaN ? .max : $0.bitPattern } }
  }

  @Test func `what is kept reads back bit for bit`() throws {
    let record = try record()
    let bytes = try CanonicalJSON.encode(record.keptJSON)
    let again = try EvaluationRecord(kept: bytes)
    #expect(bits(again) == bits(record))
    #expect(record.items.contains { $0.values.contains { $0.isNaN } })
    #expect(again.json == record.json && again.notRun == record.notRun)
    #expect(try CanonicalJSON.encode(again.keptJSON) == bytes)
    #expect(try again.key == record.key)
    #expect(again.exampleLines == record.exampleLines)
    let other = EvaluationRecord(
      configuration: .members(["tool": "u"]), machine: .null, items: [], notRun: [])
    #expect(try other.key != record.key)
  }

  @Test(arguments: [
    "", "null", "[]", "{}", #"{"record":{},"values":[]}"#,
    #"{"record":{"schema":"x","measurements":[],"not_run":[]},"values":[]}"#,
    #"{"record":{"schema":"S","measurements":[],"not_run":[]}}"#,
    #"{"record":{"schema":"S","measurements":[{}],"not_run":[]},"values":[]}"#,
    #"{"record":{"schema":"S","measurements":[],"not_run":[]},"values":[[]]}"#,
    #"{"record":{"schema":"S","measurements":[{}],"not_run":[]},"values":[["one"]]}"#,
    #"{"record":{"schema":"S","measurements":[{}],"not_run":[]},"values":[[1]]}"#,
    #"{"record":{"schema":"S","measurements":[],"not_run":[1]},"values":[]}"#,
    #"{"record":{"schema":"S","measurements":[],"not_run":[],"not_run":[]},"values":[]}"#,
    #"{"record":{"schema":"S","measurements":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]],"not_run":[]},"values":[[]]}"#,
  ])
  func `what was not kept so is refused`(text: String) {
    let bytes = Array(
      text.split(separator: #""S""#, omittingEmptySubsequences: false)
        .joined(separator: #""unlearn-patch/evaluation/v1""#).utf8)
    #expect(throws: JSONDocumentError.self) { try EvaluationRecord(kept: bytes) }
  }

  @Test func `measurements are found in a record and in a statement`() throws {
    let record = try record()
    let measurements = record.items.map(\.measurement)
    #expect(
      try EvaluationRecord.measurements(in: CanonicalJSON.encode(record.json)) == measurements)
    let statement = JSONValue.members([
      "predicate": .members(["metrics": .members(["recorded": .array(measurements)])])
    ])
    #expect(
      try EvaluationRecord.measurements(in: CanonicalJSON.encode(statement)) == measurements)
    for text in ["", "{}", "[]", #"{"measurements":{}}"#, #"{"predicate":{"metrics":[]}}"#, "1"] {
      #expect(throws: JSONDocumentError.self) {
        try EvaluationRecord.measurements(in: Array(text.utf8))
      }
    }
  }

  @Test func `a line has an example's values under one model`() throws {
    func item(
      _ name: String, _ variant: String, _ subject: String, _ place: (String, String),
      _ condition: String?, _ values: [Double]
    ) -> EvaluationRecord.Item {
      var object = JSONObject([
        ("name", .text(name)), ("variant", .text(variant)), ("subject", .text(subject)),
        (ByteString(place.0), .text(place.1)),
      ])
      if let condition { object["condition"] = .text(condition) }
      return EvaluationRecord.Item(.object(object), values: values)
    }
    let record = EvaluationRecord(
      configuration: .null, machine: .null,
      items: [
        item("loss", "nats", "after", ("part", "forget"), nil, [1.5, .nan]),
        item("accuracy", "", "after", ("part", "forget"), nil, [1, 0]),
        item("loss", "nats", "after", ("part", "forget"), "rtn4", [2, 3]),
        item("loss", "nats", "before", ("part", "forget"), nil, [0.5, 0.25]),
        item("rouge", "", "after", ("set", "world"), nil, [0.75]),
        item("rouge", "", "after", ("part", "forget"), nil, [0.75]),
        item("auc", "", "after", ("part", "forget"), nil, []),
      ], notRun: [])
    let lines = try record.exampleLines.map {
      String(decoding: try CanonicalJSON.encode($0), as: UTF8.self)
    }
    #expect(
      lines == [
        #"{"examples":"forget","index":0,"subject":"after","values":{"accuracy":"1.0","loss:nats":"1.5"}}"#,
        #"{"examples":"forget","index":1,"subject":"after","values":{"accuracy":"0.0","loss:nats":"nan"}}"#,
        #"{"condition":"rtn4","examples":"forget","index":0,"subject":"after","values":{"loss:nats":"2.0"}}"#,
        #"{"condition":"rtn4","examples":"forget","index":1,"subject":"after","values":{"loss:nats":"3.0"}}"#,
        #"{"examples":"forget","index":0,"subject":"before","values":{"loss:nats":"0.5"}}"#,
        #"{"examples":"forget","index":1,"subject":"before","values":{"loss:nats":"0.25"}}"#,
        #"{"examples":"world","index":0,"subject":"after","values":{"rouge":"0.75"}}"#,
        #"{"examples":"forget","index":0,"subject":"after","values":{"rouge":"0.75"}}"#,
      ])
  }

  @Test func `no text of an example stands in what is kept`() throws {
    let record = try record()
    let texts = try [record.keptJSON, .array(record.exampleLines)].map {
      String(decoding: try CanonicalJSON.encode($0), as: UTF8.self)
    }
    for word in ["where lives", "bob", "rome", "oslo", "bern", "lima"] {
      #expect(texts.allSatisfy { !$0.contains(word) }, "\(word)")
    }
  }
}
