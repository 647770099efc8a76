/// What the backward pass of a normalisation needs of the forward pass, one number a row.
public struct NormStatistics<Element: Scalar>: Sendable {
  /// The means; unused by RMS normalisation.
  var mean: Matrix<Element>
  /// One over the standard deviation, or over the root of the mean square.
  var inverse: Matrix<Element>
}

/// Which normalisation: of layer (Ba et al., 2016) or root mean square (Zhang & Sennrich, 2019).
public enum NormKind: Hashable, Sendable {
  /// Centred and scaled.
  case layer
  /// Scaled alone; `offset` is added to the weights (1 for Gemma).
  case rootMeanSquare(offset: Double)
}

extension Workers {
  /// Normalises each row: `(x − mean) / √(var + ε) · weight + bias`, or `x / √(ms + ε) · (weight + offset)`.
  public func normalize<Element>(
    _ x: Matrix<Element>, _ kind: NormKind, epsilon: Double, weight: Matrix<Element>,
    bias: Matrix<Element>?
  ) -> (Matrix<Element>, NormStatistics<Element>) {
    let columns = x.columns
    precondition(weight.count == columns && (bias == nil || bias?.count == columns))
    var y: Matrix<Element> = blank(rows: x.rows, columns: columns)
    var statistics = NormStatistics<Element>(
      mean: Matrix(rows: 1, columns: kind == .layer ? x.rows : 0),
      inverse: Matrix(uninitializedRows: 1, columns: x.rows))
    let source = unsafe x.pointer
    let target = unsafe y.mutablePointer()
    let mean = unsafe statistics.mean.mutablePointer()
    let inverse = unsafe statistics.inverse.mutablePointer()
    let scale = unsafe weight.pointer
    let shift = unsafe bias?.pointer
    split(x.rows, cost: 4 * columns) { rows in
      let first = rows.lowerBound
      let at = first * columns
      switch kind {
      case .layer:
        unsafe Element.kernels.layerNorm(
          source + at, scale, shift, Element(epsilon), target + at, mean + first, inverse + first,
          rows.count, columns)
      case .rootMeanSquare(let offset):
        unsafe Element.kernels.rmsNorm(
          source + at, columns, scale, Element(offset), Element(epsilon), target + at, columns,
          inverse + first, rows.count, columns)
      }
    }
    return (y, statistics)
  }

  /// The gradient of the input; those of weight and bias are added to what is given.
  public func normalizeBackward<Element>(
    _ x: Matrix<Element>, _ kind: NormKind, weight: Matrix<Element>,
    _ statistics: NormStatistics<Element>, gradient: Matrix<Element>,
    weightGradient: inout Matrix<Element>?, biasGradient: inout Matrix<Element>?
  ) -> Matrix<Element> {
    let columns = x.columns
    precondition(gradient.rows == x.rows && gradient.columns == columns)
    var dx: Matrix<Element> = blank(rows: x.rows, columns: columns)
    let source = unsafe x.pointer
    let target = unsafe dx.mutablePointer()
    let dy = unsafe gradient.pointer
    let mean = unsafe statistics.mean.pointer
    let inverse = unsafe statistics.inverse.pointer
    let scale = unsafe weight.pointer
    // One set of sums for each part, added up in the order of the parts.
    let parts = x.count < 1 << 13 ? 1 : count
    let wants = weightGradient != nil || biasGradient != nil
    var partial = Matrix<Element>(rows: 2 * parts, columns: wants ? columns : 0)
    let sums = unsafe partial.mutablePointer()
    run(tasks: parts) { part in
      let rows = x.rows * part / parts..<x.rows * (part + 1) / parts
      let first = rows.lowerBound
      let at = first * columns
      let dWeight = unsafe wants ? sums + 2 * part * columns : nil
      let dBias = unsafe wants ? sums + (2 * part + 1) * columns : nil
      switch kind {
      case .layer:
        unsafe Element.kernels.layerNormBackward(
          source + at, scale, mean + first, inverse + first, dy + at, target + at, dWeight, dBias,
          rows.count, columns)
      case .rootMeanSquare(let offset):
        unsafe Element.kernels.rmsNormBackward(
          source + at, columns, scale, Element(offset), inverse + first, dy + at, columns,
          target + at, columns, dWeight, rows.count, columns)
      }
    }
    for part in 0..<parts where wants {
      if let out = unsafe weightGradient?.mutablePointer() {
        unsafe Element.kernels.add(sums + 2 * part * columns, out, columns)
      }
      if let out = unsafe biasGradient?.mutablePointer() {
        unsafe Element.kernels.add(sums + (2 * part + 1) * columns, out, columns)
      }
    }
    return dx
  }
}
