import Storage
import StrictJSON

/// Collects the parameters of one model and checks each against the shape of its tensor.
struct PlanBuilder {
  let family: FamilyDescription
  let config: ConfigReader
  let dimensions: ModelDimensions
  /// What stands before every name but the output's.
  let prefix: String
  /// The shapes in the checkpoint; nil for a new model.
  private let stored: ((ByteString) -> [UInt64]?)?
  private(set) var parameters: [ModelPlan.Parameter] = []
  private(set) var aliases: [ByteString: Int] = [:]
  private let epsilon: Double
  private let activation: ModelPlan.ActivationName

  init(
    _ family: FamilyDescription, _ config: ConfigReader, stored: ((ByteString) -> [UInt64]?)?
  ) throws(ArchitectureError) {
    self.family = family
    self.config = config
    self.stored = stored
    dimensions = try ModelDimensions(config: config, keys: family.keys)
    if let stored {
      prefix = try family.prefix(stored: stored)
    } else {
      prefix = family.prefixes.last ?? ""
    }
    let rule = family.forward.norm
    if let key = rule.epsilonKey {
      epsilon = try config.number(key, or: rule.epsilon)
    } else {
      epsilon = rule.epsilon
    }
    guard epsilon > 0, epsilon < 1 else {
      throw ArchitectureError("config.json: \(epsilon) is no ε of a normalisation")
    }
    activation = try Self.activation(config, family.forward)
  }

  private static func activation(_ config: ConfigReader, _ forward: ForwardDescription)
    throws(ArchitectureError) -> ModelPlan.ActivationName
  {
    guard let key = forward.activationKeys.first(where: { config[$0].isPresent }) else {
      return forward.activation
    }
    let name = try config.text(key, or: "")
    switch name {
    case "gelu", "gelu_python": return .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate": return .geluTanh
    case "relu": return .relu
    case "silu", "swish": return .silu
    case "tanh": return .tanh
    default: throw ArchitectureError("config.json: activation \"\(name)\" is not supported")
    }
  }

  // MARK: Tensors

  private mutating func parameter(
    _ name: String, _ shape: [Int], _ beginning: ModelPlan.Beginning, mayBeNew: Bool = false
  ) throws(ArchitectureError) -> Int {
    let tensor = ByteString(name)
    var isNew = true
    if let stored {
      if let found = stored(tensor) {
        isNew = false
        guard found == shape.map({ UInt64($0) }) else {
          throw ArchitectureError(
            "tensor \"\(name)\" has shape \(found), config.json asks for \(shape)")
        }
      } else if !mayBeNew {
        throw ArchitectureError("tensor \"\(name)\" is missing")
      }
    }
    parameters.append(
      ModelPlan.Parameter(name: tensor, shape: shape, beginning: beginning, isNew: isNew))
    return parameters.count - 1
  }

  private func isStored(_ name: String) -> Bool { stored?(ByteString(name)) != nil }

  private mutating func linear(
    _ name: String, inputs: Int, outputs: Int,
    orientation: FamilyDescription.Orientation = .outputByInput, hasBias: Bool,
    biasName: String? = nil, mayBeNew: Bool = false
  ) throws(ArchitectureError) -> ModelPlan.Linear {
    let isInputByOutput = orientation == .inputByOutput
    let weight = try parameter(
      name + ".weight", isInputByOutput ? [inputs, outputs] : [outputs, inputs], .normal,
      mayBeNew: mayBeNew)
    let bias = try self.bias(
      biasName ?? name + ".bias", outputs, hasBias: hasBias,
      isNew: stored == nil || parameters[weight].isNew)
    return ModelPlan.Linear(
      weight: weight, bias: bias, isInputByOutput: isInputByOutput, inputs: inputs,
      outputs: outputs)
  }

  /// A stored map has a bias where one is stored, a new one where the family has it.
  private mutating func bias(_ name: String, _ outputs: Int, hasBias: Bool, isNew: Bool)
    throws(ArchitectureError) -> Int?
  {
    guard isNew ? hasBias : isStored(name) else { return nil }
    return try parameter(name, [outputs], .zero, mayBeNew: isNew)
  }

