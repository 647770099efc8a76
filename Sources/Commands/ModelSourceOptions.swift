import Architecture
import ArgumentParser
import Attestation
import Compute
import Provenance
import Safetensors
import Storage
import StrictJSON
import Tokenization
import Training
import Transformer

/// Options that say which model is computed with.
struct ModelSourceOptions: ParsableArguments {
  @Option(name: .long, help: "The model's folder.", completion: .directory)
  var model: String?
  @Option(name: .long, help: "Begin anew from this config.json.", completion: .file())
  var config: String?

  func validate() throws {
    guard (model == nil) != (config == nil) else {
      throw ValidationError("name one of --model and --config")
    }
  }

  /// The options as if a folder had been named.
  static func of(_ folder: String) -> ModelSourceOptions {
    var options = ModelSourceOptions()
    options.model = folder
    options.config = nil
    return options
  }

  /// Loads the model, or makes the new one.
  ///
  /// - Parameter labels: How many classes a new output has; nil for what the configuration says.
  func load(
    task: ModelPlan.Task?, labels: Int?, _ workers: Workers, _ random: inout RandomNumbers
  ) throws -> LoadedModel {
    if let model {
      let checkpoint = try Safetensors.Checkpoint(path: model)
      guard let json = checkpoint.config else {
        throw ProvenanceError(.invalid, "\(model): there is no config.json")
      }
      var configuration = try ModelConfiguration(json)
      var isNew = false
      if let task {
        isNew = try ModelPlan(checkpoint, task: task).parameters.contains { $0.isNew }
        try configuration.adapt(to: task, labels: isNew ? labels : nil)
      }
      let loaded = try Model<Float>(
        checkpoint, config: configuration.json, task: task, workers: workers, random: &random)
      return LoadedModel(model: loaded, configuration: configuration, checkpoint: checkpoint)
    }
    let path = config ?? ""
    let bytes = try Folder.read(path, limit: 4 << 20)
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue(parsing: bytes, byteLimit: 4 << 20) } catch {
      throw ProvenanceError(.invalid, "\(path): \(error)")
    }
    var configuration = try ModelConfiguration(json)
    if let task { try configuration.adapt(to: task, labels: labels) }
    let plan = try ModelPlan(newFrom: configuration.json, task: task)
    return LoadedModel(
      model: Model(newFrom: plan, workers: workers, random: &random), configuration: configuration,
      checkpoint: nil)
  }
}

/// A model with where it came from.
struct LoadedModel {
  let model: Model<Float>
  let configuration: ModelConfiguration
  /// Nil for a new model.
  let checkpoint: Safetensors.Checkpoint?

  /// What the model is, for a fingerprint: its files' digests, or its configuration.
  var identity: JSONValue {
    get throws {
      guard let checkpoint else { return .text("new") }
      var files = JSONObject()
      for entry in checkpoint.files {
        files[ByteString(entry.name)] = .text(
          try SHA256.digest(ofFile: checkpoint.fullPath(entry.name)).hex)
      }
      return .object(files)
    }
  }

  /// ``identity`` in one digest.
  var fingerprint: Digest {
    get throws { SHA256.digest(of: try CanonicalJSON.encode(identity)) }
  }

  /// The token that ends a text; nil where the configuration names none.
  var endToken: Int32? {
    get throws {
      let field = JSONField(configuration.json)["eos_token_id"]
      let number = try field.optional.map { field in
        if case .array = field.value { return try field.elements().first?.count() ?? -1 }
        return try field.count()
      }
      return number.flatMap { (0..<model.plan.vocabulary).contains($0) ? Int32($0) : nil }
    }
  }

  func masking(_ tokenizer: Tokenizer) throws -> TokenMasking {
    guard let mask = tokenizer.id(of: "[MASK]") ?? tokenizer.id(of: "<mask>") else {
      throw ProvenanceError(.invalid, "the tokenizer has neither [MASK] nor <mask>")
    }
    return TokenMasking(mask: mask, vocabulary: model.plan.vocabulary)
  }

  func unitMap() throws -> UnitMap {
    guard let checkpoint else {
      throw ProvenanceError(
        .usage, "units are chosen of a model that is there: name it with --model")
    }
    return try UnitMap(checkpoint)
  }

  /// Reads a list of units that the model has.
  func units(named text: String) throws -> [Unit] {
    let map = try unitMap()
    return try UnitList.parse(text).map { unit in
      guard map.contains(unit) else {
        throw ProvenanceError(.usage, "the model has no unit \(unit)")
      }
      return unit
    }
  }

  func save(
    _ model: Model<Float>, to path: String, as stored: StoredFloat?, tokenizer: [UInt8]?,
    shardByteLimit: Int = ShardPlan.defaultByteLimit
  ) throws {
    try model.save(
      to: path, config: configuration, like: checkpoint, as: stored,
      adding: tokenizer.map { ["tokenizer.json": $0] } ?? [:], shardByteLimit: shardByteLimit)
  }
}

/// A list of units as it is written on the command line.
enum UnitList {
  static func parse(_ text: String) throws -> [Unit] {
    var parsed: Set<Unit> = []
    for word in text.split(separator: ",") {
      guard let unit = Unit(String(word)) else {
        throw ProvenanceError(
          .usage, "'\(word)' is no unit: expected L<layer>.H<head> or L<layer>.F<filter>")
      }
      parsed.insert(unit)
    }
    guard !parsed.isEmpty else { throw ProvenanceError(.usage, "--units names no unit") }
    return parsed.sorted()
  }
}
