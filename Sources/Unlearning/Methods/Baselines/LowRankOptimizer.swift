public import Training
public import Architecture
public import Compute
public import Transformer

/// Low-rank updates, as LoRA (Hu et al., 2022) makes them: W = W₀ + s · L R, of which L and R are trained.
///
/// For comparison at an equal number of trained parameters. L begins at 0 and R random, so that nothing moves at
/// first. The model always holds the merged weights, so that losses and evaluation need not know; the whole weight's
/// gradient is formed for it, which costs what a full update costs in time and memory. The patch is not small either:
/// every element of W moves.
public struct LowRankOptimizer<Element: Scalar>: Sendable {
  /// The rank r.
  public let rank: Int
  /// The factor s: LoRA's α / r.
  public let scale: Double
  /// How L and R follow gradients.
  public let rule: UpdateRule
  /// The weight decay of L and R.
  public let decay: Double
  /// How many updates were made.
  public private(set) var step = 0
  private var maps: [Int: Map]

  private struct Map: Sendable {
    var start: Matrix<Element>
    var left: Matrix<Element>
    var right: Matrix<Element>
    var leftState: UpdateState<Element>
    var rightState: UpdateState<Element>
  }

  /// Begins at a model's weights.
  ///
  /// - Parameters:
  ///   - parameters: The weights W, which must be matrices.
  ///   - scale: s; 2 is α = 2 r.
  public init(
    _ rule: UpdateRule, decay: Double = 0, of model: Model<Element>, parameters: [Int], rank: Int,
    scale: Double = 2, _ random: inout RandomNumbers
  ) throws(ComputationError) {
    guard rank > 0 else { throw .mismatch("the rank is \(rank), expected 1 or more") }
    self.rank = rank
    self.scale = scale
    self.rule = rule
    self.decay = decay
    maps = [:]
    for parameter in Set(parameters).sorted() {
      guard model.plan.parameters.indices.contains(parameter),
        model.plan.parameters[parameter].shape.count == 2
      else { throw .unsupported("parameter \(parameter) is no matrix") }
      let start = model.parameters[parameter]
      maps[parameter] = Map(
        start: start, left: Matrix(rows: start.rows, columns: rank),
        right: .normal(
          rows: rank, columns: start.columns,
          deviation: 1 / Double(start.columns).squareRoot(), &random),
        leftState: UpdateState(rows: start.rows, columns: rank),
        rightState: UpdateState(rows: rank, columns: start.columns))
    }
  }

  /// The largest rank whose L and R hold no more numbers than a budget; 0 where rank 1 is too much.
  public static func rank(matching budget: Int, of parameters: [Int], in plan: ModelPlan) -> Int {
    let each = Set(parameters).reduce(0) {
      $0 + plan.parameters[$1].rows + plan.parameters[$1].columns
    }
    return each == 0 ? 0 : budget / each
  }

  /// How many numbers are trained.
  public var count: Int { maps.values.reduce(0) { $0 + $1.left.count + $1.right.count } }

  /// What a backward pass has to form gradients of: the weights, whole.
  public var trainable: Trainable {
    Trainable(Dictionary(uniqueKeysWithValues: maps.keys.map { ($0, .all) }))
  }

  /// Makes one update, by ∂/∂L = s G Rᵀ and ∂/∂R = s Lᵀ G with G the weight's gradient.
  public mutating func update(
    _ model: inout Model<Element>, _ gradients: Gradients<Element>, rate: Double
  ) throws(ComputationError) {
    guard maps.keys.allSatisfy({ gradients.trainable[$0] == .all }) else {
      throw .mismatch("the gradients are not of the whole weights")
    }
    step += 1
    let workers = model.workers
    for parameter in maps.keys.sorted() {
      guard let gradient = gradients.sums[parameter], var map = maps.removeValue(forKey: parameter)
      else { continue }
      var dLeft = workers.product(gradient, .plain, map.right, .transposed)
      var dRight = workers.product(map.left, .transposed, gradient, .plain)
      workers.scale(&dLeft, by: Element(scale))
      workers.scale(&dRight, by: Element(scale))
      map.leftState.move(
        &map.left, dLeft, rule, step: step, rate: rate, decay: decay, workers)
      map.rightState.move(
        &map.right, dRight, rule, step: step, rate: rate, decay: decay, workers)
      var merged = workers.product(map.left, .plain, map.right, .plain)
      workers.scale(&merged, by: Element(scale))
      workers.add(map.start, to: &merged)
      model.parameters[parameter] = merged
      maps[parameter] = map
    }
  }
}