  mutating func norm(_ name: String, width: Int? = nil, mayBeNew: Bool = false)
    throws(ArchitectureError) -> ModelPlan.Norm
  {
    let rule = family.forward.norm
    let width = width ?? dimensions.hidden
    let weight = try parameter(
      name + ".weight", [width], rule.offset == 1 ? .zero : .one, mayBeNew: mayBeNew)
    let bias =
      rule.isCentred
      ? try parameter(name + ".bias", [width], .zero, mayBeNew: mayBeNew) : nil
    return ModelPlan.Norm(
      weight: weight, bias: bias, isCentred: rule.isCentred, offset: rule.offset, epsilon: epsilon)
  }

  // MARK: Parts

  mutating func embedding(vocabulary: Int, positionLimit: Int) throws(ArchitectureError)
    -> ModelPlan.Embedding
  {
    let forward = family.forward
    let tokens = try parameter(
      prefix + forward.tokens + ".weight", [vocabulary, dimensions.hidden], .normal)
    var positions = ModelPlan.Positions.rotary(frequencies: [])
    switch forward.positions {
    case .learned(let name, let skipping):
      var (skip, rows) = (0, positionLimit)
      switch skipping {
      case .none: break
      case .rows(let count):
        skip = count
        rows += count
      case .afterPadding:
        // RoBERTa's limit counts the rows that are skipped.
        skip = try config["pad_token_id"].isPresent ? config.index("pad_token_id") + 1 : 2
        guard skip < rows else {
          throw ArchitectureError("config.json: pad_token_id \(skip - 1) leaves no position")
        }
      }
      positions = .learned(
        table: try parameter(prefix + name + ".weight", [rows, dimensions.hidden], .normal),
        skip: skip)
    case .rotary(let keys, let fraction):
      positions = .rotary(
        frequencies: try RotaryFrequencies(
          config, headWidth: dimensions.headWidth, fractionKeys: keys, defaultFraction: fraction
        ).values)
    }
    var tokenTypes: Int?
    if let name = forward.tokenTypes {
      tokenTypes = try parameter(
        prefix + name + ".weight", [try config.size("type_vocab_size", or: 2), dimensions.hidden],
        .normal)
    }
    let norm = try forward.embeddingNorm.map { name throws(ArchitectureError) in
      try self.norm(prefix + name)
    }
    return ModelPlan.Embedding(
      tokens: tokens, positions: positions, tokenTypes: tokenTypes, norm: norm,
      scale: forward.scalesEmbeddings ? Double(dimensions.hidden).squareRoot() : 1)
  }

  mutating func layer(_ index: Int) throws(ArchitectureError) -> ModelPlan.Layer {
    let forward = family.forward
    let path = "\(prefix)\(family.layerPath)\(index)."
    let attentionNorm = try norm(path + forward.attentionNorm)
    let attention = try self.attention(path)
    let feedForwardNorm = try forward.feedForwardNorm.map { name throws(ArchitectureError) in
      try norm(path + name)
    }
    var inputs: [ModelPlan.Linear] = []
    for projection in family.filterInputs { inputs.append(try self.input(path, projection)) }
    let output = try self.output(path, family.filterOutput, inputs: dimensions.filters)
    let arrangement: ModelPlan.Arrangement =
      switch forward.arrangement {
      case .postNorm: .postNorm
      case .preNorm: .preNorm
      case .parallel: .parallel
      case .parallelByKey(let key): try config.bool(key, or: true) ? .parallel : .preNorm
      }
    return ModelPlan.Layer(
      arrangement: arrangement, attentionNorm: attentionNorm, feedForwardNorm: feedForwardNorm,
      attention: attention,
      feedForward: ModelPlan.FeedForward(
        inputs: inputs, isGated: forward.isGated, activation: activation, output: output))
  }

  private mutating func attention(_ path: String) throws(ArchitectureError) -> ModelPlan.Attention {
    var inputs: [ModelPlan.Linear] = []
    var runs: [ModelPlan.HeadRun] = []
    let width = dimensions.headWidth
    for (map, projection) in family.headInputs.enumerated() {
      inputs.append(try input(path, projection))
      var start = 0
      for block in projection.blocks {
        switch block {
        case .headTriple:
          for part in 0..<3 {
            runs.append(
              ModelPlan.HeadRun(map: map, start: start + part * width, stride: 3 * width))
          }
        default: runs.append(ModelPlan.HeadRun(map: map, start: start, stride: width))
        }
        start += features(block)
      }
    }
    let queryNorm = try family.forward.queryNorm.map { name throws(ArchitectureError) in
      try norm(path + name, width: width)
    }
    let keyNorm = try family.forward.keyNorm.map { name throws(ArchitectureError) in
      try norm(path + name, width: width)
    }
    let output = try self.output(
      path, family.headOutput, inputs: dimensions.queryHeads * dimensions.headWidth)
    return ModelPlan.Attention(
      inputs: inputs, query: runs[0], key: runs[1], value: runs[2], queryNorm: queryNorm,
      keyNorm: keyNorm, output: output)
  }

