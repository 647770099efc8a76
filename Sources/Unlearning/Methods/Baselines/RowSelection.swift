public import Training
public import Architecture
import Compute
import Transformer

// SURE's selection (Zhang et al., 2024, 'Catastrophic failure of LLM unlearning via quantization'): rows of whole
// parameters, ranked by the Euclidean norm of the forget loss's gradient in them. The published script computes a
// mask, but applies it in a method that its trainer never calls; here it is what `MaskedOptimizer` moves.
//
// A row is one of the tensor as it is stored: what one output of a linear map reads, or with GPT-2, whose maps are
// stored the other way round, what one input feeds. Each element of a vector is a row of its own.
extension ElementMask {
  /// Selects whole rows from the highest norm down, and no more elements than a budget.
  ///
  /// A row that no longer fits is left out and the next is looked at, so that less is missing to the budget than any
  /// row left out has elements. Ties go to the earlier row.
  ///
  /// - Parameter scores: Numbers for whole parameters: SURE's are the forget set's gradient.
  public init<Element>(
    rowsWithin budget: Int, of scores: Slices<Element>, in plan: ModelPlan
  ) throws(ComputationError) {
    let ranked = try rankedRows(of: scores, in: plan)
    self.init(none: plan, among: scores.trainable.parameters)
    guard (0...size).contains(budget) else { throw .mismatch("\(budget) of \(size) elements") }
    var left = budget
    for row in ranked where row.elements.count <= left {
      select(row)
      left -= row.elements.count
      if left == 0 { break }
    }
  }

  /// Selects the rows whose norm is at or above a quantile of all rows' norms: the published rule, with 0.9.
  ///
  /// Between two norms the quantile is interpolated. Where norms are equal, more rows than the quantile says can be
  /// at it; all are selected.
  public init<Element>(
    rowsFrom quantile: Double, of scores: Slices<Element>, in plan: ModelPlan
  ) throws(ComputationError) {
    guard (0...1).contains(quantile) else {
      throw .mismatch("the quantile is \(quantile), expected a number from 0 to 1")
    }
    let ranked = try rankedRows(of: scores, in: plan)
    self.init(none: plan, among: scores.trainable.parameters)
    guard !ranked.isEmpty else { return }
    // Ranked from the highest: the quantile's place is counted from the end.
    let place = Double(ranked.count - 1) * quantile
    let lower = ranked[ranked.count - 1 - Int(place)].norm
    let upper = ranked[max(0, ranked.count - 2 - Int(place))].norm
    let threshold = lower + (upper - lower) * (place - place.rounded(.down))
    for row in ranked.prefix(while: { $0.norm >= threshold }) { select(row) }
  }

  private mutating func select(_ row: RankedRow) {
    for element in row.elements { self[row.parameter, element] = true }
  }
}

/// One row of a parameter.
private struct RankedRow {
  var parameter: Int
  var elements: Range<Int>
  var norm: Double
}

/// All rows from the highest norm down, the earlier of equal ones first.
private func rankedRows<Element>(of scores: Slices<Element>, in plan: ModelPlan)
  throws(ComputationError) -> [RankedRow]
{
  var rows: [RankedRow] = []
  for parameter in scores.trainable.parameters {
    guard scores.trainable[parameter] == .all, let matrix = scores.matrices[parameter] else {
      throw .mismatch("rows are selected of whole parameters alone")
    }
    let width = plan.parameters[parameter].shape.count == 1 ? 1 : matrix.columns
    for (row, sum) in squareSums(of: matrix, width: width).enumerated() {
      guard sum.isFinite else { throw .mismatch("a score is infinite or not a number") }
      rows.append(
        RankedRow(
          parameter: parameter, elements: row * width..<(row + 1) * width,
          norm: sum.squareRoot()))
    }
  }
  // The sort is stable only by its own word, so the order of equal norms is spelled out.
  return rows.sorted {
    if $0.norm != $1.norm { return $0.norm > $1.norm }
    if $0.parameter != $1.parameter { return $0.parameter < $1.parameter }
    return $0.elements.lowerBound < $1.elements.lowerBound
  }
}
