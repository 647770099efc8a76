/// Which units of a model are updated; all others stay frozen.
///
/// The binary mask m of MAPE-Unlearn: m = 1 for a unit that is in it, m = 0 for one that is not (equation 4 of
/// the paper). Held as one bit for each unit, so that masks of large models are small and quick to compare.
public struct UnitMask: Hashable, Sendable {
  /// How many units the model has.
  public let counts: UnitCounts
  // One run of words for each layer, heads and filters apart; the bits after the last unit stay 0.
  private var heads: [UInt64]
  private var filters: [UInt64]

  /// Makes a mask of no unit.
  public init(none counts: UnitCounts) {
    self.counts = counts
    heads = Array(repeating: 0, count: counts.layers * Self.words(counts.heads))
    filters = Array(repeating: 0, count: counts.layers * Self.words(counts.filters))
  }

  /// Makes a mask of every unit.
  public init(all counts: UnitCounts) {
    self.init(none: counts)
    for layer in 0..<counts.layers {
      for kind in Unit.Kind.allCases {
        insert(0..<counts.count(kind), layer: layer, kind: kind)
      }
    }
  }

  /// Makes a mask of the given units; one that the model does not have is an error.
  public init(_ units: some Sequence<Unit>, of counts: UnitCounts) throws(ArchitectureError) {
    self.init(none: counts)
    for unit in units {
      guard counts.contains(unit) else {
        throw ArchitectureError("the model has no unit \(unit): it has \(counts.text)")
      }
      self[unit] = true
    }
  }

  private static func words(_ count: Int) -> Int { (count + 63) / 64 }

  private func place(_ layer: Int, _ kind: Unit.Kind, _ index: Int) -> (word: Int, bit: UInt64) {
    precondition(
      (0..<counts.layers).contains(layer) && (0..<counts.count(kind)).contains(index),
      "no unit \(index) in layer \(layer)")
    return (layer * Self.words(counts.count(kind)) + index / 64, 1 << UInt64(index % 64))
  }

  /// Whether a unit, which the model must have, is updated.
  public subscript(unit: Unit) -> Bool {
    get {
      let (word, bit) = place(unit.layer, unit.kind, unit.index)
      return (unit.kind == .head ? heads[word] : filters[word]) & bit != 0
    }
    set {
      let (word, bit) = place(unit.layer, unit.kind, unit.index)
      if unit.kind == .head {
        heads[word] = newValue ? heads[word] | bit : heads[word] & ~bit
      } else {
        filters[word] = newValue ? filters[word] | bit : filters[word] & ~bit
      }
    }
  }

  /// Whether a unit is updated; false for one that the model does not have.
  public func contains(_ unit: Unit) -> Bool { counts.contains(unit) && self[unit] }

  /// Adds a run of units of one layer and kind.
  mutating func insert(_ range: Range<Int>, layer: Int, kind: Unit.Kind) {
    for index in range { self[Unit(layer: layer, kind: kind, index: index)] = true }
  }

  /// The numbers of the updated units of one layer and kind, in ascending order.
  public func indices(layer: Int, kind: Unit.Kind) -> [Int] {
    var indices: [Int] = []
    for (index, bits) in bits(layer, kind).enumerated() {
      var bits = bits
      while bits != 0 {
        indices.append(index * 64 + bits.trailingZeroBitCount)
        bits &= bits - 1
      }
    }
    return indices
  }

  private func bits(_ layer: Int, _ kind: Unit.Kind) -> ArraySlice<UInt64> {
    precondition((0..<counts.layers).contains(layer), "no layer \(layer)")
    let words = Self.words(counts.count(kind))
    let range = layer * words..<(layer + 1) * words
    return kind == .head ? heads[range] : filters[range]
  }

  /// The updated units in the order of units: by layer, heads before filters.
  public var units: [Unit] {
    (0..<counts.layers).flatMap { layer in
      Unit.Kind.allCases.flatMap { kind in
        indices(layer: layer, kind: kind).map { Unit(layer: layer, kind: kind, index: $0) }
      }
    }
  }
}

// What is counted and compared.
extension UnitMask {
  /// How many units of one layer and kind are updated.
  public func count(layer: Int, kind: Unit.Kind) -> Int {
    bits(layer, kind).reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// How many units of a kind are updated.
  public func count(_ kind: Unit.Kind) -> Int {
    (kind == .head ? heads : filters).reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// How many units are updated.
  public var count: Int { count(.head) + count(.filter) }

  /// The share of units that stay frozen, from 0 to 1: the S of equation 4.
  public var sparsity: Double { 1 - Double(count) / Double(counts.total) }

  /// The share of units of a kind that stay frozen.
  public func sparsity(of kind: Unit.Kind) -> Double {
    1 - Double(count(kind)) / Double(counts.total(kind))
  }

  /// The Jaccard index |A ∩ B| / |A ∪ B| of two masks of models of the same sizes, over one kind or all units.
  ///
  /// 1 where neither has a unit.
  public func overlap(with other: UnitMask, of kind: Unit.Kind? = nil) -> Double {
    let both = intersection(other)
    let either = union(other)
    let (shared, all) =
      kind.map { (both.count($0), either.count($0)) } ?? (both.count, either.count)
    return all == 0 ? 1 : Double(shared) / Double(all)
  }

  /// The units of either mask; both are of models of the same sizes.
  public func union(_ other: UnitMask) -> UnitMask { combined(other, |) }

  /// The units of both masks, which are of models of the same sizes.
  public func intersection(_ other: UnitMask) -> UnitMask { combined(other, &) }

  /// The units of this mask that the other does not have; both are of models of the same sizes.
  public func subtracting(_ other: UnitMask) -> UnitMask { combined(other) { $0 & ~$1 } }

  private func combined(_ other: UnitMask, _ body: (UInt64, UInt64) -> UInt64) -> UnitMask {
    precondition(
      counts == other.counts, "masks of \(counts.text) and of \(other.counts.text) do not combine")
    var result = self
    result.heads = zip(heads, other.heads).map(body)
    result.filters = zip(filters, other.filters).map(body)
    return result
  }

  /// How many parameters the updated units own; the model must be of this mask's sizes.
  public func parameterCount(in map: UnitMap) -> Int {
    var sum = 0
    for layer in 0..<counts.layers {
      for kind in Unit.Kind.allCases {
        let each = map.parameterCount(of: Unit(layer: layer, kind: kind, index: 0))
        sum += each * count(layer: layer, kind: kind)
      }
    }
    return sum
  }
}
