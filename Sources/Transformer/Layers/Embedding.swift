import Architecture
import Compute

/// What the embedding keeps for its backward pass.
struct EmbeddingRecord<Element: Scalar>: Sendable {
  /// The sum before its normalisation; only where there is one.
  var sum: Matrix<Element>?
  var statistics: NormStatistics<Element>?
}

/// Tokens, positions and segments as vectors.
extension Model {
  private func positionRows(_ batch: Batch, skip: Int) -> [Int32] {
    batch.positions.map { $0 + Int32(skip) }
  }

  func embed(_ batch: Batch) -> (Matrix<Element>, EmbeddingRecord<Element>) {
    let embedding = plan.embedding
    var x = workers.rows(of: parameters[embedding.tokens], at: batch.tokens)
    if embedding.scale != 1 { workers.scale(&x, by: Element(embedding.scale)) }
    if case .learned(let table, let skip) = embedding.positions {
      workers.add(
        workers.rows(of: parameters[table], at: positionRows(batch, skip: skip)), to: &x)
    }
    if let types = embedding.tokenTypes {
      workers.add(workers.rows(of: parameters[types], at: batch.tokenTypes), to: &x)
    }
    guard let norm = embedding.norm else { return (x, EmbeddingRecord()) }
    let (normed, statistics) = apply(norm, x)
    return (normed, EmbeddingRecord(sum: x, statistics: statistics))
  }

  func embedBackward(
    _ batch: Batch, _ record: EmbeddingRecord<Element>, _ dy: Matrix<Element>,
    _ gradients: inout Gradients<Element>
  ) {
    let embedding = plan.embedding
    var dx = dy
    if let norm = embedding.norm, let sum = record.sum, let statistics = record.statistics {
      dx = inputGradient(norm, input: sum, statistics, dy, &gradients)
    }
    if let types = embedding.tokenTypes {
      addRows(dx, at: batch.tokenTypes, to: types, &gradients)
    }
    if case .learned(let table, let skip) = embedding.positions {
      addRows(dx, at: positionRows(batch, skip: skip), to: table, &gradients)
    }
    if embedding.scale != 1 { workers.scale(&dx, by: Element(embedding.scale)) }
    addRows(dx, at: batch.tokens, to: embedding.tokens, &gradients)
  }

  private func addRows(
    _ dx: Matrix<Element>, at indices: [Int32], to table: Int,
    _ gradients: inout Gradients<Element>
  ) {
    guard let region = gradients.trainable[table] else { return }
    precondition(gradients.statistic == .gradient, "squares are summed for linear maps alone")
    if case .all = region {
      gradients.add(rows: dx, at: indices, to: table, workers)
    } else {
      var whole = Matrix<Element>(
        rows: parameters[table].rows, columns: parameters[table].columns)
      workers.add(rows: dx, to: &whole, at: indices)
      gradients.add(whole: whole, to: table, workers)
    }
  }

  /// Whether anything below the first layer is trained.
  func trainsEmbedding(_ trainable: Trainable) -> Bool {
    let embedding = plan.embedding
    var parts = [embedding.tokens]
    if case .learned(let table, _) = embedding.positions { parts.append(table) }
    parts += [embedding.tokenTypes, embedding.norm?.weight, embedding.norm?.bias].compactMap { $0 }
    return parts.contains { trainable[$0] != nil }
  }
}
