/// What tells one model family from another, as data: names, layouts, what is computed, and who owns which
/// features.
///
/// Sources: the modelling files of `transformers` 4.46 and 5.3. A family is one value in
/// `FamilyDescription+Known.swift`; nothing else in the project knows a family's tensor names.
public struct FamilyDescription: Sendable {
  /// The names under which `config.json` gives the sizes.
  struct ConfigKeys: Sendable {
    var layers = "num_hidden_layers"
    var hidden = "hidden_size"
    var heads = "num_attention_heads"
    var groups: String?
    var headWidth: String?
    var filters = "intermediate_size"
    var filtersDefaultToFourfold = false
    var vocabulary = "vocab_size"
    var positions = "max_position_embeddings"
  }

  /// How a linear map is stored.
  enum Orientation: Sendable {
    /// `nn.Linear`: [out, in].
    case outputByInput
    /// GPT-2's `Conv1D`: [in, out].
    case inputByOutput
  }

  /// A run of features of a linear map, cut evenly among the units.
  enum Block: Sendable {
    /// The query features of all heads.
    case query
    /// The key, or the value features of all groups.
    case keyValue
    /// For each head its query, key and value features together (GPT-NeoX).
    case headTriple
    /// One feature a filter.
    case filter
  }

  /// One linear map of a layer.
  struct Projection: Sendable {
    /// The name below the layer, without `.weight`.
    var name: String
    var orientation: Orientation = .outputByInput
    /// The runs of features, one after the other: three where query, key and value are fused.
    var blocks: [Block]
    /// Whether a new model has a bias here; a stored one says so itself.
    var hasBias: Flag = .always
  }

  /// The name used in records: `bert`, `gpt2`, `llama`.
  public let name: String
  /// The values of `model_type` in `config.json`, each with what its classes' names begin with.
  let modelTypes: [String: String]
  /// What may stand before the layer path, depending on the head that the model was saved with; a new model
  /// takes the last.
  let prefixes: [String]
  /// Where layers are, below the prefix.
  let layerPath: String
  var keys = ConfigKeys()
  /// The maps whose output features heads own.
  let headInputs: [Projection]
  /// The map whose input features heads own.
  let headOutput: Projection
  /// The maps whose output features filters own.
  let filterInputs: [Projection]
  /// The map whose input features filters own.
  let filterOutput: Projection
  /// What is computed around these maps.
  let forward: ForwardDescription
  /// The outputs that the family can be saved with.
  let outputs: [OutputDescription]
}

extension FamilyDescription {
  /// What the names of a model's classes end in, by what it is for; the first is the usual one.
  static let classSuffixes: [ModelPlan.Task: [String]] = [
    .languageModel: ["ForCausalLM", "LMHeadModel"],
    .maskedLanguageModel: ["ForMaskedLM", "ForPreTraining"],
    .sequenceClassification: ["ForSequenceClassification"],
    .tokenClassification: ["ForTokenClassification"],
    .questionAnswering: ["ForQuestionAnswering"],
    .multipleChoice: ["ForMultipleChoice"],
  ]

  /// What the names of a model's classes begin with.
  func classStem(modelType: String) -> String? { modelTypes[modelType] }

  /// A truth value of a family: fixed, or what a key of `config.json` says.
  enum Flag: Sendable {
    case always
    case never
    case key(String, default: Bool)
  }
}