  private func features(_ block: FamilyDescription.Block) -> Int {
    switch block {
    case .query: dimensions.queryHeads * dimensions.headWidth
    case .keyValue: dimensions.groups * dimensions.headWidth
    case .headTriple: 3 * dimensions.queryHeads * dimensions.headWidth
    case .filter: dimensions.filters
    }
  }

  private mutating func input(_ path: String, _ projection: FamilyDescription.Projection)
    throws(ArchitectureError) -> ModelPlan.Linear
  {
    try linear(
      path + projection.name, inputs: dimensions.hidden,
      outputs: projection.blocks.reduce(0) { $0 + features($1) },
      orientation: projection.orientation, hasBias: try config.flag(projection.hasBias))
  }

  private mutating func output(
    _ path: String, _ projection: FamilyDescription.Projection, inputs: Int
  ) throws(ArchitectureError) -> ModelPlan.Linear {
    try linear(
      path + projection.name, inputs: inputs, outputs: dimensions.hidden,
      orientation: projection.orientation, hasBias: try config.flag(projection.hasBias))
  }

  mutating func output(_ task: ModelPlan.Task, embedding: Int, vocabulary: Int)
    throws(ArchitectureError) -> ModelPlan.Output
  {
    guard let description = family.outputs.first(where: { $0.task == task }) else {
      throw ArchitectureError(
        "a model of the family \(family.name) has no output for \(task.rawValue)")
    }
    var transform: ModelPlan.Transform?
    if let part = description.transform {
      let map = try linear(
        (part.isInBody ? prefix : "") + part.name, inputs: dimensions.hidden,
        outputs: dimensions.hidden, hasBias: true, mayBeNew: true)
      let norm = try part.norm.map { name throws(ArchitectureError) in
        try self.norm(name, mayBeNew: true)
      }
      transform = ModelPlan.Transform(
        map: map, activation: part.activation ?? activation, norm: norm)
    }
    let count =
      switch task {
      case .languageModel, .maskedLanguageModel: vocabulary
      case .sequenceClassification, .tokenClassification: try labelCount()
      case .questionAnswering: 2
      case .multipleChoice: 1
      }
    let overVocabulary = task == .languageModel || task == .maskedLanguageModel
    let map: ModelPlan.Linear
    if overVocabulary, try config.bool("tie_word_embeddings", or: family.forward.isTied) {
      if isStored(description.name + ".weight") {
        aliases[ByteString(description.name + ".weight")] = embedding
      }
      let biasName = description.biasName ?? description.name + ".bias"
      let bias = try self.bias(
        biasName, vocabulary, hasBias: description.hasBias,
        isNew: stored == nil || description.hasBias && !isStored(biasName))
      // BERT's decoder repeats the bias under its own name.
      if let bias, description.biasName != nil, isStored(description.name + ".bias") {
        aliases[ByteString(description.name + ".bias")] = bias
      }
      map = ModelPlan.Linear(
        weight: embedding, bias: bias, isInputByOutput: false, inputs: dimensions.hidden,
        outputs: vocabulary)
    } else {
      map = try linear(
        description.name, inputs: dimensions.hidden, outputs: count, hasBias: description.hasBias,
        biasName: description.biasName, mayBeNew: true)
    }
    return ModelPlan.Output(task: task, rows: description.rows, transform: transform, map: map)
  }

  /// How many classes the configuration names.
  private func labelCount() throws(ArchitectureError) -> Int {
    if config["num_labels"].isPresent { return try config.size("num_labels") }
    guard case .object(let labels)? = config["id2label"].field.value else { return 2 }
    guard (1...1 << 16).contains(labels.members.count) else {
      throw ArchitectureError("config.json: id2label names \(labels.members.count) classes")
    }
    return labels.members.count
  }
}
