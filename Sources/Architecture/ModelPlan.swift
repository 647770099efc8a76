public import Storage

/// What one model computes, and from which tensors: sizes, order, rules, without a number of its weights.
///
/// Made from `config.json` and a family's description, and checked against every tensor's shape.
public struct ModelPlan: Sendable {
  /// What a model is asked for.
  public enum Task: String, Sendable, Hashable, CaseIterable {
    /// The next token.
    case languageModel = "language-model"
    /// The token behind a mask.
    case maskedLanguageModel = "masked-language-model"
    /// A class for each sequence.
    case sequenceClassification = "sequence-classification"
    /// A class for each token.
    case tokenClassification = "token-classification"
    /// The first and the last token of an answer.
    case questionAnswering = "question-answering"
    /// One of several sequences.
    case multipleChoice = "multiple-choice"
  }

  /// The activations that models name.
  public enum ActivationName: Sendable, Hashable {
    case gelu, geluTanh, relu, silu, tanh
  }

  /// How a parameter of a new model begins.
  public enum Beginning: Sendable, Hashable {
    /// Normal with the configuration's deviation.
    case normal
    case zero
    case one
  }

  /// One tensor that the model computes with.
  public struct Parameter: Sendable, Hashable {
    /// The tensor's name.
    public let name: ByteString
    /// The tensor's shape: a vector or a matrix.
    public let shape: [Int]
    /// How it begins in a new model, or where an output is new.
    public let beginning: Beginning
    /// Whether the checkpoint lacks it, so that it begins anew.
    public let isNew: Bool

    /// Rows as a matrix; a vector is one row.
    public var rows: Int { shape.count == 1 ? 1 : shape[0] }
    /// Columns as a matrix.
    public var columns: Int { shape[shape.count - 1] }
  }

  /// A linear map; weight and bias are indices into the parameters.
  public struct Linear: Sendable, Hashable {
    /// The weight's parameter.
    public let weight: Int
    /// The bias's parameter.
    public let bias: Int?
    /// Whether the weight is stored as [in, out], not [out, in].
    public let isInputByOutput: Bool
    /// How many features come in.
    public let inputs: Int
    /// How many features go out.
    public let outputs: Int
  }

  /// A normalisation of rows.
  public struct Norm: Sendable, Hashable {
    /// The weight's parameter.
    public let weight: Int
    /// The bias's parameter.
    public let bias: Int?
    /// Whether the mean is taken off (layer norm) or not (root mean square).
    public let isCentred: Bool
    /// Added to the stored weights.
    public let offset: Double
    /// Added to the variance.
    public let epsilon: Double
  }

  /// Where heads' features lie: in which input map's output, from which column, how far apart.
  public struct HeadRun: Sendable, Hashable {
    /// The input map.
    public let map: Int
    /// The first column of head 0.
    public let start: Int
    /// From one head's first column to the next one's.
    public let stride: Int
  }

  /// The attention of a layer.
  public struct Attention: Sendable, Hashable {
    /// Query, key and value maps; one where they are fused.
    public let inputs: [Linear]
    /// Where queries are.
    public let query: HeadRun
    /// Where keys are.
    public let key: HeadRun
    /// Where values are.
    public let value: HeadRun
    /// The normalisation of each head's query before it is turned (Qwen3).
    public let queryNorm: Norm?
    /// The same of keys.
    public let keyNorm: Norm?
    /// The map back to the residual stream.
    public let output: Linear
  }

  /// The feed-forward network of a layer.
  public struct FeedForward: Sendable, Hashable {
    /// One map, or gate and up; a gated network with one map has both halves in it.
    public let inputs: [Linear]
    /// Whether the first input map's activation is multiplied by the second one's output.
    public let isGated: Bool
    /// The function between the maps.
    public let activation: ActivationName
    /// The map back to the residual stream.
    public let output: Linear
  }

  /// Where normalisation stands in a layer.
  public enum Arrangement: Sendable, Hashable {
    /// x ← norm(x + f(x)).
    case postNorm
    /// x ← x + f(norm(x)).
    case preNorm
    /// x ← x + attention(norm(x)) + feedForward(norm(x)).
    case parallel
  }

