/// Where the heads' features lie in a matrix: head h has the columns from `start + h · stride`.
public struct HeadRuns: Hashable, Sendable {
  /// Which of the inputs' matrices.
  public let matrix: Int
  /// The first column of head 0.
  public let start: Int
  /// How far apart two heads begin.
  public let stride: Int

  /// Names a place.
  public init(matrix: Int, start: Int, stride: Int) {
    self.matrix = matrix
    self.start = start
    self.stride = stride
  }
}

/// The sizes and the rule of one attention layer.
public struct AttentionShape: Hashable, Sendable {
  /// Query heads.
  public var heads: Int
  /// Key-value groups; each serves `heads / groups` query heads.
  public var groups: Int
  /// The width of a head.
  public var width: Int
  /// What scores are multiplied by.
  public var scale: Double
  /// Whether a token looks only at itself and those before it.
  public var isCausal: Bool
  /// How many tokens back a token looks, itself included; nil for all.
  public var window: Int?
  /// Where queries, keys and values are.
  public var query: HeadRuns, key: HeadRuns, value: HeadRuns

  /// Describes a layer.
  public init(
    heads: Int, groups: Int, width: Int, scale: Double, isCausal: Bool, window: Int? = nil,
    query: HeadRuns, key: HeadRuns, value: HeadRuns
  ) {
    self.heads = heads
    self.groups = groups
    self.width = width
    self.scale = scale
    self.isCausal = isCausal
    self.window = window
    self.query = query
    self.key = key
    self.value = value
  }
}

/// One sequence: the rows of its queries, and those of its keys and values, of which the queries are the last.
public struct AttentionSpan: Hashable, Sendable {
  /// Rows of the query matrix.
  public var queries: Range<Int>
  /// Rows of the key and value matrices.
  public var keys: Range<Int>

  /// Pairs queries and keys.
  public init(queries: Range<Int>, keys: Range<Int>) {
    self.queries = queries
    self.keys = keys
  }
}

/// How many query rows are worked on at once: the only part of the T × T scores that ever exists.
private let tileRows = 128

extension Workers {
  /// `softmax(scale · Q Kᵀ) V` for each sequence and head (Vaswani et al., 2017), tile by tile.
  ///
  /// Gives the heads' outputs (N × heads · width). The backward pass makes a tile's probabilities again (Dao et al.,
  /// 2022), from scores and their largest: with a kept logarithm of the denominator they would add up to 1 only as
  /// exactly as scores are small.
  public func attention<Element>(
    _ inputs: [Matrix<Element>], _ shape: AttentionShape, _ spans: [AttentionSpan]
  ) -> Matrix<Element> {
    check(inputs, shape, spans)
    let rows = inputs[shape.query.matrix].rows
    let outWidth = shape.heads * shape.width
    var output: Matrix<Element> = blank(rows: rows, columns: outWidth)
    let out = unsafe output.mutablePointer()
    let (q, k, v) = unsafe (
      inputs[shape.query.matrix].pointer, inputs[shape.key.matrix].pointer,
      inputs[shape.value.matrix].pointer
    )
    let (ldq, ldk, ldv) = (
      inputs[shape.query.matrix].columns, inputs[shape.key.matrix].columns,
      inputs[shape.value.matrix].columns
    )
    let kernels = unsafe Element.kernels
    run(tasks: spans.count * shape.heads) { task in
      let span = spans[task / shape.heads]
      let head = task % shape.heads
      let group = head / (shape.heads / shape.groups)
      for tile in tiles(of: span, shape) {
        let keyRows = tile.keys.count
        var scores: Matrix<Element> = blank(rows: tile.queries.count, columns: keyRows)
        let s = unsafe scores.mutablePointer()
        let first = tile.queries.lowerBound
        let queryAt = unsafe q + first * ldq + shape.query.start + head * shape.query.stride
        let keyRow = span.keys.lowerBound + tile.keys.lowerBound
        let keyAt = unsafe k + keyRow * ldk + shape.key.start + group * shape.key.stride
        let valueAt = unsafe v + keyRow * ldv + shape.value.start + group * shape.value.stride
        unsafe kernels.product(
          false, true, tile.queries.count, keyRows, shape.width, Element(shape.scale), queryAt, ldq,
          keyAt, ldk, 0, s, keyRows)
        unsafe kernels.softmaxRows(
          s, keyRows, tile.queries.count, keyRows, tile.position - tile.keys.lowerBound,
          shape.isCausal ? 1 : 0, shape.window ?? 0)
        unsafe kernels.product(
          false, false, tile.queries.count, shape.width, keyRows, 1, s, keyRows, valueAt, ldv, 0,
          out + first * outWidth + head * shape.width, outWidth)
      }
    }
    return output
  }

