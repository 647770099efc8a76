public import Compute

/// A loss of some rows' logits, differentiated part by part, so that all logits never exist at once.
public protocol LogitObjective<Element> {
  /// The precision.
  associatedtype Element: Scalar

  /// The rows of the hidden states whose logits it needs, in its own order.
  var rows: [Int32] { get }
  /// Whether it must see all rows at once.
  var needsAllRows: Bool { get }

  /// Notes the loss of some rows, and turns their logits into its gradient.
  ///
  /// - Parameters:
  ///   - logits: One row for each of `rows[part]`.
  ///   - wantsGradient: Where false, what is left in `logits` does not matter.
  mutating func differentiate(
    _ logits: inout Matrix<Element>, part: Range<Int>, wantsGradient: Bool, _ workers: Workers)
}
