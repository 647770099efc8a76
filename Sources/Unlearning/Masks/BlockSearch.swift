import Architecture
import Compute

/// The search of one layer and kind, whose part of the objective no other part of the mask changes.
///
/// All in binary64 and with one thread; blocks run side by side. The set Z of zeros keeps its size: a swap takes
/// unit i into Z and unit j out of it. With s = Σ_{Z} g and d = gᵢ − gⱼ the objective changes by exactly
///
///     aᵢ − aⱼ + ½ c dᵀ(2 s + d),
///
/// and the best j for a given i has the least −aⱼ + ½ c (‖gⱼ‖² − 2 gⱼᵀ(s + gᵢ)). The products gⱼᵀs are kept up to
/// date, and gⱼᵀgᵢ comes from one matrix product for 64 candidates at once.
struct BlockSearch {
  /// What a search of a block ends with.
  struct Outcome: Sendable {
    var zeros: [Int]
    var before: MaskProblem.Terms
    var after: MaskProblem.Terms
    var swaps: Int
    var passes: Int
    var isLocalOptimum: Bool
    var seconds: Double
  }

  private static let batch = 64

  /// −1 where the objective is maximised: what is searched for is always the least.
  private let sign: Double
  /// a.
  private let linear: [Double]
  /// ½ c, without the sign.
  private let half: Double
  /// Q in binary64: examples × units; no rows where there are no pairs.
  private let gradients: Matrix<Double>
  /// The score of each unit.
  private let scores: [Double]
  /// One thread: the blocks are what runs side by side.
  private let workers: Workers

  init(_ problem: MaskProblem, layer: Int, kind: Unit.Kind, _ workers: Workers) {
    self.workers = workers
    sign = problem.sense == .minimise ? 1 : -1
    linear = problem.linear.values(layer: layer, kind: kind)
    scores = problem.scores.values(layer: layer, kind: kind)
    half = problem.scale / 2
    gradients =
      problem.gradients?.matrix(layer: layer, kind: kind) ?? Matrix(rows: 0, columns: linear.count)
  }

  /// The bytes that a search of `zeros` of `units` holds, Q included.
  static func byteCount(units: Int, zeros: Int, examples: Int) -> Int {
    8 * (examples * (units + zeros + batch) + batch * zeros + 4 * units + 2 * zeros)
  }

  /// The objective's terms of a set of zeros.
  func terms(_ zeros: [Int]) -> MaskProblem.Terms {
    let sum = sum(of: zeros)
    return MaskProblem.Terms(
      linear: zeros.reduce(0) { $0 + linear[$1] },
      quadratic: half * sum.reduce(0) { $0 + $1 * $1 })
  }

  /// s = Σ_{Z} g, one number for each example.
  private func sum(of zeros: [Int]) -> [Double] {
    let units = gradients.columns
    return gradients.withElements { source in
      (0..<gradients.rows).map { example in
        var total = 0.0
        for unit in zeros { total += source[example * units + unit] }
        return total
      }
    }
  }

  /// Swaps for at most `limit` passes, or until a pass finds nothing to improve.
  ///
  /// A pass tries every unit outside Z once, the one whose score fits Z best first, and takes at most one swap for
  /// each: with a = 0 and c = 1 this is `greedy_rearrange` of Kwon et al. 2022. A unit that has left Z is not
  /// tried again before the next pass.
  func run(from start: [Int], limit: Int) -> Outcome {
    let clock = ContinuousClock()
    let begin = clock.now
    let before = terms(start)
    var outcome = Outcome(
      zeros: start, before: before, after: before, swaps: 0, passes: 0, isLocalOptimum: false,
      seconds: 0)
    // With all units or none in Z there is nothing to swap.
    if start.isEmpty || start.count == linear.count { outcome.isLocalOptimum = true }
    let order = scores.indices.sorted {
      let (left, right) = (sign * scores[$0], sign * scores[$1])
      return left != right ? left < right : $0 < $1
    }
    var state = State(self, start)
    while !outcome.isLocalOptimum && outcome.passes < limit {
      let swaps = pass(&state, order)
      outcome.passes += 1
      outcome.swaps += swaps
      outcome.isLocalOptimum = swaps == 0
    }
    outcome.zeros = state.zeros.sorted()
    outcome.after = outcome.swaps == 0 ? before : terms(outcome.zeros)
    outcome.seconds = (clock.now - begin).seconds
    return outcome
  }

  /// Z, and what is known of it; places count along Z.
  private struct State {
    var zeros: [Int]
    var isZero: [Bool]
    /// s.
    var sum: [Double] = []
    /// For each place gⱼᵀs.
    var products: [Double] = []
    /// For each place −aⱼ + ½ c ‖gⱼ‖², with the sign.
    var bases: [Double] = []
    /// examples × places: the columns of Q that are in Z.
    var columns: Matrix<Double>

    init(_ block: borrowing BlockSearch, _ zeros: [Int]) {
      self.zeros = zeros
      isZero = Array(repeating: false, count: block.linear.count)
      for unit in zeros { isZero[unit] = true }
      columns = block.workers.columns(of: block.gradients, at: zeros.map { Int32($0) })
    }
  }