  /// The gradients of the input matrices, in the same layout.
  public func attentionBackward<Element>(
    _ inputs: [Matrix<Element>], _ shape: AttentionShape, _ spans: [AttentionSpan],
    gradient: Matrix<Element>
  ) -> [Matrix<Element>] {
    check(inputs, shape, spans)
    precondition(gradient.rows == inputs[shape.query.matrix].rows)
    precondition(gradient.columns == shape.heads * shape.width)
    var gradients: [Matrix<Element>] = inputs.map { zeros(rows: $0.rows, columns: $0.columns) }
    let (dq, dk, dv) = unsafe (
      gradients[shape.query.matrix].mutablePointer(), gradients[shape.key.matrix].mutablePointer(),
      gradients[shape.value.matrix].mutablePointer()
    )
    let (q, k, v) = unsafe (
      inputs[shape.query.matrix].pointer, inputs[shape.key.matrix].pointer,
      inputs[shape.value.matrix].pointer
    )
    let (ldq, ldk, ldv) = (
      inputs[shape.query.matrix].columns, inputs[shape.key.matrix].columns,
      inputs[shape.value.matrix].columns
    )
    let dOut = unsafe gradient.pointer
    let outWidth = gradient.columns
    let perGroup = shape.heads / shape.groups
    let kernels = unsafe Element.kernels
    // One task for a sequence and group: nobody else adds to the group's keys and values.
    run(tasks: spans.count * shape.groups) { task in
      let span = spans[task / shape.groups]
      let group = task % shape.groups
      for head in group * perGroup..<(group + 1) * perGroup {
        for tile in tiles(of: span, shape) {
          let (count, keyRows) = (tile.queries.count, tile.keys.count)
          var probabilities: Matrix<Element> = blank(rows: count, columns: keyRows)
          var scores: Matrix<Element> = blank(rows: count, columns: keyRows)
          let p = unsafe probabilities.mutablePointer()
          let s = unsafe scores.mutablePointer()
          let first = tile.queries.lowerBound
          let keyRow = span.keys.lowerBound + tile.keys.lowerBound
          let queryAt = first * ldq + shape.query.start + head * shape.query.stride
          let keyAt = keyRow * ldk + shape.key.start + group * shape.key.stride
          let valueAt = keyRow * ldv + shape.value.start + group * shape.value.stride
          let outAt = first * outWidth + head * shape.width
          unsafe kernels.product(
            false, true, count, keyRows, shape.width, Element(shape.scale), q + queryAt, ldq,
            k + keyAt, ldk, 0, p, keyRows)
          unsafe kernels.softmaxRows(
            p, keyRows, count, keyRows, tile.position - tile.keys.lowerBound,
            shape.isCausal ? 1 : 0, shape.window ?? 0)
          // dV += Pᵀ dO; dP = dO Vᵀ; dS = P (dP − Σ P dP) scale; dQ = dS K; dK += dSᵀ Q.
          unsafe kernels.product(
            true, false, keyRows, shape.width, count, 1, p, keyRows, dOut + outAt, outWidth, 1,
            dv + valueAt, ldv)
          unsafe kernels.product(
            false, true, count, keyRows, shape.width, 1, dOut + outAt, outWidth, v + valueAt, ldv,
            0, s, keyRows)
          unsafe kernels.softmaxBackward(
            p, s, keyRows, count, keyRows, Element(shape.scale))
          unsafe kernels.product(
            false, false, count, shape.width, keyRows, 1, s, keyRows, k + keyAt, ldk, 0,
            dq + queryAt, ldq)
          unsafe kernels.product(
            true, false, keyRows, shape.width, count, 1, s, keyRows, q + queryAt, ldq, 1,
            dk + keyAt, ldk)
        }
      }
    }
    return gradients
  }

  /// Some query rows of a sequence, and the keys that any of them looks at.
  private struct Tile {
    var queries: Range<Int>
    /// The first query's place in the sequence.
    var position: Int
    /// Places in the sequence.
    var keys: Range<Int>
  }

  private func tiles(of span: AttentionSpan, _ shape: AttentionShape) -> [Tile] {
    let offset = span.keys.count - span.queries.count
    return stride(from: 0, to: span.queries.count, by: tileRows).map { start in
      let end = min(start + tileRows, span.queries.count)
      let last = shape.isCausal ? offset + end : span.keys.count
      let first = shape.window.map { max(0, offset + start + 1 - $0) } ?? 0
      return Tile(
        queries: span.queries.lowerBound + start..<span.queries.lowerBound + end,
        position: offset + start, keys: first..<last)
    }
  }

  private func check<Element>(
    _ inputs: [Matrix<Element>], _ shape: AttentionShape, _ spans: [AttentionSpan]
  ) {
    precondition(shape.groups > 0 && shape.heads.isMultiple(of: shape.groups))
    precondition(shape.window == nil || shape.isCausal, "a window is for causal attention")
    for (runs, count) in [
      (shape.query, shape.heads), (shape.key, shape.groups), (shape.value, shape.groups),
    ] {
      let end = runs.start + (count - 1) * runs.stride + shape.width
      precondition(runs.start >= 0 && end <= inputs[runs.matrix].columns, "heads beyond the matrix")
    }
    let keyRows = min(inputs[shape.key.matrix].rows, inputs[shape.value.matrix].rows)
    for span in spans {
      precondition(
        span.queries.lowerBound >= 0 && span.queries.upperBound <= inputs[shape.query.matrix].rows)
      precondition(span.keys.lowerBound >= 0 && span.keys.upperBound <= keyRows)
      precondition(span.queries.count <= span.keys.count)
    }
  }
}
