import Architecture
import Compute

/// Keys and values of the tokens that were seen, layer by layer: a new token costs its own row alone.
///
/// Each sequence has rows of its own, as many as it may ever need; memory is taken once.
struct KeyValueCache<Element: Scalar>: Sendable {
  /// For each layer the keys and the values of all sequences, (sequences · capacity × groups · width).
  private var keys: [Matrix<Element>]
  private var values: [Matrix<Element>]
  /// How many rows of each sequence are filled.
  private(set) var lengths: [Int]
  private let capacities: [Int]
  private let starts: [Int]
  private let groups: Int
  private let width: Int

  /// Takes room for sequences of the given greatest lengths.
  init(capacities: [Int], _ plan: ModelPlan) {
    let sizes = plan.dimensions
    (groups, width) = (sizes.groups, sizes.headWidth)
    self.capacities = capacities
    lengths = Array(repeating: 0, count: capacities.count)
    var starts: [Int] = []
    var rows = 0
    for capacity in capacities {
      starts.append(rows)
      rows += capacity
    }
    self.starts = starts
    let blank = Matrix<Element>(rows: rows, columns: groups * width)
    keys = Array(repeating: blank, count: sizes.layers)
    values = keys
  }

  /// Takes note that rows were added to some sequences, once every layer has added its own.
  mutating func advance(_ sequences: [Int], by counts: [Int]) {
    for (sequence, count) in zip(sequences, counts) { lengths[sequence] += count }
  }

  /// Adds a layer's keys and values, and lets its queries look at all there are.
  ///
  /// - Parameter sequences: Which of the cache's sequences each of the batch's is.
  /// - Returns: The heads' outputs.
  mutating func attend(
    _ layer: Int, _ projections: [Matrix<Element>], _ shape: AttentionShape,
    _ spans: [AttentionSpan], sequences: [Int], _ workers: Workers
  ) -> Matrix<Element> {
    var cached: [AttentionSpan] = []
    var rows: [Int32] = []
    for (span, sequence) in zip(spans, sequences) {
      let start = starts[sequence] + lengths[sequence]
      let end = start + span.queries.count
      precondition(end <= starts[sequence] + capacities[sequence], "the cache is full")
      rows += (start..<end).map { Int32($0) }
      cached.append(AttentionSpan(queries: span.queries, keys: starts[sequence]..<end))
    }
    workers.copyHeads(
      of: projections[shape.key.matrix], shape.key, heads: groups, width: width,
      to: &keys[layer], rows: rows)
    workers.copyHeads(
      of: projections[shape.value.matrix], shape.value, heads: groups, width: width,
      to: &values[layer], rows: rows)
    var shape = shape
    let queries = projections[shape.query.matrix]
    shape.query = HeadRuns(matrix: 0, start: shape.query.start, stride: shape.query.stride)
    shape.key = HeadRuns(matrix: 1, start: 0, stride: width)
    shape.value = HeadRuns(matrix: 2, start: 0, stride: width)
    return workers.attention([queries, keys[layer], values[layer]], shape, cached)
  }
}
