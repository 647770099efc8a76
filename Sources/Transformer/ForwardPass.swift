import Architecture
public import Compute

/// What a forward pass keeps for later.
public enum Kept: Sendable, Hashable {
  /// Nothing but the last hidden states: for inference.
  case nothing
  /// The input of each layer, from which the backward pass computes the layer again (activation
  /// checkpointing): memory for time.
  case layerInputs
  /// All that the backward pass needs.
  case everything
}

/// One pass through a model: its hidden states, and what the backward pass needs.
public struct ForwardPass<Element: Scalar>: Sendable {
  /// What was computed.
  public let batch: Batch
  /// The hidden states after the last layer and its normalisation: one row for each token, or for each row
  /// that the pass was computed for.
  public internal(set) var hidden: Matrix<Element>
  var context: PassContext<Element>
  var embedding: EmbeddingRecord<Element>
  /// The input of each layer, and the last layer's output; empty where nothing is kept.
  var inputs: [Matrix<Element>] = []
  var records: [LayerRecord<Element>] = []
  var finalNorm: NormStatistics<Element>?

  /// Hidden states as `transformers` counts them: 0 is the first layer's input, and the last one is
  /// ``hidden``.
  ///
  /// Nil where the pass did not keep them. The last has the rows of ``hidden``.
  public func hiddenState(_ index: Int) -> Matrix<Element>? {
    if index == context.layerCount { return hidden }
    return inputs.indices.contains(index) ? inputs[index] : nil
  }
}

extension ForwardPass {
  /// Where rows of the batch are in ``hidden``.
  func hiddenRows(_ rows: [Int32]) -> [Int32] {
    guard let needed = context.needed else { return rows }
    return rows.map { row in
      let place = needed.places[Int(row)]
      precondition(place >= 0, "row \(row) was not computed; the pass was for other targets")
      return place
    }
  }
}

extension Model {
  /// Computes the hidden states of a batch.
  ///
  /// - Parameter targets: Where given, the last layer is computed for the rows that they need alone, and the
  ///   pass serves no other targets.
  public func forward(
    _ batch: Batch, keeping kept: Kept = .nothing, gates: Gates<Element>? = nil,
    for targets: Targets? = nil
  ) throws(InputError) -> ForwardPass<Element> {
    try check(batch)
    var context = context(batch, gates)
    context.needed = targets.flatMap { neededRows($0, batch) }
    var (x, embedding) = embed(batch)
    if kept == .nothing { embedding = EmbeddingRecord() }
    var pass = ForwardPass(batch: batch, hidden: .empty, context: context, embedding: embedding)
    var noCache: KeyValueCache<Element>?
    for index in plan.layers.indices {
      if kept != .nothing { pass.inputs.append(x) }
      let (output, record) = layer(index, x, context, &noCache)
      if kept == .everything { pass.records.append(record) }
      x = output
    }
    if kept != .nothing { pass.inputs.append(x) }
    if let norm = plan.finalNorm {
      (x, pass.finalNorm) = apply(norm, x)
    }
    pass.hidden = x
    return pass
  }

  func context(_ batch: Batch, _ gates: Gates<Element>?) -> PassContext<Element> {
    var rotary: RotaryTable<Element>?
    if case .rotary(let frequencies) = plan.embedding.positions {
      rotary = RotaryTable(
        positions: Int(batch.positions.max() ?? 0) + 1, frequencies: frequencies)
    }
    return PassContext(
      batch: batch, spans: batch.sequences.map { AttentionSpan(queries: $0, keys: $0) },
      rotary: rotary, gates: gates, layerCount: plan.layers.count)
  }

  /// Whether every token, segment and position has its row.
  func check(_ batch: Batch) throws(InputError) {
    for (row, token) in batch.tokens.enumerated()
    where token < 0 || Int(token) >= plan.vocabulary {
      throw InputError("token \(token) at row \(row): the vocabulary has \(plan.vocabulary)")
    }
    for (index, sequence) in batch.sequences.enumerated() where sequence.isEmpty {
      throw InputError("sequence \(index) is empty")
    }
    if case .learned(let table, let skip) = plan.embedding.positions {
      let limit = parameters[table].rows - skip
      for (index, sequence) in batch.sequences.enumerated() {
        let length = Int(batch.positions[sequence.upperBound - 1]) + 1
        guard length <= limit else {
          throw InputError(
            "sequence \(index) has \(length) tokens, the model has \(limit) positions")
        }
      }
    }
    if let types = plan.embedding.tokenTypes {
      let limit = parameters[types].rows
      for (row, type) in batch.tokenTypes.enumerated() where type < 0 || Int(type) >= limit {
        throw InputError("segment \(type) at row \(row): the model has \(limit)")
      }
    }
  }
}
