import Architecture
public import Compute
public import Transformer

/// Rounding of weights to few bits, which can bring back what a small update took away.
///
/// Round to nearest, symmetric, one scale for each output feature: `s = max|w| / (2^(b−1) − 1)`, `w ← s · round(w/s)`,
/// ties to even. The linear maps of all layers are rounded; embeddings, norms, biases and the output map are not, as in
/// common tools. Source of the attack: Zhang et al. 2024 (arXiv 2410.16454).
public struct WeightRounding: Sendable, Hashable {
  /// How many bits a weight has, from 2 to 8.
  public let bits: Int

  /// Chooses a number of bits; nil unless it is from 2 to 8.
  public init?(bits: Int) {
    guard (2...8).contains(bits) else { return nil }
    self.bits = bits
  }

  /// What names the rounding in records.
  public var condition: String { "weights.rtn\(bits).per-output" }

  /// The model with rounded weights, in the precision that it had.
  public func applied(to model: Model<Float>) -> Model<Float> {
    var model = model
    for layer in model.plan.layers {
      let maps =
        layer.attention.inputs + [layer.attention.output] + layer.feedForward.inputs
        + [layer.feedForward.output]
      for map in maps {
        model.parameters[map.weight] = rounded(
          model.parameters[map.weight], isInputByOutput: map.isInputByOutput)
      }
    }
    return model
  }

  private func rounded(_ matrix: Matrix<Float>, isInputByOutput: Bool) -> Matrix<Float> {
    let steps = Float((1 << (bits - 1)) - 1)
    let (rows, columns) = (matrix.rows, matrix.columns)
    var values = matrix.array
    var largest = Array(repeating: Float(0), count: isInputByOutput ? columns : rows)
    for index in values.indices {
      let feature = isInputByOutput ? index % columns : index / columns
      // A NaN has no size and stays what it is.
      largest[feature] = max(largest[feature], values[index].magnitude)
    }
    for index in values.indices {
      let scale = largest[isInputByOutput ? index % columns : index / columns] / steps
      guard scale > 0, scale.isFinite else { continue }
      values[index] = (values[index] / scale).rounded(.toNearestOrEven) * scale
    }
    return Matrix(rows: rows, columns: columns, values)
  }
}