  /// Computes anew what swaps have only added to, so that rounding does not pile up.
  private func refresh(_ state: inout State) {
    state.sum = sum(of: state.zeros)
    state.products = Array(repeating: 0, count: state.zeros.count)
    addProducts(state.sum, state.columns, to: &state.products)
    state.bases = state.zeros.map { base(of: $0, column($0)) }
  }

  private func base(of unit: Int, _ column: [Double]) -> Double {
    sign * (half * column.reduce(0) { $0 + $1 * $1 } - linear[unit])
  }

  /// g of one unit.
  private func column(_ unit: Int) -> [Double] {
    let units = gradients.columns
    return gradients.withElements { source in
      (0..<gradients.rows).map { source[$0 * units + unit] }
    }
  }

  /// products += columnsᵀ · vector, four rows at a time so that `products` is seldom stored.
  private func addProducts(
    _ vector: [Double], _ columns: Matrix<Double>, to products: inout [Double]
  ) {
    let count = columns.columns
    var target = products.mutableSpan
    columns.withElements { source in Self.add(vector, source, count, to: &target) }
  }

  private static func add(
    _ vector: [Double], _ source: Span<Double>, _ count: Int, to target: inout MutableSpan<Double>
  ) {
    var row = 0
    while row + 4 <= vector.count {
      let (v0, v1, v2, v3) = (vector[row], vector[row + 1], vector[row + 2], vector[row + 3])
      let r0 = source.extracting(row * count..<(row + 1) * count)
      let r1 = source.extracting((row + 1) * count..<(row + 2) * count)
      let r2 = source.extracting((row + 2) * count..<(row + 3) * count)
      let r3 = source.extracting((row + 3) * count..<(row + 4) * count)
      for place in 0..<count {
        target[place] += v0 * r0[place] + v1 * r1[place] + (v2 * r2[place] + v3 * r3[place])
      }
      row += 4
    }
    while row < vector.count {
      let value = vector[row]
      let r0 = source.extracting(row * count..<(row + 1) * count)
      for place in 0..<count { target[place] += value * r0[place] }
      row += 1
    }
  }

  /// Tries every unit outside Z once; gives the number of swaps.
  private func pass(_ state: inout State, _ order: [Int]) -> Int {
    refresh(&state)
    let candidates = order.filter { !state.isZero[$0] }
    var swaps = 0
    var start = 0
    while start < candidates.count {
      let batch = Array(candidates[start..<min(start + Self.batch, candidates.count)])
      let vectors = workers.columns(of: gradients, at: batch.map { Int32($0) })
      // batch × places: gᵢᵀgⱼ.
      var cross = workers.product(vectors, .transposed, state.columns)
      for (row, unit) in batch.enumerated() {
        let vector = column(unit)
        guard let place = improvement(state, unit, vector, cross, row) else { continue }
        swap(&state, unit, vector, at: place)
        refreshCross(&cross, vectors, vector, after: row, at: place)
        swaps += 1
      }
      start += batch.count
    }
    return swaps
  }

  /// The place of Z whose unit `unit` had best replace; nil where that does not improve the objective.
  private func improvement(
    _ state: borrowing State, _ unit: Int, _ vector: [Double], _ cross: Matrix<Double>, _ row: Int
  ) -> Int? {
    let factor = 2 * half * sign
    let count = state.zeros.count
    let products = state.products.span
    let bases = state.bases.span
    let place = cross.withElements { elements in
      let crosses = elements.extracting(row * count..<(row + 1) * count)
      var (best, place) = (Double.infinity, 0)
      for index in 0..<count {
        let value = bases[index] - factor * (products[index] + crosses[index])
        if value < best { (best, place) = (value, index) }
      }
      return place
    }
    let leaving = state.zeros[place]
    let difference = zip(vector, column(leaving)).map { $0 - $1 }
    var (change, size) = (0.0, 0.0)
    for (delta, sum) in zip(difference, state.sum) {
      let part = delta * (2 * sum + delta)
      change += part
      size += abs(part)
    }
    let total = sign * (linear[unit] - linear[leaving] + half * change)
    // What rounding can make of the sum: less counts as no improvement, so that no pass goes in circles.
    let noise = 0x1p-44 * (abs(linear[unit]) + abs(linear[leaving]) + half * size)
    return total < -noise ? place : nil
  }

  private func swap(_ state: inout State, _ unit: Int, _ vector: [Double], at place: Int) {
    let leaving = state.zeros[place]
    let difference = zip(vector, column(leaving)).map { $0 - $1 }
    for index in difference.indices { state.sum[index] += difference[index] }
    addProducts(difference, state.columns, to: &state.products)
    let count = state.zeros.count
    state.columns.withMutableElements { target in
      for index in vector.indices { target[index * count + place] = vector[index] }
    }
    state.zeros[place] = unit
    state.isZero[unit] = true
    state.isZero[leaving] = false
    state.bases[place] = base(of: unit, vector)
    state.products[place] = zip(vector, state.sum).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Renews the column of a place whose unit is another now, for the candidates still to come.
  private func refreshCross(
    _ cross: inout Matrix<Double>, _ vectors: Matrix<Double>, _ vector: [Double], after row: Int,
    at place: Int
  ) {
    let count = cross.columns
    let width = vectors.columns
    vectors.withElements { source in
      cross.withMutableElements { target in
        for later in row + 1..<width {
          var product = 0.0
          for index in vector.indices { product += vector[index] * source[index * width + later] }
          target[later * count + place] = product
        }
      }
    }
  }
}
