import Architecture
import Compute
public import Training
public import Transformer

/// A second-order direction that keeps how elements of one slice go together: (λ I + (1/N) Σ g gᵀ)⁻¹ g_f.
///
/// One block for each parameter's slice, g the gradient of one retain example in it, and λ = ε times the mean of the
/// block's diagonal, plus what the training loss itself has. This is the inverse that WoodFisher (Singh & Alistarh, 2020) builds by N rank-one updates, taken
/// here at once: with G the gradients as rows, (g_f − Gᵀ (λ N I + G Gᵀ)⁻¹ G g_f) / λ, or N (λ N I + Gᵀ G)⁻¹ g_f where
/// a block has fewer elements than there are gradients. All gradients of a block are held, and as many numbers squared
/// as there are gradients or elements, whichever are fewer. The shortcut of Unlearn-Sparse's code, which carries one
/// vector instead, is not this inverse and is not offered.
public struct BlockFisherStep: Sendable, Hashable {
  /// Which gradients g the matrix is made of.
  public enum Curvature: String, Sendable, Hashable, CaseIterable {
    /// Those of the examples' own labels: the empirical Fisher information.
    ///
    /// It is near the Hessian only where the model is right about the labels' distribution and examples are many more
    /// than elements (Kunstner et al., 2019).
    case empirical
    /// For each example those of all classes y, each √p(y) times: the model's Fisher information.
    ///
    /// For cross-entropy it is the generalised Gauss–Newton matrix (Martens, 2020), and for an output map on features
    /// that are not trained the Hessian itself. For examples with one class each; costs a backward pass and a gradient
    /// in memory for each class.
    case model
  }

  /// The damping ε, as a share of the mean of a block's diagonal.
  public var damping: Double
  /// A number that is added to λ: the weight of ½‖θ‖² in the training loss, divided by |D_r|.
  ///
  /// Together with the damping it must be above 0.
  public var ridge: Double
  /// Which gradients g the matrix is made of.
  public var curvature: Curvature
  /// How examples' gradients are taken.
  public var options: ExampleGradients
  /// How many bytes of gradients are held at once at most.
  ///
  /// Blocks that do not fit together take turns, and each turn computes all examples again.
  public var memoryLimit: Int

  /// Names every choice.
  public init(
    damping: Double = 0.1, ridge: Double = 0, curvature: Curvature = .empirical,
    options: ExampleGradients = ExampleGradients(), memoryLimit: Int = 1 << 30
  ) {
    self.damping = damping
    self.ridge = ridge
    self.curvature = curvature
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
  ) throws(ComputationError) -> Slices<Element> {
    guard damping.isFinite && ridge.isFinite && damping >= 0 && ridge >= 0 && damping + ridge > 0
    else {
      throw .mismatch("the damping is \(damping) and \(ridge), expected numbers above 0")
    }
    guard !retain.isEmpty else { throw .missing("there are no retain examples") }
    let each = try gradientsOfEach(retain, model.plan)
    let count = retain.count * each
    var direction = Slices(forget)
    for turn in try turns(forget.trainable, model.plan, count, Element.self) {
      let part = Trainable(
        Dictionary(
          uniqueKeysWithValues: turn.compactMap { parameter in
            forget.trainable[parameter].map { (parameter, $0) }
          }))
      var rows: [Int: Matrix<Element>] = [:]
      var one = Gradients<Element>(part, of: model.plan)
      for parameter in turn {
        rows[parameter] = Matrix(
          rows: count, columns: direction.matrices[parameter]?.count ?? 0)
      }
      for (index, example) in retain.enumerated() {
        switch curvature {
        case .empirical:
          one.reset()
          try options.add([example], of: model, to: &one)
          keep(one, asRow: index, in: &rows)
        case .model:
          try options.eachClass(of: example, classes: each, of: model, in: &one) {
            keep($1, asRow: index * each + $0, in: &rows)
          }
        }
      }
      for parameter in turn {
        guard let gradients = rows[parameter], let sum = direction.matrices[parameter] else {
          continue
        }
        direction.matrices[parameter] = try solve(
          gradients, sum, examples: retain.count, model.workers)
      }
    }
    return direction
  }

  private func keep<Element>(
    _ gradients: Gradients<Element>, asRow row: Int, in rows: inout [Int: Matrix<Element>]
  ) {
    for (parameter, gradient) in gradients.sums {
      copy(gradient, toRow: row, of: &rows[parameter, default: Matrix(rows: 0, columns: 0)])
    }
  }

  /// How many gradients an example has.
  private func gradientsOfEach(_ retain: [EncodedExample], _ plan: ModelPlan)
    throws(ComputationError) -> Int
  {
    guard curvature == .model else { return 1 }
    for example in retain {
      guard case .label = example.target else {
        throw .unsupported("the model's Fisher information is there for examples with a class each")
      }
    }
    return plan.output?.map.outputs ?? 0
  }

  /// Which blocks are held at once.
  private func turns<Element>(
    _ trainable: Trainable, _ plan: ModelPlan, _ examples: Int, _ type: Element.Type
  ) throws(ComputationError) -> [[Int]] {
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

  /// (v − Gᵀ (λ N I + G Gᵀ)⁻¹ G v) / λ, or N (λ N I + Gᵀ G)⁻¹ v.
  private func solve<Element>(
    _ gradients: Matrix<Element>, _ sum: Matrix<Element>, examples: Int, _ workers: Workers
  ) throws(ComputationError) -> Matrix<Element> {
    let squares = workers.squareSum(gradients)
    let lambda =
      ridge + damping * squares / Double(examples) / Double(max(1, gradients.columns))
    guard lambda.isFinite else { throw .mismatch("a retain example's gradient is not finite") }
    guard lambda > 0, squares > 0 else { return Matrix(rows: sum.rows, columns: sum.columns) }
    let shift = lambda * Double(examples)
    if gradients.columns < gradients.rows {
      let gram = workers.product(gradients, .transposed, gradients, .plain).array
      guard
        let direction = solved(
          gram.map { Double($0) }, sum.array.map { Double($0) }, size: sum.count, adding: shift)
      else { throw Self.indefinite }
      return Matrix(
        rows: sum.rows, columns: sum.columns,
        direction.map { Element($0 * Double(examples)) })
    }
    let count = gradients.rows
    var row = Matrix<Element>(rows: 1, columns: sum.count)
    copy(sum, toRow: 0, of: &row)
    let gram = workers.product(gradients, .plain, gradients, .transposed).array.map { Double($0) }
    let right = workers.product(gradients, .plain, row, .transposed).array.map { Double($0) }
    guard let weights = solved(gram, right, size: count, adding: shift) else {
      throw Self.indefinite
    }
    let factors = Matrix<Element>(rows: 1, columns: count, weights.map { Element(-$0) })
    workers.multiply(factors, .plain, gradients, .plain, into: &row, adding: true)
    workers.scale(&row, by: Element(1 / lambda))
    var result = Matrix<Element>(rows: sum.rows, columns: sum.columns)
    copy(row, toWhole: &result)
    return result
  }

  private static let indefinite = ComputationError.mismatch(
    "the retain examples' gradients can't be solved for; raise the damping")

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
