public import Safetensors
import Storage
public import StrictJSON

/// A made-up checkpoint with a real family's names and shapes.
///
/// For the demo without a network, for tests and benchmarks. Its numbers are noise; it has learned nothing.
public struct SampleModel: Sendable {
  /// One tensor of the sample.
  public struct Tensor: Sendable {
    /// The name.
    public var name: String
    /// The type of its elements.
    public var dtype: DType
    /// Its shape.
    public var shape: [Int]

    /// Names a tensor.
    public init(_ name: String, _ dtype: DType, _ shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// The sizes of a sample.
  public struct Sizes: Sendable {
    /// Layers.
    public var layers = 2
    /// Query heads a layer.
    public var heads = 4
    /// Key-value groups a layer, where the family has them.
    public var groups = 2
    /// The width of the residual stream.
    public var hidden = 16
    /// Filters a layer.
    public var filters = 24
    /// Entries of the vocabulary.
    public var vocabulary = 32

    /// The smallest sizes that still tell heads, groups and filters apart.
    public init() {}
  }

  /// `config.json`.
  public var config: JSONValue
  /// The tensors.
  public var tensors: [Tensor]

  /// Makes a sample from parts.
  public init(config: JSONValue, tensors: [Tensor]) {
    self.config = config
    self.tensors = tensors
  }

  /// A BERT encoder.
  public static func bert(_ sizes: Sizes = Sizes(), dtype: DType = .f32) -> SampleModel {
    let (hidden, filters) = (sizes.hidden, sizes.filters)
    var tensors = [
      Tensor("embeddings.word_embeddings.weight", dtype, [sizes.vocabulary, hidden]),
      Tensor("embeddings.LayerNorm.weight", dtype, [hidden]),
      Tensor("embeddings.LayerNorm.bias", dtype, [hidden]),
    ]
    for layer in 0..<sizes.layers {
      let path = "encoder.layer.\(layer)."
      for name in ["self.query", "self.key", "self.value", "output.dense"] {
        tensors.append(Tensor("\(path)attention.\(name).weight", dtype, [hidden, hidden]))
        tensors.append(Tensor("\(path)attention.\(name).bias", dtype, [hidden]))
      }
      tensors.append(Tensor("\(path)intermediate.dense.weight", dtype, [filters, hidden]))
      tensors.append(Tensor("\(path)intermediate.dense.bias", dtype, [filters]))
      tensors.append(Tensor("\(path)output.dense.weight", dtype, [hidden, filters]))
      tensors.append(Tensor("\(path)output.dense.bias", dtype, [hidden]))
      tensors.append(Tensor("\(path)output.LayerNorm.weight", dtype, [hidden]))
    }
    return SampleModel(
      config: .members([
        "model_type": "bert", "num_hidden_layers": .integer(Int64(sizes.layers)),
        "num_attention_heads": .integer(Int64(sizes.heads)),
        "hidden_size": .integer(Int64(hidden)), "intermediate_size": .integer(Int64(filters)),
      ]), tensors: tensors)
  }

  /// A GPT-2 decoder: fused query, key and value, weights as [in, out].
  public static func gpt2(_ sizes: Sizes = Sizes(), dtype: DType = .f16) -> SampleModel {
    let (hidden, filters) = (sizes.hidden, sizes.filters)
    var tensors = [Tensor("wte.weight", dtype, [sizes.vocabulary, hidden])]
    for layer in 0..<sizes.layers {
      let path = "h.\(layer)."
      tensors += [
        Tensor("\(path)attn.c_attn.weight", dtype, [hidden, 3 * hidden]),
        Tensor("\(path)attn.c_attn.bias", dtype, [3 * hidden]),
        Tensor("\(path)attn.c_proj.weight", dtype, [hidden, hidden]),
        Tensor("\(path)attn.c_proj.bias", dtype, [hidden]),
        Tensor("\(path)mlp.c_fc.weight", dtype, [hidden, filters]),
        Tensor("\(path)mlp.c_fc.bias", dtype, [filters]),
        Tensor("\(path)mlp.c_proj.weight", dtype, [filters, hidden]),
        Tensor("\(path)mlp.c_proj.bias", dtype, [hidden]),
      ]
    }
    return SampleModel(
      config: .members([
        "model_type": "gpt2", "n_layer": .integer(Int64(sizes.layers)),
        "n_head": .integer(Int64(sizes.heads)), "n_embd": .integer(Int64(hidden)),
        "n_inner": .integer(Int64(filters)),
      ]), tensors: tensors)
  }

  /// A Llama decoder with grouped-query attention.
  public static func llama(_ sizes: Sizes = Sizes(), dtype: DType = .bf16) -> SampleModel {
    let (hidden, filters) = (sizes.hidden, sizes.filters)
    let groupWidth = hidden / sizes.heads * sizes.groups
    var tensors = [
      Tensor("model.embed_tokens.weight", dtype, [sizes.vocabulary, hidden]),
      Tensor("model.norm.weight", dtype, [hidden]),
    ]
    for layer in 0..<sizes.layers {
      let path = "model.layers.\(layer)."
      tensors += [
        Tensor("\(path)self_attn.q_proj.weight", dtype, [hidden, hidden]),
        Tensor("\(path)self_attn.k_proj.weight", dtype, [groupWidth, hidden]),
        Tensor("\(path)self_attn.v_proj.weight", dtype, [groupWidth, hidden]),
        Tensor("\(path)self_attn.o_proj.weight", dtype, [hidden, hidden]),
        Tensor("\(path)mlp.gate_proj.weight", dtype, [filters, hidden]),
        Tensor("\(path)mlp.up_proj.weight", dtype, [filters, hidden]),
        Tensor("\(path)mlp.down_proj.weight", dtype, [hidden, filters]),
        Tensor("\(path)input_layernorm.weight", dtype, [hidden]),
      ]
    }
    return SampleModel(
      config: .members([
        "model_type": "llama", "num_hidden_layers": .integer(Int64(sizes.layers)),
        "num_attention_heads": .integer(Int64(sizes.heads)),
        "num_key_value_heads": .integer(Int64(sizes.groups)),
        "hidden_size": .integer(Int64(hidden)), "intermediate_size": .integer(Int64(filters)),
      ]), tensors: tensors)
  }
}
