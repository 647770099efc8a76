public import Architecture
public import Compute

// Masks that no objective chose, for comparison at an equal budget.
extension UnitMask {
  /// What a random mask has as many units of as another mask.
  public enum Matching: Hashable, Sendable {
    /// Of each kind, over all layers.
    case kinds
    /// Of each kind in each layer.
    case layers
  }

  /// Draws a mask with as many units as another, each equally likely.
  ///
  /// The same from the same random numbers, on every machine.
  public static func random(
    like other: UnitMask, matching: Matching, _ random: inout RandomNumbers
  ) -> UnitMask {
    let counts = other.counts
    var mask = UnitMask(none: counts)
    for kind in Unit.Kind.allCases {
      let width = counts.count(kind)
      switch matching {
      case .kinds:
        for place in draw(other.count(kind), of: counts.total(kind), &random) {
          mask[Unit(layer: place / width, kind: kind, index: place % width)] = true
        }
      case .layers:
        for layer in 0..<counts.layers {
          for index in draw(other.count(layer: layer, kind: kind), of: width, &random) {
            mask[Unit(layer: layer, kind: kind, index: index)] = true
          }
        }
      }
    }
    return mask
  }

  /// Selects the units with the highest numbers: magnitudes of their parameters, norms of their gradients.
  public static func highest(_ scores: UnitScores, budget: MaskBudget) throws(MaskError)
    -> UnitMask
  {
    try budget.selection(by: scores)
  }

  /// The mask itself for another request, where the model has the sizes that it is for.
  public func reused(for counts: UnitCounts) throws(MaskError) -> UnitMask {
    guard self.counts == counts else {
      throw .mismatch(
        "the mask is of \(self.counts.layers) layers of \(self.counts.heads) heads and \(self.counts.filters) filters, the model has \(counts.layers) of \(counts.heads) and \(counts.filters)"
      )
    }
    return self
  }

  /// Draws `count` of the numbers below `bound` without repetition (Fisher & Yates).
  private static func draw(_ count: Int, of bound: Int, _ random: inout RandomNumbers) -> [Int] {
    var numbers = Array(0..<bound)
    for place in 0..<count { numbers.swapAt(place, place + below(bound - place, &random)) }
    return Array(numbers.prefix(count))
  }

  /// A number below `bound`, each equally likely: draws again where the last, incomplete round is hit.
  private static func below(_ bound: Int, _ random: inout RandomNumbers) -> Int {
    let bound = UInt64(bound)
    let rest = (UInt64.max % bound + 1) % bound
    while true {
      let draw = random.next()
      if rest == 0 || draw <= UInt64.max - rest { return Int(draw % bound) }
    }
  }
}
