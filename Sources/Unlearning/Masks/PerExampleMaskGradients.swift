public import Architecture
public import Compute
public import Storage
public import Transformer

/// The gradient of each example's loss in each unit's mask variable at m = 1, collected over batches.
///
/// What MAPE-Unlearn searches with: g(x) = ∂ℓ(x)/∂m, one vector for each example of a data set or of a sample of
/// it. For each layer a matrix of examples × head units and one of examples × filters, in binary32.
public struct PerExampleMaskGradients: Hashable, Sendable {
  /// How many units the model has.
  public let counts: UnitCounts
  /// How many examples there are gradients of: N.
  public private(set) var examples = 0
  /// How many examples these stand for: |D| where N of |D| were drawn, nil where they are all.
  public var datasetSize: Int?
  /// The digest of the model that the gradients are of, where it is known.
  public var model: Digest?
  // For each layer examples × units, row by row.
  private var heads: [[Float]]
  private var filters: [[Float]]

  /// Begins without examples.
  public init(_ counts: UnitCounts, datasetSize: Int? = nil, model: Digest? = nil) {
    self.counts = counts
    self.datasetSize = datasetSize
    self.model = model
    heads = Array(repeating: [], count: counts.layers)
    filters = heads
  }

  /// Takes gradients whose sizes are known to agree.
  init(
    _ counts: UnitCounts, examples: Int, datasetSize: Int?, model: Digest?, heads: [[Float]],
    filters: [[Float]]
  ) throws(MaskError) {
    self.init(counts, datasetSize: datasetSize, model: model)
    self.examples = examples
    self.heads = heads
    self.filters = filters
    try demandFinite(.head, heads, from: 0)
    try demandFinite(.filter, filters, from: 0)
  }

  /// Adds a batch's gradients, as a backward pass gives them.
  ///
  /// The pass's weighting decides what ℓ(x) is: `.sum` for the sum over an example's labels,
  /// `.meanOfEachExample` for their mean. With `.mean` an example's gradient depends on its batch.
  public mutating func append(_ gradients: MaskGradients<Float>) throws(MaskError) {
    try append(heads: gradients.heads, filters: gradients.filters)
  }

  /// Adds examples: for each layer a matrix of examples × head units and one of examples × filters.
  ///
  /// Nothing is added where sizes do not agree, or a number is infinite or none.
  public mutating func append(heads: [Matrix<Float>], filters: [Matrix<Float>]) throws(MaskError) {
    let rows = heads.first?.rows ?? 0
    guard heads.count == counts.layers, filters.count == counts.layers,
      heads.allSatisfy({ $0.rows == rows && $0.columns == counts.heads }),
      filters.allSatisfy({ $0.rows == rows && $0.columns == counts.filters })
    else {
      throw .mismatch(
        "mask gradients are not of \(counts.layers) layers of \(counts.heads) heads and \(counts.filters) filters"
      )
    }
    let (newHeads, newFilters) = (heads.map(\.array), filters.map(\.array))
    try demandFinite(.head, newHeads, from: examples)
    try demandFinite(.filter, newFilters, from: examples)
    for layer in 0..<counts.layers {
      self.heads[layer] += newHeads[layer]
      self.filters[layer] += newFilters[layer]
    }
    examples += rows
  }

  /// The gradients of mini-batches in the place of examples: the sum over each run of `size` examples, the last one
  /// shorter where they do not come out even.
  ///
  /// Kwon et al. 2022 square the gradients of batches' mean losses; this is theirs times the batch's size.
  public func summed(inBatchesOf size: Int) throws(MaskError) -> PerExampleMaskGradients {
    guard size > 0 else { throw .mismatch("batches of \(size) examples") }
    let size = min(size, max(examples, 1))
    let batches = (examples + size - 1) / size
    func sums(_ layers: [[Float]], _ units: Int) -> [[Float]] {
      layers.map { values in
        var sums = [Float](repeating: 0, count: batches * units)
        let source = values.span
        var target = sums.mutableSpan
        for example in 0..<examples {
          let start = example / size * units
          for unit in 0..<units { target[start + unit] += source[example * units + unit] }
        }
        return sums
      }
    }
    return try PerExampleMaskGradients(
      counts, examples: batches,
      datasetSize: datasetSize.map { max(batches, ($0 + size - 1) / size) }, model: model,
      heads: sums(heads, counts.heads), filters: sums(filters, counts.filters))
  }

  private func demandFinite(_ kind: Unit.Kind, _ layers: [[Float]], from first: Int)
    throws(MaskError)
  {
    for (layer, values) in layers.enumerated() {
      guard let place = values.firstIndex(where: { !$0.isFinite }) else { continue }
      let (row, index) = place.quotientAndRemainder(dividingBy: counts.count(kind))
      throw .notFinite(Unit(layer: layer, kind: kind, index: index), example: first + row)
    }
  }

  /// One example's gradient in one unit's mask variable.
  public subscript(example: Int, unit: Unit) -> Float {
    values(layer: unit.layer, kind: unit.kind)[example * counts.count(unit.kind) + unit.index]
  }

  /// The gradients of one layer and kind: examples × units, row by row.
  public func values(layer: Int, kind: Unit.Kind) -> [Float] {
    kind == .head ? heads[layer] : filters[layer]
  }

  /// The bytes that the gradients take.
  public var byteCount: Int { 4 * examples * counts.total }

  /// The factor |D| / N by which a sum over the examples stands for the data set.
  func representation(_ name: String) throws(MaskError) -> Double {
    guard examples > 0 else { throw .mismatch("there are no mask gradients of the \(name) set") }
    let size = datasetSize ?? examples
    guard size >= examples else {
      throw .mismatch("\(examples) examples cannot stand for a \(name) set of \(size)")
    }
    return Double(size) / Double(examples)
  }

  /// Reduces each unit's column of one layer and kind: Σ body(g) over the examples, in binary64.
  func sums(layer: Int, kind: Unit.Kind, _ reduction: Reduction) -> [Double] {
    let units = counts.count(kind)
    let values = values(layer: layer, kind: kind)
    var sums = [Double](repeating: 0, count: units)
    let source = values.span
    var target = sums.mutableSpan
    for example in 0..<examples {
      let start = example * units
      switch reduction {
      case .sum: for unit in 0..<units { target[unit] += Double(source[start + unit]) }
      case .magnitude:
        for unit in 0..<units { target[unit] += abs(Double(source[start + unit])) }
      case .square:
        for unit in 0..<units {
          let value = Double(source[start + unit])
          target[unit] += value * value
        }
      }
    }
    return sums
  }

  /// What is summed over examples.
  enum Reduction { case sum, magnitude, square }

  /// The gradients of one layer and kind in binary64: examples × units.
  func matrix(layer: Int, kind: Unit.Kind) -> Matrix<Double> {
    let values = values(layer: layer, kind: kind)
    var matrix = Matrix<Double>(rows: examples, columns: counts.count(kind))
    matrix.withMutableElements { target in
      for index in 0..<target.count { target[index] = Double(values[index]) }
    }
    return matrix
  }
}
