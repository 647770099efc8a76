import Metrics
import Storage
public import StrictJSON

/// The evaluation log of open-unlearning: `{metric: {agg_value, value_by_index: {index: {…}}}}`.
///
/// Written so that its tools read our numbers; read so that a published log of a retrained model can stand for the
/// oracle. Only metrics whose definition is the same are written.
public struct OpenUnlearningLog: Sendable, Hashable {
  /// One metric.
  public struct Metric: Sendable, Hashable {
    /// The number for all examples; nil where it has none.
    public let aggregate: Double?
    /// Each example's number, by its place; a member's name such as `prob`, `score` or `rougeL_recall`.
    public let values: [Double]
    /// The name of that member; empty without values.
    public let member: String

    /// Makes a metric.
    public init(aggregate: Double?, values: [Double] = [], member: String = "") {
      (self.aggregate, self.values, self.member) = (aggregate, values, member)
    }
  }

  /// The metrics by open-unlearning's names.
  public private(set) var metrics: [String: Metric] = [:]

  /// The largest log that is read, in bytes.
  public static let byteLimit = 1 << 28

  private struct Name {
    let ours: String
    let variant: String
    let place: String
    let theirs: String
    let member: String
  }

  /// Ours and theirs, where the definition is the same.
  ///
  /// A variant that ends in a full stop stands for all that begin so.
  private static let names: [Name] = {
    var names = [
      Name(
        ours: "probability", variant: "geometric-mean", place: "forget",
        theirs: "forget_Q_A_Prob", member: "prob"),
      Name(
        ours: "rouge", variant: "rougeL.recall(stem).greedy(200)", place: "forget",
        theirs: "forget_Q_A_ROUGE", member: "rougeL_recall"),
      Name(
        ours: "truth-ratio", variant: "geometric.closer-to-one", place: "forget",
        theirs: "forget_truth_ratio", member: "score"),
      Name(
        ours: "forget-quality.p", variant: "ks.geometric", place: "forget",
        theirs: "forget_quality", member: ""),
      Name(
        ours: "model-utility", variant: "harmonic-of-9.", place: "", theirs: "model_utility",
        member: ""),
      Name(
        ours: "extraction-strength", variant: "esOpenUnlearning", place: "forget",
        theirs: "extraction_strength", member: "score"),
      Name(
        ours: "exact-memorization", variant: "", place: "forget",
        theirs: "exact_memorization", member: "score"),
      Name(
        ours: "priv-leak", variant: "min-k(0.4)", place: "", theirs: "privleak", member: ""),
      Name(
        ours: "rel-diff", variant: "min-k(0.4)", place: "", theirs: "rel_diff", member: ""),
    ]
    for (variant, theirs) in [
      ("loss", "mia_loss"), ("zlib", "mia_zlib"), ("min-k(0.4)", "mia_min_k"),
      ("min-k++(0.4)", "mia_min_k_plus_plus"), ("reference", "mia_reference"),
    ] {
      names.append(
        Name(ours: "membership-auc", variant: variant, place: "", theirs: theirs, member: ""))
    }
    for (set, theirs) in [("retain", "retain"), ("real-authors", "ra"), ("world-facts", "wf")] {
      let isRetain = set == "retain"
      names += [
        Name(
          ours: "probability",
          variant: isRetain ? "geometric-mean" : "geometric-mean.normalised", place: "set:" + set,
          theirs: theirs + (isRetain ? "_Q_A_Prob" : "_Q_A_Prob_normalised"), member: "prob"),
        Name(
          ours: "rouge", variant: "rougeL.recall(stem).greedy(200)", place: "set:" + set,
          theirs: theirs + "_Q_A_ROUGE", member: "rougeL_recall"),
        Name(
          ours: "truth-ratio", variant: "geometric.true-is-better", place: "set:" + set,
          theirs: theirs + "_Truth_Ratio", member: "score"),
      ]
    }
    return names
  }()

  /// Takes one model's numbers of a record; none of those under an attack.
  public init(_ record: EvaluationRecord, subject: EffectEvaluation.Subject) {
    for item in record.items {
      let fields = MeasurementFields(item.measurement)
      guard fields.subject == subject.rawValue, fields.condition.isEmpty else { continue }
      let place = fields.set.isEmpty ? fields.part : "set:" + fields.set
      guard
        let name = Self.names.first(where: {
          $0.ours == fields.name && $0.place == place
            && ($0.variant.hasSuffix(".")
              ? fields.variant.hasPrefix($0.variant) : fields.variant == $0.variant)
        })
      else { continue }
      metrics[name.theirs] = Metric(
        aggregate: Double(fields.value), values: name.member.isEmpty ? [] : item.values,
        member: name.member)
    }
  }

  /// Reads a log; what is no metric of this form is passed over.
  public init(parsing bytes: [UInt8]) throws(JSONDocumentError) {
    metrics = try JSONDocument.read(bytes, byteLimit: Self.byteLimit, depthLimit: 16) {
      (root) throws(JSONFieldError) in
      var metrics: [String: Metric] = [:]
      for member in try root.object().members {
        let field = root[member.key.text]
        guard case .object = field.value else { continue }
        var (values, name): ([Double], String) = ([], "")
        if case .object(let indexed) = field["value_by_index"].value {
          (values, name) = try Self.values(indexed, field["value_by_index"])
        }
        metrics[member.key.text] = Metric(
          aggregate: Self.number(field["agg_value"].value), values: values, member: name)
      }
      return metrics
    }
  }

  /// The values in the order of their indices.
  private static func values(
    _ indexed: JSONObject, _ field: JSONField
  ) throws(JSONFieldError) -> ([Double], String) {
    var pairs: [(index: Int, value: Double)] = []
    var name = ""
    for member in indexed.members {
      // Of one spelling, so that no index comes twice.
      guard let index = Int(member.key.text), index >= 0, "\(index)" == member.key.text else {
        throw JSONFieldError("\(field.path).\(member.key)", expected: "an index from 0")
      }
      let entry = JSONField(member.value)
      if name.isEmpty {
        name = ["score", "prob", "rougeL_recall"].first { number(entry[$0].value) != nil } ?? ""
      }
      // An example without the number is one that has none.
      pairs.append((index, number(entry[name].value) ?? .nan))
    }
    return (pairs.sorted { $0.index < $1.index }.map(\.value), name)
  }

  private static func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let text): Double(text)
    default: nil
    }
  }

  /// The log; numbers are JSON numbers, and what is none is null.
  public var json: JSONValue {
    var object = JSONObject()
    for (name, metric) in metrics.sorted(by: { $0.key < $1.key }) {
      var entry = JSONObject([("agg_value", Self.json(metric.aggregate ?? .nan))])
      if !metric.values.isEmpty {
        var indexed = JSONObject()
        for (index, value) in metric.values.enumerated() {
          indexed[ByteString("\(index)")] = .members([metric.member: Self.json(value)])
        }
        entry["value_by_index"] = .object(indexed)
      }
      object[ByteString(name)] = .object(entry)
    }
    return .object(object)
  }

  /// The numbers alone, as in its `SUMMARY` files.
  public var summary: JSONValue {
    var object = JSONObject()
    for (name, metric) in metrics { object[ByteString(name)] = Self.json(metric.aggregate ?? .nan) }
    return .object(object)
  }

  private static func json(_ value: Double) -> JSONValue {
    value.isFinite ? .number("\(value)") : .null
  }
}
