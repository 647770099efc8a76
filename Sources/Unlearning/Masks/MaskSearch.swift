public import Architecture
public import Compute

/// The search for a mask: a warm start over all layers, then swaps within each layer and kind.
///
/// SPE-Unlearn, section 3.2, after Kwon et al. 2022, 'A Fast Post-Training Pruning Framework for Transformers'. The
/// warm start decides how many units of each layer are updated, the swaps only which.
public struct MaskSearch: Hashable, Sendable {
  /// How long swaps are sought.
  public enum Passes: Hashable, Sendable {
    /// Not at all: the warm start is the mask (equation 8).
    case none
    /// One round, as published.
    case published
    /// Until no single swap improves the objective, in at most `limit` rounds.
    case untilLocalOptimum(limit: Int)

    var limit: Int {
      switch self {
      case .none: 0
      case .published: 1
      case .untilLocalOptimum(let limit): max(0, limit)
      }
    }
  }

  /// How long swaps are sought.
  public var passes: Passes

  /// Chooses how long swaps are sought.
  public init(passes: Passes) { self.passes = passes }

  /// Finds a mask from the best warm start that a budget allows.
  ///
  /// The same for any number of workers.
  ///
  /// - Throws: ``MaskError/mismatch(_:)`` where the budget contradicts itself.
  /// - Complexity: per pass O(z·(n − z)·N) for n units of which z are zeros, with N examples.
  public func mask(for problem: MaskProblem, budget: MaskBudget, workers: Workers)
    throws(MaskError) -> (mask: UnitMask, report: SearchReport)
  {
    let clock = ContinuousClock()
    let start = clock.now
    let warm = try budget.selection(by: problem.merits)
    return search(problem, from: warm, workers, ranking: (clock.now - start).seconds)
  }

  /// Improves a mask, of which every layer and kind keeps the number of its units.
  public func mask(for problem: MaskProblem, from start: UnitMask, workers: Workers)
    throws(MaskError) -> (mask: UnitMask, report: SearchReport)
  {
    guard start.counts == problem.counts else {
      throw .mismatch("the mask to begin from is of a model of other sizes")
    }
    return search(problem, from: start, workers, ranking: 0)
  }

  private func search(
    _ problem: MaskProblem, from start: UnitMask, _ workers: Workers, ranking: Double
  ) -> (mask: UnitMask, report: SearchReport) {
    let clock = ContinuousClock()
    let begin = clock.now
    let counts = problem.counts
    let layers = counts.layers
    // Filters of all layers, then heads: like tasks side by side, so that threads get equal shares.
    let kinds: [Unit.Kind] = [.filter, .head]
    let limit = passes.limit
    let single = Workers(count: 1)
    let outcomes = workers.map(tasks: 2 * layers) { task in
      let (layer, kind) = (task % layers, kinds[task / layers])
      let zeros = problem.zeros(of: start, layer: layer, kind: kind)
      return BlockSearch(problem, layer: layer, kind: kind, single).run(from: zeros, limit: limit)
    }
    var mask = UnitMask(none: counts)
    var blocks: [SearchReport.Block] = []
    var bytes: [Int] = []
    for layer in 0..<layers {
      for kind in Unit.Kind.allCases {
        let outcome = outcomes[(kind == .filter ? 0 : layers) + layer]
        let units = counts.count(kind)
        var isSelected = [Bool](repeating: problem.reading == .freeze, count: units)
        for index in outcome.zeros { isSelected[index] = problem.reading == .prune }
        for index in isSelected.indices where isSelected[index] {
          mask[Unit(layer: layer, kind: kind, index: index)] = true
        }
        blocks.append(
          SearchReport.Block(
            layer: layer, kind: kind, units: units, selected: mask.count(layer: layer, kind: kind),
            before: outcome.before, after: outcome.after, swaps: outcome.swaps,
            passes: outcome.passes, isLocalOptimum: outcome.isLocalOptimum,
            seconds: outcome.seconds))
        bytes.append(
          BlockSearch.byteCount(
            units: units, zeros: outcome.zeros.count, examples: problem.gradients?.examples ?? 0))
      }
    }
    let report = SearchReport(
      objective: problem.objective, scale: problem.scale,
      magnitudes: problem.magnitudes, blocks: blocks, secondsScoring: problem.secondsScoring,
      secondsRanking: ranking, secondsSearching: (clock.now - begin).seconds,
      gradientBytes: problem.gradients?.byteCount ?? 0,
      searchBytes: bytes.sorted(by: >).prefix(workers.count).reduce(0, +), workers: workers.count)
    return (mask, report)
  }
}
