import Architecture
import Transformer
import Unlearning

/// What is trained: slices of units, single elements, or factors of low rank.
enum Freedom {
  case slices(Trainable)
  case elements(ElementMask)
  case lowRank(of: [Int], rank: Int)

  /// What a backward pass forms gradients of.
  var trainable: Trainable {
    switch self {
    case .slices(let trainable): trainable
    case .elements(let mask): mask.trainable
    case .lowRank(let weights, _):
      Trainable(Dictionary(uniqueKeysWithValues: weights.map { ($0, .all) }))
    }
  }

  /// How many numbers are trained.
  func count(in plan: ModelPlan) -> Int {
    switch self {
    case .slices(let trainable): trainable.count(in: plan)
    case .elements(let mask): mask.count
    case .lowRank(let weights, let rank):
      weights.reduce(0) {
        $0 + rank * (plan.parameters[$1].rows + plan.parameters[$1].columns)
      }
    }
  }
}