  /// One layer.
  public struct Layer: Sendable, Hashable {
    /// Where normalisation stands.
    public let arrangement: Arrangement
    /// The normalisation that belongs to attention.
    public let attentionNorm: Norm
    /// Nil where the feed-forward network takes the attention's normalised input.
    public let feedForwardNorm: Norm?
    /// The attention.
    public let attention: Attention
    /// The feed-forward network.
    public let feedForward: FeedForward
  }

  /// How a token's place is told.
  public enum Positions: Sendable, Hashable {
    /// A table of vectors; position p has row p + `skip`.
    case learned(table: Int, skip: Int)
    /// The angle by which each pair of features turns from one position to the next.
    case rotary(frequencies: [Double])
  }

  /// What the first layer receives.
  public struct Embedding: Sendable, Hashable {
    /// The table of token vectors.
    public let tokens: Int
    /// How a token's place is told.
    public let positions: Positions
    /// The table of segment vectors.
    public let tokenTypes: Int?
    /// The normalisation of their sum.
    public let norm: Norm?
    /// What token vectors are multiplied by.
    public let scale: Double
  }

  /// Which rows an output is computed for.
  public enum OutputRows: Sendable, Hashable {
    /// Every token.
    case every
    /// The first token of each sequence.
    case first
    /// The last token of each sequence.
    case last
  }

  /// A map before the output map, with what follows it.
  public struct Transform: Sendable, Hashable {
    /// The map, as wide as the residual stream.
    public let map: Linear
    /// The function after it.
    public let activation: ActivationName
    /// The normalisation after that.
    public let norm: Norm?
  }

  /// The map from hidden states to logits.
  public struct Output: Sendable, Hashable {
    /// What it is for.
    public let task: Task
    /// Which rows it is computed for.
    public let rows: OutputRows
    /// What stands before the output map.
    public let transform: Transform?
    /// The output map; its weight is the token embedding's where they are tied.
    public let map: Linear
  }

  /// The family, as named in records.
  public let family: String
  /// The sizes of the layers.
  public let dimensions: ModelDimensions
  /// How many tokens the vocabulary has.
  public let vocabulary: Int
  /// How many positions the model was made for; a table of positions has no more.
  public let positionLimit: Int
  /// Whether a token looks only at itself and those before it.
  public let isCausal: Bool
  /// How many tokens back a token looks, itself included; nil for all.
  public let window: Int?
  /// All tensors that the model computes with, in the order of the computation.
  public let parameters: [Parameter]
  /// Other names under which the checkpoint holds a parameter: the copy of a tied embedding.
  public let aliases: [ByteString: Int]
  /// What the first layer receives.
  public let embedding: Embedding
  /// The layers, from below.
  public let layers: [Layer]
  /// Nil where each layer ends normalised.
  public let finalNorm: Norm?
  /// Nil where the model ends in hidden states.
  public let output: Output?
  /// The deviation that new matrices begin with.
  public let initialDeviation: Double

  /// The parameters that a layer computes with.
  public func parameters(ofLayer index: Int) -> [Int] {
    let layer = layers[index]
    let maps =
      layer.attention.inputs + [layer.attention.output] + layer.feedForward.inputs
      + [layer.feedForward.output]
    let norms = [
      layer.attentionNorm, layer.feedForwardNorm, layer.attention.queryNorm,
      layer.attention.keyNorm,
    ].compactMap { $0 }
    return maps.map(\.weight) + maps.compactMap(\.bias) + norms.map(\.weight)
      + norms.compactMap(\.bias)
  }

  /// How many tokens a sequence can have.
  public var sequenceLimit: Int {
    // RoBERTa's positions count the rows that its table skips.
    guard case .learned(let table, let skip) = embedding.positions else { return positionLimit }
    return min(positionLimit, parameters[table].rows - skip)
  }

  /// How many numbers all parameters hold.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.rows * $1.columns } }
}
