import Architecture
import Compute
public import Training
public import Transformer

/// A second-order direction that keeps how elements of one slice go together: (λ I + (1/N) Σ g gᵀ)⁻¹ g_f.
///
/// One block for each parameter's slice, g the gradient of one retain example in it, and λ = ε times the mean of the
/// block's diagonal. This is the inverse that WoodFisher (Singh & Alistarh, 2020) builds by N rank-one updates, taken
/// here at once: with G the N gradients as rows, (g_f − Gᵀ (λ N I + G Gᵀ)⁻¹ G g_f) / λ. It wants few retain examples:
/// N gradients of a block are held, and N × N numbers solved for. The shortcut of Unlearn-Sparse's code, which carries
/// one vector instead, is not this inverse and is not offered.
public struct BlockFisherStep: Sendable, Hashable {
  /// The damping ε, as a share of the mean of a block's diagonal; above 0.
  public var damping: Double
  /// How examples' gradients are taken.
  public var options: ExampleGradients
  /// How many bytes of gradients are held at once at most.
  ///
  /// Blocks that do not fit together take turns, and each turn computes all examples again.
  public var memoryLimit: Int

  /// Names every choice.
  public init(
    damping: Double = 0.1, options: ExampleGradients = ExampleGradients(),
    memoryLimit: Int = 1 << 30
  ) {
    self.damping = damping
    self.options = options
    self.memoryLimit = memoryLimit
  }

  /// The direction, to be **added** times a rate; 1/|D_r| is the Newton step, as in ``SecondOrderStep``.
  ///
  /// A block of which the retain examples have no gradient is not moved.
  ///
  /// - Parameters:
  ///   - forget: Σ ∇ℓ over the forget set, on the slices that are updated.
  public func direction<Element>(
    of model: Model<Element>, forget: Gradients<Element>, retain: [EncodedExample]
  ) throws(MethodError) -> Slices<Element> {
    guard damping.isFinite && damping > 0 else {
      throw .mismatch("the damping is \(damping), expected a number above 0")
    }
    guard !retain.isEmpty else { throw .missing("there are no retain examples") }
    var direction = Slices(forget)
    for turn in try turns(forget.trainable, model.plan, retain.count, Element.self) {
      let part = Trainable(
        Dictionary(
          uniqueKeysWithValues: turn.compactMap { parameter in
            forget.trainable[parameter].map { (parameter, $0) }
          }))
      var rows: [Int: Matrix<Element>] = [:]
      var one = Gradients<Element>(part, of: model.plan)
      for parameter in turn {
        rows[parameter] = Matrix(
          rows: retain.count, columns: direction.matrices[parameter]?.count ?? 0)
      }
      for (index, example) in retain.enumerated() {
        one.reset()
        try options.add([example], of: model, to: &one)
        for (parameter, gradient) in one.sums {
          copy(
            gradient, toRow: index, of: &rows[parameter, default: Matrix(rows: 0, columns: 0)])
        }
      }
      for parameter in turn {
        guard let gradients = rows[parameter], let sum = direction.matrices[parameter] else {
          continue
        }
        direction.matrices[parameter] = try solve(gradients, sum, model.workers)
      }
    }
    return direction
  }

  /// Which blocks are held at once.
  private func turns<Element>(
    _ trainable: Trainable, _ plan: ModelPlan, _ examples: Int, _ type: Element.Type
  ) throws(MethodError) -> [[Int]] {
    var turns: [[Int]] = []
    var held = 0
    for parameter in trainable.parameters {
      let size = trainable.size(of: parameter, in: plan)
      let bytes = size.rows * size.columns * MemoryLayout<Element>.stride
      let (need, overflow) = bytes.multipliedReportingOverflow(by: examples)
      guard !overflow && need <= memoryLimit else {
        throw .mismatch(
          "\(examples) gradients of \(plan.parameters[parameter].name) take \(bytes) bytes each, more than the limit of \(memoryLimit); take fewer examples or units"
        )
      }
      if turns.isEmpty || held + need > memoryLimit {
        turns.append([])
        held = 0
      }
      turns[turns.count - 1].append(parameter)
      held += need
    }
    return turns
  }

  /// (v − Gᵀ (λ N I + G Gᵀ)⁻¹ G v) / λ.
  private func solve<Element>(
    _ gradients: Matrix<Element>, _ sum: Matrix<Element>, _ workers: Workers
  ) throws(MethodError) -> Matrix<Element> {
    let count = gradients.rows
    let lambda =
      damping * workers.squareSum(gradients) / Double(count) / Double(max(1, gradients.columns))
    guard lambda.isFinite else { throw .mismatch("a retain example's gradient is not finite") }
    guard lambda > 0 else { return Matrix(rows: sum.rows, columns: sum.columns) }
    var row = Matrix<Element>(rows: 1, columns: sum.count)
    copy(sum, toRow: 0, of: &row)
    let gram = workers.product(gradients, .plain, gradients, .transposed).array.map { Double($0) }
    let right = workers.product(gradients, .plain, row, .transposed).array.map { Double($0) }
    guard
      let weights = solved(
        gram, right, size: count, adding: lambda * Double(count))
    else {
      throw .mismatch("the retain examples' gradients can't be solved for; raise the damping")
    }
    let factors = Matrix<Element>(rows: 1, columns: count, weights.map { Element(-$0) })
    workers.multiply(factors, .plain, gradients, .plain, into: &row, adding: true)
    workers.scale(&row, by: Element(1 / lambda))
    var result = Matrix<Element>(rows: sum.rows, columns: sum.columns)
    copy(row, toWhole: &result)
    return result
  }

  /// Solves (A + δ I) x = b for a positive semidefinite A (Cholesky); nil where rounding left it indefinite.
  private func solved(_ a: [Double], _ b: [Double], size: Int, adding shift: Double) -> [Double]? {
    var factor = a
    for column in 0..<size {
      factor[column * size + column] += shift
      for row in column..<size {
        var sum = factor[row * size + column]
        for k in 0..<column { sum -= factor[row * size + k] * factor[column * size + k] }
        if row == column {
          guard sum > 0 else { return nil }
          factor[row * size + column] = sum.squareRoot()
        } else {
          factor[row * size + column] = sum / factor[column * size + column]
        }
      }
    }
    var x = b
    for row in 0..<size {
      for k in 0..<row { x[row] -= factor[row * size + k] * x[k] }
      x[row] /= factor[row * size + row]
    }
    for row in (0..<size).reversed() {
      for k in row + 1..<size { x[row] -= factor[k * size + row] * x[k] }
      x[row] /= factor[row * size + row]
    }
    return x
  }
}
