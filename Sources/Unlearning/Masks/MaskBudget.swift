public import Architecture

/// How many parameters one unit of each kind owns, in every layer alike.
public struct UnitCosts: Hashable, Sendable {
  /// The parameters of a head unit.
  public let head: Int
  /// The parameters of a filter.
  public let filter: Int

  /// Takes both numbers; each at least 1.
  public init(head: Int, filter: Int) throws(MaskError) {
    guard (1...1 << 40).contains(head) && (1...1 << 40).contains(filter) else {
      throw .mismatch("a head of \(head) and a filter of \(filter) parameters: no such costs")
    }
    self.head = head
    self.filter = filter
  }

  /// Asks a model; all known families' layers are alike.
  public init(_ map: UnitMap) throws(MaskError) {
    let layers = (0..<map.dimensions.layers).map { layer in
      Unit.Kind.allCases.map { map.parameterCount(of: Unit(layer: layer, kind: $0, index: 0)) }
    }
    guard let first = layers.first, layers.allSatisfy({ $0 == first }) else {
      throw .mismatch("the layers' units own different numbers of parameters")
    }
    try self.init(head: first[0], filter: first[1])
  }

  /// The parameters of a unit of a kind.
  public func count(_ kind: Unit.Kind) -> Int { kind == .head ? head : filter }
}

/// How many units a mask may have.
public struct MaskBudget: Hashable, Sendable {
  /// What is limited.
  public enum Limit: Hashable, Sendable {
    /// Each kind has a quota of its own: strictly fewer than (1 − S)·n of its n units (equation 4).
    case perKind(heads: Sparsity, filters: Sparsity)
    /// Both kinds are ranked together: strictly fewer than (1 − S)·n of all n units.
    ///
    /// A head's gradient sums up more than a filter's, so heads tend to win.
    case joint(Sparsity)
    /// Strictly fewer than (1 − S)·n of the n parameters that the units own.
    ///
    /// Of all pairs (number of heads, most filters that then fit) the one with the highest sum of scores, as
    /// Kwon et al. 2022 fill a budget of operations. Heads with negative scores may be left out though they
    /// would fit. With S = 0 there is no limit.
    case parameters(Sparsity, UnitCosts)
    /// At most these numbers of units.
    case counts(heads: Int, filters: Int)
  }

  /// What is limited.
  public var limit: Limit
  /// The kinds of which units may be updated; those of others are neither selected nor counted.
  public var kinds: Set<Unit.Kind>
  /// For a kind the least and the most updated units of every layer.
  ///
  /// The least come first, layer by layer; where the most leave too few, fewer are selected than the limit allows.
  public var layerLimits: [Unit.Kind: ClosedRange<Int>]

  /// Names every choice.
  public init(
    _ limit: Limit, kinds: Set<Unit.Kind> = [.head, .filter],
    layerLimits: [Unit.Kind: ClosedRange<Int>] = [:]
  ) {
    self.limit = limit
    self.kinds = kinds
    self.layerLimits = layerLimits
  }

  /// The papers' budget: one sparsity, for heads and filters apart.
  public static func sparsity(_ sparsity: Sparsity) -> MaskBudget {
    MaskBudget(.perKind(heads: sparsity, filters: sparsity))
  }

  /// Heads alone; filters stay frozen.
  public static func headsOnly(_ sparsity: Sparsity) -> MaskBudget {
    MaskBudget(.perKind(heads: sparsity, filters: .full), kinds: [.head])
  }

  /// Filters alone; heads stay frozen.
  public static func filtersOnly(_ sparsity: Sparsity) -> MaskBudget {
    MaskBudget(.perKind(heads: .full, filters: sparsity), kinds: [.filter])
  }

  /// Selects the units with the highest merits over all layers; ties go to the earlier unit.
  ///
  /// - Throws: ``MaskError/mismatch(_:)`` where the limit does not allow what every layer must have.
  /// - Complexity: O(n log n) in the number of units.
  public func selection(by merits: UnitScores) throws(MaskError) -> UnitMask {
    let counts = merits.counts
    var ranked: [Unit.Kind: Ranking] = [:]
    for kind in Unit.Kind.allCases {
      ranked[kind] =
        kinds.contains(kind)
        ? try Ranking(merits, kind, layerLimits[kind]) : Ranking(empty: kind)
    }
    guard let heads = ranked[.head], let filters = ranked[.filter] else {
      return UnitMask(none: counts)
    }
    let (headCount, filterCount) = try split(heads, filters, counts)
    var mask = UnitMask(none: counts)
    for (ranking, count) in [(heads, headCount), (filters, filterCount)] {
      guard count >= ranking.required else {
        throw .mismatch(
          "the budget allows \(count) \(ranking.kind == .head ? "heads" : "filters"), the layers' least are \(ranking.required)"
        )
      }
      for unit in ranking.units.prefix(count) { mask[unit] = true }
    }
    return mask
  }

