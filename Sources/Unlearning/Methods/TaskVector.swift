public import Training
public import Compute
public import Transformer

/// The difference that training made, on what is trained: v = θ_tuned − θ_start (Ilharco et al., 2023).
///
/// Forgetting goes the other way: θ_out = θ − α v, where `tuned` was trained on the forget set.
public struct TaskVector<Element: Scalar>: Sendable, Equatable {
  /// v.
  public let difference: Slices<Element>

  /// Takes the difference of two models of the same plan.
  public init(
    from start: Model<Element>, to tuned: Model<Element>, on trainable: Trainable
  ) throws(ComputationError) {
    guard start.parameters.count == tuned.parameters.count,
      zip(start.parameters, tuned.parameters).allSatisfy({
        $0.rows == $1.rows && $0.columns == $1.columns
      })
    else { throw .mismatch("the two models have other shapes") }
    var difference = Slices(of: start, trainable)
    let end = Slices(of: tuned, trainable)
    for parameter in trainable.parameters {
      start.workers.scale(
        &difference.matrices[parameter, default: Matrix(rows: 0, columns: 0)], by: -1)
      guard let matrix = end.matrices[parameter] else { continue }
      start.workers.add(
        matrix, to: &difference.matrices[parameter, default: Matrix(rows: 0, columns: 0)])
    }
    self.difference = difference
  }

  /// Takes `factor` times the vector off a model: θ − α v, on the slices alone.
  public func subtract(times factor: Double, from model: inout Model<Element>) {
    difference.add(times: -factor, to: &model)
  }
}
