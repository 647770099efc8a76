import Architecture
import Compute
import Safetensors
import Storage
import StrictJSON
import Tokenization
import Training
import Transformer
import Unlearning

/// The data of the experiment, in tokens.
struct PeopleData {
  var sets: UnlearningData
  var leaked: [EncodedExample]
  var held: [EncodedExample]
  let encoder: ExampleEncoder

  /// Reads a folder of `make-people`.
  init(folder: String, end: Int32) throws {
    let tokenizer = try Tokenizer(path: Paths.join(folder, "tokenizer.json"))
    let encoder = ExampleEncoder(tokenizer, task: .languageModel, limit: 64, end: end)
    func read(_ name: String) throws -> DataFile {
      try DataFile(path: Paths.join(folder, name + ".jsonl"))
    }
    let forget = try read("forget")
    sets = UnlearningData(
      forget: try encoder.encode(forget), retain: try encoder.encode(try read("retain")),
      test: try encoder.encode(try read("test")))
    for example in forget.examples {
      guard case .answered(let answered) = example else { continue }
      sets.preferred.append(try encoder.answer("I do not know that.", to: answered.question))
    }
    leaked = try encoder.encode(try read("relearn-leak"))
    held = try encoder.encode(try read("relearn-held"))
    self.encoder = encoder
  }
}

/// A model that was read.
struct Subject {
  let model: Model<Float>
  let map: UnitMap

  /// Reads a checkpoint; one thread computes.
  init(folder: String) throws {
    let checkpoint = try Checkpoint(path: folder)
    var random = RandomNumbers(seed: 0)
    model = try Model<Float>(
      checkpoint, task: .languageModel, workers: Workers(count: 1), random: &random)
    map = try UnitMap(checkpoint)
  }

  private init(_ model: Model<Float>, _ map: UnitMap) { (self.model, self.map) = (model, map) }

  /// The same with workers of its own, whose memory begins empty.
  var fresh: Subject {
    Subject(
      Model(plan: model.plan, parameters: model.parameters, workers: Workers(count: 1)), map)
  }

  /// The token that ends answers, as the configuration names it.
  static func endToken(folder: String) throws -> Int32 {
    guard let config = try Checkpoint(path: folder).config else {
      throw TableError("\(folder): there is no config.json")
    }
    return Int32(try JSONField(config)["eos_token_id"].count())
  }
}

/// Why the experiment stops.
struct TableError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
