extension FamilyDescription {
  /// The families that are known.
  public static let known: [FamilyDescription] = [
    bert, roberta, distilBERT, gpt2, opt, neoX, phi, phi3, llama, mistral, qwen2, qwen3, gemma,
  ]

  // MARK: Encoders

  private static let bert = encoder(
    name: "bert", modelTypes: ["bert": "Bert"], prefixes: ["", "bert."], skipping: .none,
    outputs: [
      OutputDescription(
        task: .maskedLanguageModel,
        transform: .init(
          name: "cls.predictions.transform.dense", norm: "cls.predictions.transform.LayerNorm"),
        name: "cls.predictions.decoder", biasName: "cls.predictions.bias", hasBias: true),
      pooled(.sequenceClassification), perToken(.tokenClassification, "classifier"),
      perToken(.questionAnswering, "qa_outputs"), pooled(.multipleChoice),
    ])

  private static let roberta = encoder(
    name: "roberta",
    modelTypes: ["roberta": "Roberta", "xlm-roberta": "XLMRoberta", "camembert": "Camembert"],
    prefixes: ["", "roberta."], skipping: .afterPadding,
    outputs: [
      OutputDescription(
        task: .maskedLanguageModel,
        transform: .init(name: "lm_head.dense", activation: .gelu, norm: "lm_head.layer_norm"),
        name: "lm_head.decoder", biasName: "lm_head.bias", hasBias: true),
      OutputDescription(
        task: .sequenceClassification, rows: .first,
        transform: .init(name: "classifier.dense", activation: .tanh), name: "classifier.out_proj",
        hasBias: true),
      perToken(.tokenClassification, "classifier"), perToken(.questionAnswering, "qa_outputs"),
      pooled(.multipleChoice),
    ])

  private static func encoder(
    name: String, modelTypes: [String: String], prefixes: [String],
    skipping: ForwardDescription.Skip,
    outputs: [OutputDescription]
  ) -> FamilyDescription {
    FamilyDescription(
      name: name, modelTypes: modelTypes, prefixes: prefixes, layerPath: "encoder.layer.",
      headInputs: [
        Projection(name: "attention.self.query", blocks: [.query]),
        Projection(name: "attention.self.key", blocks: [.keyValue]),
        Projection(name: "attention.self.value", blocks: [.keyValue]),
      ],
      headOutput: Projection(name: "attention.output.dense", blocks: [.query]),
      filterInputs: [Projection(name: "intermediate.dense", blocks: [.filter])],
      filterOutput: Projection(name: "output.dense", blocks: [.filter]),
      forward: ForwardDescription(
        tokens: "embeddings.word_embeddings",
        positions: .learned(name: "embeddings.position_embeddings", skipping: skipping),
        tokenTypes: "embeddings.token_type_embeddings", embeddingNorm: "embeddings.LayerNorm",
        arrangement: .postNorm, attentionNorm: "attention.output.LayerNorm",
        feedForwardNorm: "output.LayerNorm",
        norm: .init(epsilonKey: "layer_norm_eps", epsilon: 1e-12), activation: .gelu,
        isCausal: false, isTied: true,
        required: ["is_decoder": false, "add_cross_attention": false]),
      outputs: outputs)
  }

