public import Training
import Compute
public import Transformer

/// WAGLE's scores of single elements: |(θ − g_r / μ) · g_f| (Jia et al., 2024).
///
/// How much the forget loss would feel an element's absence, once the retain loss has answered to it; μ is the
/// curvature of the retain loss, taken to be the same for all elements. g_f and g_r are gradients of the forget and
/// the retain set. Only ranks matter, so the length of g_f does not; that of g_r does, beside θ: here it is the mean
/// over examples, whatever their number.
///
/// To be passed to ``ElementMask/init(highest:of:in:)``.
public struct WeightAttribution: Sendable, Hashable {
  /// The curvature μ.
  public var curvature: Double

  /// Names the curvature; the published one by default, with which θ hardly counts where g_r is not nearly 0.
  public init(curvature: Double = 1e-6) { self.curvature = curvature }

  /// (θ − g_r / μ) · g_f for whole parameters; magnitudes are taken where scores are ranked.
  ///
  /// - Parameters:
  ///   - forget: Σ ∇ℓ over the forget set.
  ///   - retain: Σ ∇ℓ over retain examples, on the same parameters.
  ///   - retainExamples: How many there are.
  public func scores<Element>(
    of model: Model<Element>, forget: Gradients<Element>, retain: Gradients<Element>,
    retainExamples: Int
  ) throws(ComputationError) -> Slices<Element> {
    guard curvature.isFinite && curvature > 0 else {
      throw .mismatch("the curvature is \(curvature), expected a number above 0")
    }
    guard retainExamples > 0 else { throw .missing("there are no retain examples") }
    guard forget.trainable == retain.trainable else {
      throw .mismatch("the two gradients are of other parameters")
    }
    guard forget.statistic == .gradient && retain.statistic == .gradient else {
      throw .mismatch("sums of squares are no gradients")
    }
    var scores = Slices(of: model, forget.trainable)
    let factor = 1 / (curvature * Double(retainExamples))
    for parameter in scores.trainable.parameters {
      guard let theta = scores.matrices[parameter], let ofForget = forget.sums[parameter],
        let ofRetain = retain.sums[parameter]
      else { continue }
      scores.matrices[parameter] = attributions(
        of: theta, ofForget, ofRetain, factor: factor)
    }
    return scores
  }
}
