import Architecture
import Compute
import Unlearning

/// Made-up gradients, whose units share directions so that pairs matter.
enum MaskSamples {
  static func correlated(
    _ examples: Int, _ units: Int, _ random: inout RandomNumbers
  ) -> Matrix<Float> {
    let shared = Matrix<Float>.normal(rows: examples, columns: 2, deviation: 1, &random)
    let loads = Matrix<Float>.normal(rows: 2, columns: units, deviation: 1, &random)
    var gradients = Matrix<Float>.normal(rows: examples, columns: units, deviation: 0.5, &random)
    Workers(count: 1).multiply(shared, .plain, loads, .plain, into: &gradients, adding: true)
    return gradients
  }

  static func gradients(
    _ counts: UnitCounts, examples: Int, datasetSize: Int? = nil, _ random: inout RandomNumbers
  ) throws -> PerExampleMaskGradients {
    var gradients = PerExampleMaskGradients(counts, datasetSize: datasetSize)
    let heads = (0..<counts.layers).map { _ in correlated(examples, counts.heads, &random) }
    let filters = (0..<counts.layers).map { _ in correlated(examples, counts.filters, &random) }
    try gradients.append(heads: heads, filters: filters)
    return gradients
  }

  /// One layer with the given gradients of heads, and one filter whose gradients are 0.
  static func heads(_ rows: [[Float]], datasetSize: Int? = nil) throws -> PerExampleMaskGradients {
    let counts = try UnitCounts(layers: 1, heads: rows[0].count, filters: 1)
    var gradients = PerExampleMaskGradients(counts, datasetSize: datasetSize)
    try gradients.append(
      heads: [Matrix(rows: rows.count, columns: counts.heads, rows.flatMap { $0 })],
      filters: [Matrix(rows: rows.count, columns: 1)])
    return gradients
  }

  /// The objective by its definition, for checking: Σ_Z a + ½ c Σ_x (Σ_Z g)².
  static func value(
    _ zeros: [Int], _ linear: [Double], _ rows: [[Double]], _ scale: Double
  ) -> Double {
    let squares = rows.reduce(0.0) { sum, row in
      let total = zeros.reduce(0.0) { $0 + row[$1] }
      return sum + total * total
    }
    return zeros.reduce(0) { $0 + linear[$1] } + scale / 2 * squares
  }
}