  private static let distilBERT = FamilyDescription(
    name: "distilbert", modelTypes: ["distilbert": "DistilBert"],
    prefixes: ["", "distilbert."], layerPath: "transformer.layer.",
    keys: ConfigKeys(layers: "n_layers", hidden: "dim", heads: "n_heads", filters: "hidden_dim"),
    headInputs: [
      Projection(name: "attention.q_lin", blocks: [.query]),
      Projection(name: "attention.k_lin", blocks: [.keyValue]),
      Projection(name: "attention.v_lin", blocks: [.keyValue]),
    ],
    headOutput: Projection(name: "attention.out_lin", blocks: [.query]),
    filterInputs: [Projection(name: "ffn.lin1", blocks: [.filter])],
    filterOutput: Projection(name: "ffn.lin2", blocks: [.filter]),
    forward: ForwardDescription(
      tokens: "embeddings.word_embeddings",
      positions: .learned(name: "embeddings.position_embeddings", skipping: .none),
      embeddingNorm: "embeddings.LayerNorm", arrangement: .postNorm,
      attentionNorm: "sa_layer_norm", feedForwardNorm: "output_layer_norm",
      norm: .init(epsilon: 1e-12), activationKeys: ["activation"], activation: .gelu,
      isCausal: false, isTied: true),
    outputs: [
      OutputDescription(
        task: .maskedLanguageModel,
        transform: .init(name: "vocab_transform", norm: "vocab_layer_norm"),
        name: "vocab_projector", hasBias: true),
      OutputDescription(
        task: .sequenceClassification, rows: .first,
        transform: .init(name: "pre_classifier", activation: .relu), name: "classifier",
        hasBias: true),
      perToken(.tokenClassification, "classifier"), perToken(.questionAnswering, "qa_outputs"),
      OutputDescription(
        task: .multipleChoice, rows: .first,
        transform: .init(name: "pre_classifier", activation: .relu), name: "classifier",
        hasBias: true),
    ])

  // MARK: Decoders

  /// GPT-2: fused query, key and value, and weights stored as [in, out].
  private static let gpt2 = FamilyDescription(
    name: "gpt2", modelTypes: ["gpt2": "GPT2"],
    prefixes: ["", "transformer."], layerPath: "h.",
    keys: ConfigKeys(
      layers: "n_layer", hidden: "n_embd", heads: "n_head", filters: "n_inner",
      filtersDefaultToFourfold: true, positions: "n_positions"),
    headInputs: [
      Projection(
        name: "attn.c_attn", orientation: .inputByOutput, blocks: [.query, .keyValue, .keyValue])
    ],
    headOutput: Projection(name: "attn.c_proj", orientation: .inputByOutput, blocks: [.query]),
    filterInputs: [
      Projection(name: "mlp.c_fc", orientation: .inputByOutput, blocks: [.filter])
    ],
    filterOutput: Projection(
      name: "mlp.c_proj", orientation: .inputByOutput, blocks: [.filter]),
    forward: ForwardDescription(
      tokens: "wte", positions: .learned(name: "wpe", skipping: .none), arrangement: .preNorm,
      attentionNorm: "ln_1", feedForwardNorm: "ln_2", finalNorm: "ln_f",
      norm: .init(epsilonKey: "layer_norm_epsilon", epsilon: 1e-5),
      activationKeys: ["activation_function"], activation: .geluTanh, isCausal: true, isTied: true,
      required: [
        "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx": false,
        "add_cross_attention": false,
      ]),
    outputs: decoderOutputs())

  private static let opt = FamilyDescription(
    name: "opt", modelTypes: ["opt": "OPT"], prefixes: ["decoder.", "model.decoder."],
    layerPath: "layers.", keys: ConfigKeys(filters: "ffn_dim"),
    headInputs: ["q_proj", "k_proj", "v_proj"].map {
      Projection(
        name: "self_attn.\($0)", blocks: [$0 == "q_proj" ? .query : .keyValue], hasBias: optBias)
    },
    headOutput: Projection(name: "self_attn.out_proj", blocks: [.query], hasBias: optBias),
    filterInputs: [Projection(name: "fc1", blocks: [.filter], hasBias: optBias)],
    filterOutput: Projection(name: "fc2", blocks: [.filter], hasBias: optBias),
    forward: ForwardDescription(
      tokens: "embed_tokens", positions: .learned(name: "embed_positions", skipping: .rows(2)),
      arrangement: .preNorm, attentionNorm: "self_attn_layer_norm",
      feedForwardNorm: "final_layer_norm", finalNorm: "final_layer_norm",
      norm: .init(epsilon: 1e-5), activationKeys: ["activation_function"], activation: .relu,
      isCausal: true, isTied: true,
      required: [
        "do_layer_norm_before": true, "_remove_final_layer_norm": false,
        "layer_norm_elementwise_affine": true,
      ]),
    outputs: decoderOutputs())

  private static let optBias = Flag.key("enable_bias", default: true)

