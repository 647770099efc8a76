public import Safetensors
import Storage
public import StrictJSON

extension ModelPlan {
  /// Resolves a stored model.
  ///
  /// - Parameters:
  ///   - config: What stands in the place of the folder's own `config.json`.
  ///   - task: What the model is asked for; nil for what it was saved with. Where the checkpoint lacks the
  ///     output for it, its parameters are marked as new.
  public init(_ checkpoint: Checkpoint, config: JSONValue? = nil, task: Task? = nil)
    throws(ArchitectureError)
  {
    guard let config = config ?? checkpoint.config else {
      throw ArchitectureError("there is no config.json")
    }
    try self.init(config: config, task: task) { checkpoint[$0]?.info.shape }
  }

  /// Plans a new model from its configuration alone.
  public init(newFrom config: JSONValue, task: Task? = nil) throws(ArchitectureError) {
    try self.init(config: config, task: task, stored: nil)
  }

  private init(config: JSONValue, task: Task?, stored: ((ByteString) -> [UInt64]?)?)
    throws(ArchitectureError)
  {
    let config = ConfigReader(JSONField(config))
    let family = try FamilyDescription(modelType: try config.text("model_type", or: ""))
    var builder = try PlanBuilder(family, config, stored: stored)
    let forward = family.forward
    for (key, value) in forward.required.sorted(by: { $0.key < $1.key })
    where try config.bool(key, or: value) != value {
      throw ArchitectureError("config.json: a model with \(key) = \(!value) is not supported")
    }
    self.family = family.name
    dimensions = builder.dimensions
    vocabulary = try config.size(family.keys.vocabulary)
    positionLimit = try config.size(family.keys.positions)
    isCausal = forward.isCausal
    window =
      switch forward.window {
      case .unlimited: nil
      case .key(let key, let fallback):
        if config[key].isNull {
          nil
        } else if config[key].isPresent {
          try config.size(key)
        } else {
          fallback
        }
      case .refused(let key):
        if try config.bool(key, or: false) {
          throw ArchitectureError("config.json: a model with \(key) is not supported")
        } else {
          nil
        }
      }
    let deviation = try config.number("initializer_range", or: 0.02)
    initialDeviation = deviation > 0 && deviation < 10 ? deviation : 0.02
    embedding = try builder.embedding(vocabulary: vocabulary, positionLimit: positionLimit)
    var layers: [Layer] = []
    for layer in 0..<dimensions.layers { layers.append(try builder.layer(layer)) }
    self.layers = layers
    finalNorm = try forward.finalNorm.map { name throws(ArchitectureError) in
      try builder.norm(builder.prefix + name)
    }
    var wanted = task
    if wanted == nil { wanted = try Self.task(of: config, family) }
    if let wanted {
      output = try builder.output(wanted, embedding: embedding.tokens, vocabulary: vocabulary)
    } else {
      output = nil
    }
    parameters = builder.parameters
    aliases = builder.aliases
  }

  /// What a model was saved for, by the name of its class.
  private static func task(of config: ConfigReader, _ family: FamilyDescription)
    throws(ArchitectureError) -> Task?
  {
    let names: [JSONField]
    let name: String
    do throws(JSONFieldError) {
      names = try config["architectures"].field.optional?.elements() ?? []
      name = try names.first?.text() ?? ""
    } catch { throw ArchitectureError("config.json: \(error)") }
    let match = FamilyDescription.classSuffixes.first { $0.value.contains { name.hasSuffix($0) } }
    if let match { return match.key }
    return name.isEmpty && family.forward.isCausal ? .languageModel : nil
  }
}

extension FamilyDescription {
  /// Finds the family of a `model_type`.
  init(modelType: String) throws(ArchitectureError) {
    guard let family = Self.known.first(where: { $0.modelTypes[modelType] != nil }) else {
      throw ArchitectureError("model_type \"\(modelType)\" is of no known family")
    }
    self = family
  }

  /// What stands before the layer path in a checkpoint.
  func prefix(stored: (ByteString) -> [UInt64]?) throws(ArchitectureError) -> String {
    let path = "\(layerPath)0.\(headOutput.name).weight"
    guard let prefix = prefixes.first(where: { stored(ByteString($0 + path)) != nil }) else {
      throw ArchitectureError("no tensor is named as in a model of the family \(name)")
    }
    return prefix
  }
}
