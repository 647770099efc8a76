public import Training
import Compute
public import Transformer

/// Selective synaptic dampening (Foster et al., 2024): weights that matter more to the forget set are made smaller.
///
/// Where Î_f > α Î_D: θ ← θ · min(λ Î_D / Î_f, 1). No training, no rate. Î_D is of the whole training set, or of a
/// sample of it. The published code squares mini-batches' mean gradients; these are single examples'.
public struct SelectiveDampening: Sendable, Hashable {
  /// The ratio α from which on a weight is made smaller.
  public var selection: Double
  /// The factor λ.
  public var dampening: Double

  /// Names every choice.
  public init(selection: Double = 10, dampening: Double = 1) {
    self.selection = selection
    self.dampening = dampening
  }

  /// Changes a model, and gives how many elements were made smaller; all others keep their bits.
  public func apply<Element>(
    to model: inout Model<Element>, forget: FisherDiagonal<Element>,
    training: FisherDiagonal<Element>
  ) throws(ComputationError) -> Int {
    guard selection.isFinite, selection >= 0, dampening.isFinite, dampening >= 0 else {
      throw .mismatch("α \(selection) and λ \(dampening), expected numbers from 0")
    }
    guard forget.trainable == training.trainable else {
      throw .mismatch("the two Fisher informations are of other parameters")
    }
    guard forget.examples > 0 && training.examples > 0 else {
      throw .missing("a Fisher information without examples")
    }
    var slices = Slices(of: model, forget.trainable)
    var count = 0
    for parameter in slices.trainable.parameters {
      guard let ofForget = forget.sums.sums[parameter], let ofAll = training.sums.sums[parameter]
      else { continue }
      count += dampen(
        &slices.matrices[parameter, default: Matrix(rows: 0, columns: 0)], ofForget, ofAll,
        ratio: Double(forget.examples) / Double(training.examples), selection: selection,
        dampening: dampening)
    }
    slices.replace(in: &model)
    return count
  }
}