  /// GPT-NeoX and Pythia: query, key and value of each head side by side.
  private static let neoX = FamilyDescription(
    name: "gpt_neox", modelTypes: ["gpt_neox": "GPTNeoX"], prefixes: ["", "gpt_neox."],
    layerPath: "layers.",
    headInputs: [
      Projection(
        name: "attention.query_key_value", blocks: [.headTriple],
        hasBias: .key("attention_bias", default: true))
    ],
    headOutput: Projection(
      name: "attention.dense", blocks: [.query], hasBias: .key("attention_bias", default: true)),
    filterInputs: [Projection(name: "mlp.dense_h_to_4h", blocks: [.filter])],
    filterOutput: Projection(name: "mlp.dense_4h_to_h", blocks: [.filter]),
    forward: ForwardDescription(
      tokens: "embed_in",
      positions: .rotary(
        fractionKeys: ["partial_rotary_factor", "rotary_pct"], defaultFraction: 0.25),
      arrangement: .parallelByKey("use_parallel_residual"), attentionNorm: "input_layernorm",
      feedForwardNorm: "post_attention_layernorm", finalNorm: "final_layer_norm",
      norm: .init(epsilonKey: "layer_norm_eps", epsilon: 1e-5), activation: .gelu, isCausal: true,
      isTied: false),
    outputs: decoderOutputs(language: "embed_out"))

  private static let phi = FamilyDescription(
    name: "phi", modelTypes: ["phi": "Phi"], prefixes: ["", "model."], layerPath: "layers.",
    keys: ConfigKeys(groups: "num_key_value_heads"),
    headInputs: separate(bias: .always),
    headOutput: Projection(name: "self_attn.dense", blocks: [.query]),
    filterInputs: [Projection(name: "mlp.fc1", blocks: [.filter])],
    filterOutput: Projection(name: "mlp.fc2", blocks: [.filter]),
    forward: ForwardDescription(
      tokens: "embed_tokens",
      positions: .rotary(fractionKeys: ["partial_rotary_factor"], defaultFraction: 0.5),
      arrangement: .parallel, attentionNorm: "input_layernorm", finalNorm: "final_layernorm",
      norm: .init(epsilonKey: "layer_norm_eps", epsilon: 1e-5), activation: .geluTanh,
      isCausal: true, isTied: false, required: ["qk_layernorm": false]),
    outputs: decoderOutputs(languageBias: true))

  /// Phi-3: Llama's layer with fused maps.
  private static let phi3 = FamilyDescription(
    name: "phi3", modelTypes: ["phi3": "Phi3"], prefixes: ["", "model."], layerPath: "layers.",
    keys: ConfigKeys(groups: "num_key_value_heads", headWidth: "head_dim"),
    headInputs: [
      Projection(
        name: "self_attn.qkv_proj", blocks: [.query, .keyValue, .keyValue], hasBias: .never)
    ],
    headOutput: Projection(name: "self_attn.o_proj", blocks: [.query], hasBias: .never),
    filterInputs: [
      Projection(name: "mlp.gate_up_proj", blocks: [.filter, .filter], hasBias: .never)
    ],
    filterOutput: Projection(name: "mlp.down_proj", blocks: [.filter], hasBias: .never),
    forward: llamaForward(
      positions: .rotary(fractionKeys: ["partial_rotary_factor"], defaultFraction: 1),
      norm: .init(isCentred: false, epsilonKey: "rms_norm_eps", epsilon: 1e-5),
      window: .key("sliding_window", default: nil)),
    outputs: decoderOutputs(token: "score"))

  // MARK: Llama and its kin

  private static let llama = llamaKin(
    name: "llama", modelTypes: ["llama": "Llama"],
    attentionBias: .key("attention_bias", default: false),
    outputBias: .key("attention_bias", default: false), forward: llamaForward())

  private static let mistral = llamaKin(
    name: "mistral", modelTypes: ["mistral": "Mistral"], attentionBias: .never,
    forward: llamaForward(window: .key("sliding_window", default: 4096)))

  private static let qwen2 = llamaKin(
    name: "qwen2", modelTypes: ["qwen2": "Qwen2"], attentionBias: .always,
    forward: llamaForward(window: .refused(whenTrue: "use_sliding_window")))

