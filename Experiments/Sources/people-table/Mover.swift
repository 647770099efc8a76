import Compute
import Transformer
import Unlearning

/// AdamW for any freedom; one of the three is there.
struct Mover {
  private var slices: Optimizer<Float>?
  private var elements: MaskedOptimizer<Float>?
  private var lowRank: LowRankOptimizer<Float>?

  init(
    _ freedom: Freedom, _ model: Model<Float>, _ gradients: Gradients<Float>, seed: UInt64
  ) throws {
    switch freedom {
    case .slices: slices = Optimizer(.adamW(), for: gradients)
    case .elements(let mask): elements = MaskedOptimizer(.adamW(), mask: mask)
    case .lowRank(let weights, let rank):
      var random = RandomNumbers(seed: seed)
      lowRank = try LowRankOptimizer(
        .adamW(), of: model, parameters: weights, rank: rank, &random)
    }
  }

  mutating func update(
    _ model: inout Model<Float>, _ gradients: Gradients<Float>, rate: Double
  ) throws {
    slices?.update(&model, gradients, rate: rate)
    try elements?.update(&model, gradients, rate: rate)
    try lowRank?.update(&model, gradients, rate: rate)
  }
}
