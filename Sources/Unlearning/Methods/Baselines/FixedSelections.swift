public import Training
public import Architecture
public import Transformer

// Selections that look at no data.
extension UnitMask {
  /// Selects as many units of each kind as another mask, from the last layer down, in each layer from the first.
  public static func last(like other: UnitMask) -> UnitMask {
    let counts = other.counts
    var mask = UnitMask(none: counts)
    for kind in Unit.Kind.allCases {
      let width = counts.count(kind)
      for place in 0..<other.count(kind) {
        mask[
          Unit(layer: counts.layers - 1 - place / width, kind: kind, index: place % width)] = true
      }
    }
    return mask
  }
}

extension Trainable {
  /// Trains the last layers whole, with their norms; neither embeddings nor output.
  public init(lastLayers count: Int, of plan: ModelPlan) {
    let layers = plan.layers.indices.suffix(max(0, count))
    self.init(
      Dictionary(
        layers.flatMap { plan.parameters(ofLayer: $0) }.map { ($0, .all) },
        uniquingKeysWith: { first, _ in first }))
  }

  /// Trains the down maps of some layers: RMU's published choice is 5, 6 and 7 of 32.
  public init(downMapsOf layers: some Sequence<Int>, in plan: ModelPlan) throws(ComputationError) {
    var regions: [Int: Region] = [:]
    for layer in layers {
      guard plan.layers.indices.contains(layer) else {
        throw .mismatch("layer \(layer) of \(plan.layers.count)")
      }
      regions[plan.layers[layer].feedForward.output.weight] = .all
    }
    self.init(regions)
  }
}
