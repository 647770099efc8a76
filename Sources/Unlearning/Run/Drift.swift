import Architecture
public import Compute
import Metrics
import Storage
public import StrictJSON
public import Training
public import Transformer

/// How far a model has come from the one before the first of several requests.
public struct Drift: Sendable, Hashable {
  /// By how much the mean retain loss of a label has risen, in nats; nil without retain examples.
  public let retainRise: Double?
  /// The same of held-out examples.
  public let testRise: Double?
  /// The Euclidean distance of all parameters, as a share of the first model's length.
  public let distance: Double
  /// How many retain examples were looked at.
  public let retainExamples: Int
  /// How many held-out examples were looked at.
  public let testExamples: Int

  /// Compares a model with the first one, which must be of the same plan.
  public init(
    of model: Model<Float>, since start: Model<Float>, on data: UnlearningData,
    tokensPerPass: Int = 4096
  ) throws(ComputationError) {
    guard model.plan.parameters.map(\.shape) == start.plan.parameters.map(\.shape) else {
      throw .mismatch("the first model has other shapes than the present one")
    }
    func rise(_ examples: [EncodedExample]) throws(ComputationError) -> Double? {
      guard !examples.isEmpty else { return nil }
      return try Unlearner.meanLoss(model, examples, tokensPerPass)
        - Unlearner.meanLoss(start, examples, tokensPerPass)
    }
    retainRise = try rise(data.retain)
    testRise = try rise(data.test)
    retainExamples = data.retain.count
    testExamples = data.test.count
    var parts: [VectorDistance] = []
    do throws(Undefined) {
      for (mine, first) in zip(model.parameters, start.parameters) {
        parts.append(try VectorDistance(mine.array.span, reference: first.array.span))
      }
      distance = try VectorDistance(parts).relative()
    } catch { throw .mismatch("the distance of the models: \(error)") }
  }

  /// The measurements as they stand in a statement.
  public var json: [JSONValue] {
    func entry(_ variant: String, _ value: Double?, _ part: String?, _ count: Int) -> JSONValue {
      var object = JSONObject([
        ("name", "drift"), ("variant", .text(variant)), ("subject", "after"),
        ("n", .integer(Int64(count))),
      ])
      if let part { object["part"] = .text(part) }
      if let value {
        object["value"] = .text("\(value)")
      } else {
        object["reason"] = "not run: no examples were given"
      }
      return .object(object)
    }
    return [
      entry("loss-rise-since-start", retainRise, "retain", retainExamples),
      entry("loss-rise-since-start", testRise, "test", testExamples),
      entry("parameters.l2.relative", distance, nil, 0),
    ]
  }
}
