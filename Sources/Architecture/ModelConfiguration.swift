import Storage
public import StrictJSON

/// A model's `config.json`, changed where a new output or number type asks for it and left alone otherwise.
public struct ModelConfiguration: Sendable {
  /// The document; its members keep their order.
  public private(set) var document: JSONObject

  /// Takes a document.
  public init(_ config: JSONValue) throws(ArchitectureError) {
    guard case .object(let object) = config else {
      throw ArchitectureError("config.json: expected an object")
    }
    document = object
  }

  /// The document as a value.
  public var json: JSONValue { .object(document) }

  /// Says what the model is for, as `transformers` says it: by the name of its class.
  ///
  /// - Parameter labels: For a classification, how many classes there are.
  public mutating func adapt(to task: ModelPlan.Task, labels: Int? = nil) throws(ArchitectureError)
  {
    let config = ConfigReader(JSONField(json))
    let type = try config.text("model_type", or: "")
    let family = try FamilyDescription(modelType: type)
    let names = FamilyDescription.classSuffixes[task] ?? []
    var isNamed = false
    if case .array(let classes)? = document["architectures"],
      case .string(let name)? = classes.first
    {
      isNamed = names.contains { name.text.hasSuffix($0) }
    }
    if !isNamed {
      let isGPT2 = family.name == "gpt2" && task == .languageModel
      let suffix = isGPT2 ? names.last : names.first
      document["architectures"] = .array([
        .text((family.classStem(modelType: type) ?? "") + (suffix ?? ""))
      ])
    }
    if let labels {
      guard (1...1 << 16).contains(labels) else {
        throw ArchitectureError("\(labels) classes: from 1 to 65536 can be told apart")
      }
      var (forward, backward) = (JSONObject(), JSONObject())
      for label in 0..<labels {
        forward[ByteString(String(label))] = .text("LABEL_\(label)")
        backward[ByteString("LABEL_\(label)")] = .integer(Int64(label))
      }
      document["num_labels"] = nil
      document["id2label"] = .object(forward)
      document["label2id"] = .object(backward)
    }
  }

  /// Says in which type the weights are stored: `float32`, `bfloat16`, `float16` or `float64`.
  public mutating func store(as name: String) {
    let key: ByteString = document["dtype"] != nil ? "dtype" : "torch_dtype"
    document[key] = .text(name)
  }
}
