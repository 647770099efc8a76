/// What a family computes around its attention and feed-forward maps, as data.
struct ForwardDescription: Sendable {
  /// How a token's place is told.
  enum Positions: Sendable {
    /// A table of learned vectors, whose first rows may be unused.
    case learned(name: String, skipping: Skip)
    /// Queries and keys are turned (Su et al., 2021).
    case rotary(fractionKeys: [String], defaultFraction: Double)
  }

  /// How many rows of the position table stand before position 0.
  enum Skip: Sendable {
    case none
    case rows(Int)
    /// One more than the padding token's number (RoBERTa).
    case afterPadding
  }

  /// Where normalisation stands, and what is added to what.
  enum Arrangement: Sendable {
    /// x ← norm(x + f(x)), as in the first Transformer.
    case postNorm
    /// x ← x + f(norm(x)).
    case preNorm
    /// x ← x + attention(norm(x)) + feedForward(norm(x)).
    case parallel
    /// Parallel unless `config.json` sets the key to false.
    case parallelByKey(String)
  }

  /// Which normalisation, and where its ε is given.
  struct NormRule: Sendable {
    var isCentred = true
    /// Added to the stored weights.
    var offset = 0.0
    var epsilonKey: String?
    var epsilon: Double
  }

  /// How far back a token looks.
  enum Window: Sendable {
    case unlimited
    /// As many tokens as the key says; `null` for all.
    case key(String, default: Int?)
    /// Models where the key is true mix two kinds of layer, which is not done here.
    case refused(whenTrue: String)
  }

  /// Token embeddings, below the prefix.
  var tokens: String
  var positions: Positions
  /// Segment embeddings, below the prefix.
  var tokenTypes: String?
  /// The normalisation of the embeddings' sum, below the prefix.
  var embeddingNorm: String?
  /// Whether embeddings are multiplied by √hidden.
  var scalesEmbeddings = false
  var arrangement: Arrangement
  /// Below the layer, as are the next three.
  var attentionNorm: String
  /// Nil where attention and feed-forward share one normalised input.
  var feedForwardNorm: String?
  var queryNorm: String?
  var keyNorm: String?
  /// Below the prefix.
  var finalNorm: String?
  var norm: NormRule
  /// The keys that may name the activation, the first that is there counts.
  var activationKeys = ["hidden_act"]
  var activation: ModelPlan.ActivationName
  /// Whether the feed-forward network multiplies by a second input map.
  var isGated = false
  var isCausal: Bool
  var window = Window.unlimited
  /// Whether the output map is the token embedding unless `config.json` says otherwise.
  var isTied: Bool
  /// Keys of `config.json` that must have the given value, since others ask for what is not done here.
  var required: [String: Bool] = [:]
}

/// One output that a family can be saved with.
struct OutputDescription: Sendable {
  /// A map and what follows it, before the output map.
  struct Transform: Sendable {
    var name: String
    /// Whether the name stands below the prefix (BERT's pooler) or at the root.
    var isInBody = false
    /// Nil for the family's own.
    var activation: ModelPlan.ActivationName?
    var norm: String?
  }

  var task: ModelPlan.Task
  var rows = ModelPlan.OutputRows.every
  var transform: Transform?
  /// The output map, at the root.
  var name: String
  /// The full name of the bias where it is not `name.bias`.
  var biasName: String?
  /// Whether a new model has a bias here.
  var hasBias: Bool
}
