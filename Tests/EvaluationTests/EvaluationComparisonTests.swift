import Evaluation
import Storage
import StrictJSON
import Testing

struct EvaluationComparisonTests {
  private func number(
    _ name: String, _ value: String?, subject: String = "after", variant: String = "",
    n: Int64 = 4, condition: String? = nil
  ) -> JSONValue {
    var object = JSONObject([
      ("name", .text(name)), ("variant", .text(variant)), ("subject", .text(subject)),
      ("part", "forget"), ("n", .integer(n)),
    ])
    if let value { object["value"] = .text(value) }
    if let condition { object["condition"] = .text(condition) }
    return .object(object)
  }

  private func compare(
    _ recorded: [JSONValue], _ found: [JSONValue], tolerance: Double = 0
  ) -> EvaluationComparison {
    EvaluationComparison(
      recorded: recorded, found: found, subjects: ["after"], tolerance: tolerance)
  }

  @Test func `equal numbers come back, in any order`() {
    let numbers = [number("loss", "0.1"), number("rouge", "nan"), number("accuracy", "1.0")]
    let comparison = compare(numbers, numbers.reversed())
    #expect(comparison.same == 3 && comparison.largest == 0)
    #expect(comparison.differences.isEmpty && comparison.missing.isEmpty)
  }

  @Test func `relearning is looked for where it was run, and not missed elsewhere`() {
    let recorded = [number("relearning-gain", "0.5"), number("loss", "0.1")]
    let without = compare(recorded, [number("loss", "0.1"), number("relearning-gain", nil)])
    #expect(without.same == 1 && without.missing.isEmpty)
    let other = number("relearning-gain", "0.25")
    #expect(compare(recorded, [number("loss", "0.1"), other]).differences.count == 1)
    let elsewhere = number("relearning-gain", "0.5", variant: "leaked")
    #expect(compare(recorded, [number("loss", "0.1"), elsewhere]).missing.count == 1)
  }

  @Test func `the last digit counts without a tolerance, and not within one`() {
    let (recorded, found) = ([number("loss", "0.1")], [number("loss", "0.10000000000000002")])
    let strict = compare(recorded, found)
    #expect(strict.same == 0 && strict.differences.count == 1 && strict.largest > 0)
    #expect(strict.differences[0].name == "loss after forget n=4")
    #expect(strict.differences[0].recorded == "0.1")
    #expect(strict.differences[0].found == "0.10000000000000002")
    let loose = compare(recorded, found, tolerance: 1e-9)
    #expect(loose.same == 1 && loose.differences.isEmpty && loose.largest > 0)
    // Above 1 it is a part of the recorded number.
    let large = [number("loss", "100.0")]
    #expect(compare(large, [number("loss", "100.5")], tolerance: 0.01).same == 1)
    #expect(compare(large, [number("loss", "102.0")], tolerance: 0.01).differences.count == 1)
    let small = [number("loss", "0.001")]
    #expect(compare(small, [number("loss", "0.009")], tolerance: 0.01).same == 1)
    // No tolerance is wide enough for what is no number.
    for other in ["nan", "inf", "many"] {
      #expect(compare(large, [number("loss", other)], tolerance: 1e9).differences.count == 1)
    }
    #expect(compare([number("loss", "nan")], large, tolerance: 1e9).differences.count == 1)
  }

  @Test func `a number that is not there is missing, one without value differs`() {
    let recorded = [number("loss", "0.1")]
    #expect(compare(recorded, []).missing == ["loss after forget n=4"])
    for other in [
      number("loss", "0.1", subject: "before"), number("loss", "0.1", variant: "x"),
      number("loss", "0.1", n: 5), number("loss", "0.1", condition: "prompt.typos"),
      number("rouge", "0.1"),
    ] { #expect(compare(recorded, [other]).missing.count == 1) }
    let gone = compare(recorded, [number("loss", nil)])
    #expect(gone.differences.count == 1 && gone.differences[0].found == nil)
  }

  @Test func `other models, drift, what has no value and what is no measurement are passed over`() {
    let comparison = compare(
      [
        number("loss", "0.1", subject: "oracle"), number("drift", "0.1"), number("rouge", nil),
        .null, .array([]), "loss", 3, .members(["name": 3, "value": .array([])]),
      ], [.null, 7, number("loss", "0.2")])
    #expect(comparison.same == 0 && comparison.differences.isEmpty && comparison.missing.isEmpty)
  }
}
