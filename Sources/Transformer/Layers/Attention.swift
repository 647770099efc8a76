import Architecture
import Compute

/// What the attention of one layer keeps for its backward pass.
struct AttentionRecord<Element: Scalar>: Sendable {
  /// Queries, keys and values as the scores are made of them.
  var projections: [Matrix<Element>]
  /// The projections before the heads' normalisation, and its statistics; only where there is one.
  var unnormalized: [Matrix<Element>] = []
  var queryInverse: Matrix<Element>?
  var keyInverse: Matrix<Element>?
  /// The heads' outputs before any gate.
  var heads: Matrix<Element>
  var logSums: Matrix<Element>
}

extension ModelPlan.HeadRun {
  var runs: HeadRuns { HeadRuns(matrix: map, start: start, stride: stride) }
}

/// What is the same for all layers of a pass.
struct PassContext<Element: Scalar>: Sendable {
  var batch: Batch
  var spans: [AttentionSpan]
  var rotary: RotaryTable<Element>?
  var gates: Gates<Element>?
  /// Which sequences of a cache those of the batch are; empty without one.
  var cached: [Int] = []
  var layerCount: Int
}

/// Self-attention: projections, positions, heads, output map.
extension Model {
  func attentionShape(_ attention: ModelPlan.Attention) -> AttentionShape {
    let sizes = plan.dimensions
    return AttentionShape(
      heads: sizes.queryHeads, groups: sizes.groups, width: sizes.headWidth,
      scale: 1 / Double(sizes.headWidth).squareRoot(), isCausal: plan.isCausal,
      window: plan.window, query: attention.query.runs, key: attention.key.runs,
      value: attention.value.runs)
  }

  /// Queries, keys and values, normalised and turned as the plan says.
  func projections(
    _ attention: ModelPlan.Attention, _ x: Matrix<Element>, _ context: PassContext<Element>
  ) -> AttentionRecord<Element> {
    var record = AttentionRecord<Element>(
      projections: attention.inputs.map { apply($0, x) }, heads: .empty, logSums: .empty)
    let sizes = plan.dimensions
    if attention.queryNorm != nil || attention.keyNorm != nil {
      record.unnormalized = record.projections
    }
    if let norm = attention.queryNorm {
      record.queryInverse = workers.normalizeHeads(
        &record.projections[attention.query.map], attention.query.runs, heads: sizes.queryHeads,
        weight: parameters[norm.weight], offset: norm.offset, epsilon: norm.epsilon)
    }
    if let norm = attention.keyNorm {
      record.keyInverse = workers.normalizeHeads(
        &record.projections[attention.key.map], attention.key.runs, heads: sizes.groups,
        weight: parameters[norm.weight], offset: norm.offset, epsilon: norm.epsilon)
    }
    if let table = context.rotary {
      workers.rotate(
        &record.projections[attention.query.map], attention.query.runs, heads: sizes.queryHeads,
        table, positions: context.batch.positions)
      workers.rotate(
        &record.projections[attention.key.map], attention.key.runs, heads: sizes.groups, table,
        positions: context.batch.positions)
    }
    return record
  }

  /// Adds the attention's output to `y`; with a cache, to all that is in it.
  func attend(
    _ layer: Int, _ x: Matrix<Element>, _ context: PassContext<Element>,
    _ cache: inout KeyValueCache<Element>?, addingTo y: inout Matrix<Element>
  ) -> AttentionRecord<Element> {
    let attention = plan.layers[layer].attention
    var record = projections(attention, x, context)
    let shape = attentionShape(attention)
    if let heads = cache?.attend(
      layer, record.projections, shape, context.spans, sequences: context.cached, workers)
    {
      record.heads = heads
    } else {
      (record.heads, record.logSums) = workers.attention(record.projections, shape, context.spans)
    }
    apply(attention.output, gated(record.heads, layer, context), addingTo: &y)
    return record
  }

  private func gated(
    _ heads: Matrix<Element>, _ layer: Int, _ context: PassContext<Element>
  ) -> Matrix<Element> {
    guard let gates = context.gates else { return heads }
    var heads = heads
    workers.scaleColumns(
      &heads, by: gates.headColumns(layer, width: plan.dimensions.queryWidth))
    return heads
  }

  /// The gradient of the attention's input; nil where it is not asked for.
  func attentionBackward(
    _ layer: Int, input x: @autoclosure () -> Matrix<Element>, _ record: AttentionRecord<Element>,
    _ dy: Matrix<Element>, _ context: PassContext<Element>, needsInput: Bool,
    _ sums: inout PassSums<Element>
  ) -> Matrix<Element>? {
    let attention = plan.layers[layer].attention
    let sizes = plan.dimensions
    let runs = context.batch.examples
    addGradients(
      attention.output, input: gated(record.heads, layer, context), output: dy, runs: runs,
      to: &sums.gradients)
    var dHeads = inputGradient(attention.output, dy)
    sums.masks?.heads[layer] = workers.unitDots(
      record.heads, dHeads, runs: runs, width: sizes.queryWidth)
    let needsProjections =
      needsInput || attention.inputs.contains { trains($0, sums.gradients.trainable) }
      || [attention.queryNorm, attention.keyNorm].contains {
        $0.map { sums.gradients.trainable[$0.weight] != nil } ?? false
      }
    guard needsProjections else { return nil }
    if let gates = context.gates {
      workers.scaleColumns(&dHeads, by: gates.headColumns(layer, width: sizes.queryWidth))
    }
    var gradients = workers.attentionBackward(
      record.projections, attentionShape(attention), context.spans, output: record.heads,
      logSums: record.logSums, gradient: dHeads)
    if let table = context.rotary {
      workers.rotate(
        &gradients[attention.query.map], attention.query.runs, heads: sizes.queryHeads, table,
        positions: context.batch.positions, backward: true)
      workers.rotate(
        &gradients[attention.key.map], attention.key.runs, heads: sizes.groups, table,
        positions: context.batch.positions, backward: true)
    }
    if let norm = attention.queryNorm, let inverse = record.queryInverse {
      headNormBackward(
        norm, record.unnormalized[attention.query.map], attention.query.runs,
        heads: sizes.queryHeads, inverse, &gradients[attention.query.map], &sums.gradients)
    }
    if let norm = attention.keyNorm, let inverse = record.keyInverse {
      headNormBackward(
        norm, record.unnormalized[attention.key.map], attention.key.runs, heads: sizes.groups,
        inverse, &gradients[attention.key.map], &sums.gradients)
    }
    let trainsInputs = attention.inputs.contains { trains($0, sums.gradients.trainable) }
    let input = trainsInputs ? x() : .empty
    var dx: Matrix<Element>?
    for (map, gradient) in zip(attention.inputs, gradients) {
      addGradients(map, input: input, output: gradient, runs: runs, to: &sums.gradients)
      if needsInput { inputGradient(map, gradient, addingTo: &dx) }
    }
    return dx
  }

  private func headNormBackward(
    _ norm: ModelPlan.Norm, _ x: Matrix<Element>, _ runs: HeadRuns, heads: Int,
    _ inverse: Matrix<Element>, _ gradient: inout Matrix<Element>,
    _ gradients: inout Gradients<Element>
  ) {
    let weight = parameters[norm.weight]
    var dWeight = gradients.blank(for: norm.weight, columns: weight.count)
    workers.normalizeHeadsBackward(
      input: x, runs, heads: heads, weight: weight, offset: norm.offset, inverse: inverse,
      gradient: &gradient, weightGradient: &dWeight)
    if let dWeight { gradients.add(whole: dWeight, to: norm.weight, workers) }
  }
}
