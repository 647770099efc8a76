extension FamilyDescription {
  /// The families whose units are known.
  public static let known: [FamilyDescription] = [bert, distilBERT, gpt2, llama]

  /// BERT, and RoBERTa, which stores its layers alike.
  private static let bert = FamilyDescription(
    name: "bert", modelTypes: ["bert", "roberta", "xlm-roberta", "camembert"],
    prefixes: ["", "bert.", "roberta."], layerPath: "encoder.layer.",
    headInputs: [
      Projection(name: "attention.self.query", blocks: [.query]),
      Projection(name: "attention.self.key", blocks: [.keyValue]),
      Projection(name: "attention.self.value", blocks: [.keyValue]),
    ],
    headOutput: Projection(name: "attention.output.dense", blocks: [.query]),
    filterInputs: [Projection(name: "intermediate.dense", blocks: [.filter])],
    filterOutput: Projection(name: "output.dense", blocks: [.filter]))

  private static let distilBERT = FamilyDescription(
    name: "distilbert", modelTypes: ["distilbert"],
    prefixes: ["", "distilbert."], layerPath: "transformer.layer.",
    keys: ConfigKeys(layers: "n_layers", hidden: "dim", heads: "n_heads", filters: "hidden_dim"),
    headInputs: [
      Projection(name: "attention.q_lin", blocks: [.query]),
      Projection(name: "attention.k_lin", blocks: [.keyValue]),
      Projection(name: "attention.v_lin", blocks: [.keyValue]),
    ],
    headOutput: Projection(name: "attention.out_lin", blocks: [.query]),
    filterInputs: [Projection(name: "ffn.lin1", blocks: [.filter])],
    filterOutput: Projection(name: "ffn.lin2", blocks: [.filter]))

  /// GPT-2: fused query, key and value, and weights stored as [in, out].
  private static let gpt2 = FamilyDescription(
    name: "gpt2", modelTypes: ["gpt2"],
    prefixes: ["", "transformer."], layerPath: "h.",
    keys: ConfigKeys(
      layers: "n_layer", hidden: "n_embd", heads: "n_head", filters: "n_inner",
      filtersDefaultToFourfold: true),
    headInputs: [
      Projection(
        name: "attn.c_attn", orientation: .inputByOutput, blocks: [.query, .keyValue, .keyValue])
    ],
    headOutput: Projection(name: "attn.c_proj", orientation: .inputByOutput, blocks: [.query]),
    filterInputs: [
      Projection(name: "mlp.c_fc", orientation: .inputByOutput, blocks: [.filter])
    ],
    filterOutput: Projection(
      name: "mlp.c_proj", orientation: .inputByOutput, blocks: [.filter]))

  /// Llama and those that store their layers alike, with grouped-query attention.
  private static let llama = FamilyDescription(
    name: "llama", modelTypes: ["llama", "mistral", "qwen2"],
    prefixes: ["model.", ""], layerPath: "layers.",
    keys: ConfigKeys(groups: "num_key_value_heads", headWidth: "head_dim"),
    headInputs: [
      Projection(name: "self_attn.q_proj", blocks: [.query]),
      Projection(name: "self_attn.k_proj", blocks: [.keyValue]),
      Projection(name: "self_attn.v_proj", blocks: [.keyValue]),
    ],
    headOutput: Projection(name: "self_attn.o_proj", blocks: [.query]),
    filterInputs: [
      Projection(name: "mlp.gate_proj", blocks: [.filter]),
      Projection(name: "mlp.up_proj", blocks: [.filter]),
    ],
    filterOutput: Projection(name: "mlp.down_proj", blocks: [.filter]))
}
