public import Architecture
public import Compute

/// Factors that units' activations are multiplied by: 1 leaves a unit as it is, 0 takes it out.
///
/// These are the masks m of the paper's equation 3, set to anything for a pass.
public struct Gates<Element: Scalar>: Sendable {
  /// For each layer one factor for each head unit.
  public var heads: [[Element]]
  /// For each layer one factor for each filter.
  public var filters: [[Element]]

  /// All units open.
  public init(open plan: ModelPlan) {
    let sizes = plan.dimensions
    heads = Array(repeating: Array(repeating: 1, count: sizes.groups), count: sizes.layers)
    filters = Array(repeating: Array(repeating: 1, count: sizes.filters), count: sizes.layers)
  }

  /// One unit's factor.
  public subscript(unit: Unit) -> Element {
    get { unit.kind == .head ? heads[unit.layer][unit.index] : filters[unit.layer][unit.index] }
    set {
      if unit.kind == .head {
        heads[unit.layer][unit.index] = newValue
      } else {
        filters[unit.layer][unit.index] = newValue
      }
    }
  }

  /// The factor of each column that the heads of a layer put out.
  func headColumns(_ layer: Int, width: Int) -> Matrix<Element> {
    let factors = heads[layer].flatMap { Array(repeating: $0, count: width) }
    return Matrix(rows: 1, columns: factors.count, factors)
  }

  func filterColumns(_ layer: Int) -> Matrix<Element> {
    Matrix(rows: 1, columns: filters[layer].count, filters[layer])
  }
}

/// The gradient of each example's loss in each unit's gate.
public struct MaskGradients<Element: Scalar>: Sendable {
  /// For each layer a matrix of examples × head units.
  public internal(set) var heads: [Matrix<Element>]
  /// For each layer a matrix of examples × filters.
  public internal(set) var filters: [Matrix<Element>]

  init(examples: Int, _ plan: ModelPlan) {
    let sizes = plan.dimensions
    heads = Array(
      repeating: Matrix(rows: examples, columns: sizes.groups), count: sizes.layers)
    filters = Array(
      repeating: Matrix(rows: examples, columns: sizes.filters), count: sizes.layers)
  }

  /// One example's gradient in one unit's gate.
  public subscript(example: Int, unit: Unit) -> Element {
    unit.kind == .head
      ? heads[unit.layer][example, unit.index] : filters[unit.layer][example, unit.index]
  }
}
