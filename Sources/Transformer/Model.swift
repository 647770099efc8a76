public import Architecture
public import Compute

/// A Transformer: what it computes, its weights, and the threads that compute it.
///
/// A value: a copy shares weights until one of the two is changed. Weights keep their tensors' own shapes and
/// orientation, so that a slice of a tensor is the same slice of a matrix.
public struct Model<Element: Scalar>: Sendable {
  /// What is computed, and from which tensors.
  public let plan: ModelPlan
  /// The weights, in the order of the plan's parameters.
  public var parameters: [Matrix<Element>]
  /// The threads.
  public let workers: Workers

  /// Puts a model together; the matrices must have the plan's shapes.
  public init(plan: ModelPlan, parameters: [Matrix<Element>], workers: Workers) {
    precondition(parameters.count == plan.parameters.count)
    for (matrix, parameter) in zip(parameters, plan.parameters) {
      precondition(matrix.rows == parameter.rows && matrix.columns == parameter.columns)
    }
    self.plan = plan
    self.parameters = parameters
    self.workers = workers
  }

  /// Makes a new model: matrices normal with the plan's deviation, biases 0, norms 1.
  public init(newFrom plan: ModelPlan, workers: Workers, random: inout RandomNumbers) {
    let parameters = plan.parameters.map { Self.beginning($0, plan, &random) }
    self.init(plan: plan, parameters: parameters, workers: workers)
  }

  static func beginning(
    _ parameter: ModelPlan.Parameter, _ plan: ModelPlan, _ random: inout RandomNumbers
  ) -> Matrix<Element> {
    switch parameter.beginning {
    case .normal:
      .normal(
        rows: parameter.rows, columns: parameter.columns, deviation: plan.initialDeviation, &random)
    case .zero: Matrix(rows: parameter.rows, columns: parameter.columns)
    case .one:
      Matrix(
        rows: parameter.rows, columns: parameter.columns,
        repeatElement(1, count: parameter.rows * parameter.columns))
    }
  }

  /// The same weights in another precision.
  public func converted<Other: Scalar>(to type: Other.Type) -> Model<Other> {
    Model<Other>(
      plan: plan,
      parameters: parameters.map {
        Matrix<Other>(rows: $0.rows, columns: $0.columns, $0.array.map { Other($0) })
      }, workers: workers)
  }
}

/// Why an input can't be computed.
public struct InputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What does not fit.
  public let description: String

  /// Makes an error.
  public init(_ description: String) { self.description = description }
}