  /// How many of each kind.
  private func split(_ heads: Ranking, _ filters: Ranking, _ counts: UnitCounts)
    throws(MaskError) -> (heads: Int, filters: Int)
  {
    func total(_ kind: Unit.Kind) -> Int { kinds.contains(kind) ? counts.total(kind) : 0 }
    switch limit {
    case .perKind(let ofHeads, let ofFilters):
      return (ofHeads.selected(of: total(.head)), ofFilters.selected(of: total(.filter)))
    case .counts(let ofHeads, let ofFilters):
      guard ofHeads >= 0 && ofFilters >= 0 else {
        throw .mismatch("\(ofHeads) heads and \(ofFilters) filters are no budget")
      }
      return (ofHeads, ofFilters)
    case .joint(let sparsity):
      let count = sparsity.selected(of: total(.head) + total(.filter))
      return try Ranking.merged(heads, filters, count: count)
    case .parameters(.none, _): return (heads.units.count, filters.units.count)
    case .parameters(let sparsity, let costs):
      let (all, overflow) = (total(.head) as Int).multipliedReportingOverflow(by: costs.head)
      let (more, overflowMore) = total(.filter).multipliedReportingOverflow(by: costs.filter)
      let (sum, overflowSum) = all.addingReportingOverflow(more)
      guard !overflow && !overflowMore && !overflowSum else {
        throw .mismatch("the units' parameters are more than can be counted")
      }
      return try Ranking.fullest(heads, filters, costs, budget: sparsity.selected(of: sum))
    }
  }
}

/// The units of one kind in the order in which a budget takes them.
private struct Ranking {
  let kind: Unit.Kind
  /// First those that layers must have, then the rest as far as layers may have them.
  let units: [Unit]
  /// The merits of `units`.
  let merits: [Double]
  /// How many of them layers must have.
  let required: Int

  init(empty kind: Unit.Kind) {
    self.kind = kind
    units = []
    merits = []
    required = 0
  }

  init(_ scores: UnitScores, _ kind: Unit.Kind, _ limits: ClosedRange<Int>?) throws(MaskError) {
    self.kind = kind
    let count = scores.counts.count(kind)
    let limits = limits ?? 0...count
    guard limits.lowerBound >= 0 && limits.lowerBound <= count else {
      throw .mismatch("a layer has \(count) units of a kind, not \(limits.lowerBound)")
    }
    let all = (0..<scores.counts.layers).flatMap { scores.values(layer: $0, kind: kind) }
    let order = Ranking.descending(all)
    var taken = [Int](repeating: 0, count: scores.counts.layers)
    var first: [Int] = []
    var rest: [Int] = []
    for place in order {
      let layer = place / count
      if taken[layer] < limits.lowerBound {
        first.append(place)
      } else if taken[layer] < limits.upperBound {
        rest.append(place)
      }
      taken[layer] += 1
    }
    required = first.count
    let places = first + rest
    units = places.map { Unit(layer: $0 / count, kind: kind, index: $0 % count) }
    merits = places.map { all[$0] }
  }

  /// The places of numbers from the highest to the lowest, equal ones in ascending order.
  static func descending(_ numbers: [Double]) -> [Int] {
    numbers.indices.sorted {
      numbers[$0] != numbers[$1] ? numbers[$0] > numbers[$1] : $0 < $1
    }
  }

  /// How many of each kind the `count` best of both are, after those that layers must have.
  static func merged(_ heads: Ranking, _ filters: Ranking, count: Int) throws(MaskError) -> (
    heads: Int, filters: Int
  ) {
    var (h, f) = (heads.required, filters.required)
    guard h + f <= count else {
      throw .mismatch("the budget allows \(count) units, the layers' least are \(h + f)")
    }
    while h + f < count {
      let hasHead = h < heads.units.count
      let hasFilter = f < filters.units.count
      if !hasHead && !hasFilter { break }
      let isHead =
        hasHead && hasFilter
        ? heads.merits[h] != filters.merits[f]
          ? heads.merits[h] > filters.merits[f] : heads.units[h] < filters.units[f]
        : hasHead
      if isHead { h += 1 } else { f += 1 }
    }
    return (h, f)
  }

  /// The pair with the highest sum of merits that a budget of parameters allows; ties go to fewer heads.
  static func fullest(
    _ heads: Ranking, _ filters: Ranking, _ costs: UnitCosts, budget: Int
  ) throws(MaskError) -> (heads: Int, filters: Int) {
    var sums: [Double] = [0]
    for merit in filters.merits { sums.append((sums.last ?? 0) + merit) }
    var best: (value: Double, heads: Int, filters: Int)?
    var headSum = heads.merits.prefix(heads.required).reduce(0, +)
    for h in heads.required...heads.units.count {
      if h > heads.required { headSum += heads.merits[h - 1] }
      let left = budget - h * costs.head
      let f = min(left / costs.filter, filters.units.count)
      guard left >= 0 && f >= filters.required else { break }
      let value = headSum + sums[f]
      if best == nil || value > (best?.value ?? 0) { best = (value, h, f) }
    }
    guard let best else {
      throw .mismatch("the budget allows \(budget) parameters, the layers' least need more")
    }
    return (best.heads, best.filters)
  }
}