  private static let qwen3: FamilyDescription = {
    var forward = llamaForward(window: .refused(whenTrue: "use_sliding_window"))
    forward.queryNorm = "self_attn.q_norm"
    forward.keyNorm = "self_attn.k_norm"
    return llamaKin(
      name: "qwen3", modelTypes: ["qwen3": "Qwen3"],
      attentionBias: .key("attention_bias", default: false),
      outputBias: .key("attention_bias", default: false), forward: forward)
  }()

  /// Gemma, the first: norm weights count from 1, embeddings are scaled.
  private static let gemma: FamilyDescription = {
    var forward = llamaForward(
      norm: .init(isCentred: false, offset: 1, epsilonKey: "rms_norm_eps", epsilon: 1e-6))
    forward.scalesEmbeddings = true
    forward.activationKeys = ["hidden_activation", "hidden_act"]
    forward.activation = .geluTanh
    forward.isTied = true
    return llamaKin(
      name: "gemma", modelTypes: ["gemma": "Gemma"],
      attentionBias: .key("attention_bias", default: false),
      outputBias: .key("attention_bias", default: false), forward: forward)
  }()

  private static func llamaKin(
    name: String, modelTypes: [String: String], attentionBias: Flag, outputBias: Flag = .never,
    forward: ForwardDescription
  ) -> FamilyDescription {
    let filterBias = Flag.key("mlp_bias", default: false)
    return FamilyDescription(
      name: name, modelTypes: modelTypes, prefixes: ["", "transformer.", "model."],
      layerPath: "layers.",
      keys: ConfigKeys(groups: "num_key_value_heads", headWidth: "head_dim"),
      headInputs: separate(bias: attentionBias),
      headOutput: Projection(name: "self_attn.o_proj", blocks: [.query], hasBias: outputBias),
      filterInputs: [
        Projection(name: "mlp.gate_proj", blocks: [.filter], hasBias: filterBias),
        Projection(name: "mlp.up_proj", blocks: [.filter], hasBias: filterBias),
      ],
      filterOutput: Projection(name: "mlp.down_proj", blocks: [.filter], hasBias: filterBias),
      forward: forward, outputs: decoderOutputs(token: "score"))
  }

  private static func llamaForward(
    positions: ForwardDescription.Positions = .rotary(fractionKeys: [], defaultFraction: 1),
    norm: ForwardDescription.NormRule = .init(
      isCentred: false, epsilonKey: "rms_norm_eps", epsilon: 1e-6),
    window: ForwardDescription.Window = .unlimited
  ) -> ForwardDescription {
    ForwardDescription(
      tokens: "embed_tokens", positions: positions, arrangement: .preNorm,
      attentionNorm: "input_layernorm", feedForwardNorm: "post_attention_layernorm",
      finalNorm: "norm", norm: norm, activation: .silu, isGated: true, isCausal: true,
      window: window, isTied: false)
  }

  private static func separate(bias: Flag) -> [Projection] {
    [
      Projection(name: "self_attn.q_proj", blocks: [.query], hasBias: bias),
      Projection(name: "self_attn.k_proj", blocks: [.keyValue], hasBias: bias),
      Projection(name: "self_attn.v_proj", blocks: [.keyValue], hasBias: bias),
    ]
  }

  // MARK: Outputs

  private static func decoderOutputs(
    language: String = "lm_head", languageBias: Bool = false, token: String = "classifier"
  ) -> [OutputDescription] {
    [
      OutputDescription(task: .languageModel, name: language, hasBias: languageBias),
      OutputDescription(
        task: .sequenceClassification, rows: .last, name: "score", hasBias: false),
      perToken(.tokenClassification, token), perToken(.questionAnswering, "qa_outputs"),
    ]
  }

  private static func perToken(_ task: ModelPlan.Task, _ name: String) -> OutputDescription {
    OutputDescription(task: task, name: name, hasBias: true)
  }

  /// The first token through BERT's pooler.
  private static func pooled(_ task: ModelPlan.Task) -> OutputDescription {
    OutputDescription(
      task: task, rows: .first,
      transform: .init(name: "pooler.dense", isInBody: true, activation: .tanh),
      name: "classifier", hasBias: true)
  }
}
