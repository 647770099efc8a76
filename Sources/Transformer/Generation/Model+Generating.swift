import Architecture
public import Compute

/// Text goes on: token after token, each sequence of the batch until it ends.
extension Model {
  /// Continues prompts.
  ///
  /// A prompt's tokens do not depend on the other prompts of the batch but for rounding. Prompt and limit
  /// together must fit the positions that the model was made for.
  ///
  /// - Parameter random: Drawn from where tokens are sampled, in the order of step and prompt.
  public func generate(
    _ prompts: [[Int32]], _ options: GenerationOptions, random: inout RandomNumbers
  ) throws(InputError) -> [Generated] {
    guard plan.isCausal, plan.output?.task == .languageModel else {
      throw InputError("a \(plan.family) model without a language model's output does not generate")
    }
    // The last token is not read again.
    let most = plan.positionLimit - (prompts.map(\.count).max() ?? 0) + 1
    guard (0...max(0, most)).contains(options.limit) else {
      throw InputError(
        "\(options.limit) tokens after the longest prompt: the model's \(plan.positionLimit) positions"
          + " leave room for \(max(0, most))")
    }
    var results = Array(repeating: Generated(), count: prompts.count)
    guard options.limit > 0, !prompts.isEmpty else { return results }
    // The last token's own keys are never needed.
    var cache: KeyValueCache? = KeyValueCache<Element>(
      capacities: prompts.map { $0.count + options.limit - 1 }, plan)
    var running = Array(prompts.indices)
    var batch = Batch(prompts)
    for step in 0..<options.limit {
      let pass = try advance(batch, sequences: running, &cache)
      let logits = try self.logits(
        pass, rows: batch.sequences.map { Int32($0.upperBound - 1) })
      var next: [(sequence: Int, token: Int32)] = []
      for (row, sequence) in running.enumerated() {
        let values = logits.row(row)
        let token = Int32(options.choice.token(values, &random))
        if options.ends.contains(token) {
          results[sequence].hasEnded = true
          continue
        }
        results[sequence].tokens.append(token)
        let one = Matrix<Element>(rows: 1, columns: values.count, values)
        let logProbability = workers.logSoftmax(one, labels: [token]).logProbabilities[0]
        results[sequence].logProbabilities.append(Double(logProbability))
        next.append((sequence, token))
      }
      running = next.map(\.sequence)
      if running.isEmpty || step + 1 == options.limit { break }
      batch = Batch(
        following: next.map { (Int32(cache?.lengths[$0.sequence] ?? 0), $0.token) })
    }
    return results
  }

  /// A pass over tokens that follow those in the cache.
  private func advance(
    _ batch: Batch, sequences: [Int], _ cache: inout KeyValueCache<Element>?
  ) throws(InputError) -> ForwardPass<Element> {
    try check(batch)
    var context = context(batch, nil)
    context.cached = sequences
    var (x, embedding) = embed(batch)
    embedding = EmbeddingRecord()
    for index in plan.layers.indices { x = layer(index, x, context, &cache).output }
    if let norm = plan.finalNorm { x = apply(norm, x).0 }
    cache?.advance(sequences, by: batch.sequences.map(\.count))
    return ForwardPass(batch: batch, hidden: x, context: context, embedding: embedding)
  }
}
