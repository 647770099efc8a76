public import Architecture

/// One number for each unit of a model: a norm, a magnitude, an importance.
public struct UnitScores: Hashable, Sendable {
  /// How many units the model has.
  public let counts: UnitCounts
  private var heads: [[Double]]
  private var filters: [[Double]]

  /// Takes one number for each head unit and filter of each layer; all must be finite.
  ///
  /// - Parameters:
  ///   - heads: layers × heads.
  ///   - filters: layers × filters.
  public init(_ counts: UnitCounts, heads: [[Double]], filters: [[Double]]) throws(MaskError) {
    guard heads.count == counts.layers, filters.count == counts.layers,
      heads.allSatisfy({ $0.count == counts.heads }),
      filters.allSatisfy({ $0.count == counts.filters })
    else {
      throw .mismatch(
        "scores are not of \(counts.layers) layers of \(counts.heads) heads and \(counts.filters) filters"
      )
    }
    self.counts = counts
    self.heads = heads
    self.filters = filters
    for (kind, rows) in [(Unit.Kind.head, heads), (.filter, filters)] {
      for (layer, row) in rows.enumerated() {
        if let index = row.firstIndex(where: { !$0.isFinite }) {
          throw .notFinite(Unit(layer: layer, kind: kind, index: index), example: nil)
        }
      }
    }
  }

  /// Computes a number for each unit; all must be finite.
  public init(_ counts: UnitCounts, _ score: (Unit) -> Double) throws(MaskError) {
    func rows(_ kind: Unit.Kind) -> [[Double]] {
      (0..<counts.layers).map { layer in
        (0..<counts.count(kind)).map { score(Unit(layer: layer, kind: kind, index: $0)) }
      }
    }
    try self.init(counts, heads: rows(.head), filters: rows(.filter))
  }

  /// The number of a unit, which the model must have.
  public subscript(unit: Unit) -> Double {
    unit.kind == .head ? heads[unit.layer][unit.index] : filters[unit.layer][unit.index]
  }

  /// The numbers of one layer and kind.
  public func values(layer: Int, kind: Unit.Kind) -> [Double] {
    kind == .head ? heads[layer] : filters[layer]
  }

  /// The same numbers with the other sign where `isNegated`.
  func negated(_ isNegated: Bool) -> UnitScores {
    guard isNegated else { return self }
    var other = self
    other.heads = heads.map { $0.map { -$0 } }
    other.filters = filters.map { $0.map { -$0 } }
    return other
  }
}
