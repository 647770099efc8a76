public import Training
public import Architecture
public import Compute
public import Transformer

/// Which single elements of which parameters are updated: SalUn's masks, and others without structure.
///
/// One bit for each element. Applied by ``MaskedOptimizer``, which never touches an element that is not selected:
/// zeros in a gradient would not keep AdamW's decay and momentum from moving it.
public struct ElementMask: Sendable, Hashable {
  // One bit for each element, by parameter; the bits after the last element stay 0.
  private var words: [Int: [UInt64]] = [:]
  private var sizes: [Int: Int] = [:]

  /// Selects nothing of the given parameters; of all where none are given.
  public init(none plan: ModelPlan, among parameters: [Int]? = nil) {
    for parameter in parameters ?? Array(plan.parameters.indices) {
      let size = plan.parameters[parameter].rows * plan.parameters[parameter].columns
      sizes[parameter] = size
      words[parameter] = Array(repeating: 0, count: (size + 63) / 64)
    }
  }

  /// Whether an element, counted row by row, is selected.
  public subscript(parameter: Int, element: Int) -> Bool {
    get {
      precondition((0..<(sizes[parameter] ?? 0)).contains(element), "no element \(element)")
      return (words[parameter]?[element / 64] ?? 0) & (1 << UInt64(element % 64)) != 0
    }
    set {
      precondition((0..<(sizes[parameter] ?? 0)).contains(element), "no element \(element)")
      let bit: UInt64 = 1 << UInt64(element % 64)
      if newValue {
        words[parameter]?[element / 64] |= bit
      } else {
        words[parameter]?[element / 64] &= ~bit
      }
    }
  }

  /// How many elements are selected.
  public var count: Int {
    words.values.reduce(0) { $1.reduce($0) { $0 + $1.nonzeroBitCount } }
  }

  /// How many elements of a parameter are selected.
  public func count(of parameter: Int) -> Int {
    (words[parameter] ?? []).reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// How many elements there are to select from.
  public var size: Int { sizes.values.reduce(0, +) }

  /// The parameters of which something is selected, whole: what a backward pass has to form gradients of.
  public var trainable: Trainable {
    Trainable(
      Dictionary(
        uniqueKeysWithValues: sizes.keys.filter { count(of: $0) > 0 }.map { ($0, .all) }))
  }

  /// The selected elements of a parameter, in ascending order.
  func elements(of parameter: Int) -> [Int32] {
    var elements: [Int32] = []
    elements.reserveCapacity(count(of: parameter))
    for (place, word) in (words[parameter] ?? []).enumerated() {
      var rest = word
      while rest != 0 {
        elements.append(Int32(place * 64 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return elements
  }

  /// Selects the elements with the highest magnitudes over all parameters; ties go to the earlier one.
  ///
  /// Magnitudes are compared in binary32, in two counting passes and without sorting: O(n). Of gradients of the
  /// forget set it is SalUn's mask (Fan et al., 2024); see ``ElementScore`` for others.
  ///
  /// - Parameter scores: Numbers for whole parameters.
  public init<Element>(highest count: Int, of scores: Slices<Element>, in plan: ModelPlan)
    throws(ComputationError)
  {
    let parameters = scores.trainable.parameters
    guard parameters.allSatisfy({ scores.trainable[$0] == .all }) else {
      throw .mismatch("elements are selected of whole parameters alone")
    }
    self.init(none: plan, among: parameters)
    guard (0...size).contains(count) else {
      throw .mismatch("\(count) of \(size) elements")
    }
    guard count > 0 else { return }
    let matrices = parameters.compactMap { scores.matrices[$0] }
    guard let threshold = MagnitudeThreshold(count: count, of: matrices) else {
      throw .mismatch("a score is infinite or not a number")
    }
    var ties = threshold.ties
    for (parameter, matrix) in zip(parameters, matrices) {
      words[parameter] = selectedWords(of: matrix, above: threshold.key, ties: &ties)
    }
  }

  /// Draws a number of elements, each set equally likely (Knuth's selection sampling).
  public static func random(
    _ count: Int, in plan: ModelPlan, among parameters: [Int]? = nil, _ random: inout RandomNumbers
  ) throws(ComputationError) -> ElementMask {
    var mask = ElementMask(none: plan, among: parameters)
    var (needed, left) = (count, mask.size)
    guard (0...left).contains(count) else { throw .mismatch("\(count) of \(left) elements") }
    for parameter in mask.sizes.keys.sorted() {
      for element in 0..<(mask.sizes[parameter] ?? 0) {
        if random.index(below: left) < needed {
          mask[parameter, element] = true
          needed -= 1
        }
        left -= 1
      }
    }
    return mask
  }
}

/// What single elements are ranked by.
public enum ElementScore: String, Sendable, Hashable, CaseIterable {
  /// |Σ ∇ℓ| over the forget set: SalUn.
  case saliency
  /// |θ|.
  case magnitude
  /// |θ · Σ ∇ℓ|: SNIP on the forget set.
  case sensitivity

  /// The scores of a model's whole parameters.
  ///
  /// - Parameter forget: The summed gradient of the forget set's loss.
  public func scores<Element>(of model: Model<Element>, forget: Gradients<Element>) -> Slices<
    Element
  > {
    let parameters = Slices(of: model, forget.trainable)
    switch self {
    case .saliency: return Slices(forget)
    case .magnitude: return parameters
    case .sensitivity:
      var products = parameters
      for (parameter, gradient) in forget.sums {
        var product = Matrix<Element>(rows: gradient.rows, columns: gradient.columns)
        if let theta = parameters.matrices[parameter] {
          model.workers.add(product: theta, gradient, to: &product)
        }
        products.matrices[parameter] = product
      }
      return products
    }
  }
}
