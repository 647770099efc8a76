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
  /// The rows that the last layer is computed for; nil for all.
  var needed: NeededRows?
  /// Which sequences of a cache those of the batch are; empty without one.
  var cached: [Int] = []
  var layerCount: Int

  /// The rows that a layer's output has; nil for all.
  func needed(_ layer: Int) -> NeededRows? { layer + 1 == layerCount ? needed : nil }

  /// The rows of each example in a layer's output.
  func outputRuns(_ layer: Int) -> [Range<Int>] { needed(layer)?.examples ?? batch.examples }
}

extension ModelPlan.Attention {
  /// Whether queries have an input map of their own.
  var hasOwnQueryMap: Bool { query.map != key.map && query.map != value.map }
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

  /// Queries, keys and values, normalised and turned as the plan says; queries for the needed rows alone
  /// where they have a map of their own.
  private func projections(
    _ attention: ModelPlan.Attention, _ x: Matrix<Element>, _ context: PassContext<Element>,
    _ needed: NeededRows?
  ) -> AttentionRecord<Element> {
    let narrow = attention.hasOwnQueryMap ? needed : nil
    var record = AttentionRecord<Element>(
      projections: attention.inputs.enumerated().map { index, map in
        apply(map, index == attention.query.map ? rows(of: x, narrow) : x)
      }, heads: .empty)
    let queryPositions =
      narrow.map { $0.rows.map { context.batch.positions[Int($0)] } } ?? context.batch.positions
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
        table, positions: queryPositions)
      workers.rotate(
        &record.projections[attention.key.map], attention.key.runs, heads: sizes.groups, table,
        positions: context.batch.positions)
    }
    return record
  }

  /// The needed rows of a matrix.
  func rows(of x: Matrix<Element>, _ needed: NeededRows?) -> Matrix<Element> {
    needed.map { workers.rows(of: x, at: $0.rows) } ?? x
  }

  /// Adds the needed rows' gradient to that of all rows.
  func add(_ dx: Matrix<Element>, _ needed: NeededRows?, to sum: inout Matrix<Element>) {
    if let needed {
      workers.add(rows: dx, to: &sum, at: needed.rows)
    } else {
      workers.add(dx, to: &sum)
    }
  }

  /// The sequences, and the shape and matrices that they are in, where queries have rows of their own.
  ///
  /// A causal query looks no further than itself, so that keys end with the last query.
  private func narrowed(
    _ record: AttentionRecord<Element>, _ attention: ModelPlan.Attention, _ shape: AttentionShape,
    _ context: PassContext<Element>, _ needed: NeededRows?
  ) -> ([Matrix<Element>], AttentionShape, [AttentionSpan]) {
    guard let needed else { return (record.projections, shape, context.spans) }
    let spans = zip(context.batch.sequences, zip(needed.runs, needed.sequences)).map {
      AttentionSpan(
        queries: $1.1,
        keys: $0.lowerBound..<(shape.isCausal ? $1.0.upperBound : $0.upperBound))
    }
    if attention.hasOwnQueryMap { return (record.projections, shape, spans) }
    var shape = shape
    shape.query = HeadRuns(
      matrix: record.projections.count, start: shape.query.start, stride: shape.query.stride)
    let queries = rows(of: record.projections[attention.query.map], needed)
    return (record.projections + [queries], shape, spans)
  }

  /// Adds the attention's output to `y`; with a cache, to all that is in it.
  func attend(
    _ layer: Int, _ x: Matrix<Element>, _ context: PassContext<Element>,
    _ cache: inout KeyValueCache<Element>?, addingTo y: inout Matrix<Element>
  ) -> AttentionRecord<Element> {
    let attention = plan.layers[layer].attention
    let needed = context.needed(layer)
    var record = projections(attention, x, context, needed)
    let shape = attentionShape(attention)
    if let heads = cache?.attend(
      layer, record.projections, shape, context.spans, sequences: context.cached, workers)
    {
      record.heads = heads
    } else {
      let (inputs, shape, spans) = narrowed(record, attention, shape, context, needed)
      record.heads = workers.attention(inputs, shape, spans)
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

  /// The gradient of the attention's input, all its rows; nil where it is not asked for.
  ///
  /// - Parameter dy: The gradient of the output, the needed rows.
  func attentionBackward(
    _ layer: Int, input x: @autoclosure () -> Matrix<Element>, _ record: AttentionRecord<Element>,
    _ dy: Matrix<Element>, _ context: PassContext<Element>, needsInput: Bool,
    _ sums: inout PassSums<Element>
  ) -> Matrix<Element>? {
    let attention = plan.layers[layer].attention
    let sizes = plan.dimensions
    let needed = context.needed(layer)
    let runs = context.outputRuns(layer)
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
    let narrow = attention.hasOwnQueryMap ? needed : nil
    let (inputs, shape, spans) = narrowed(
      record, attention, attentionShape(attention), context, needed)
    var gradients = workers.attentionBackward(
      inputs, shape, spans, gradient: dHeads)
    if let needed, gradients.count > record.projections.count {
      workers.add(
        rows: gradients.removeLast(), to: &gradients[attention.query.map], at: needed.rows)
    }
    let queryPositions =
      narrow.map { $0.rows.map { context.batch.positions[Int($0)] } } ?? context.batch.positions
    if let table = context.rotary {
      workers.rotate(
        &gradients[attention.query.map], attention.query.runs, heads: sizes.queryHeads, table,
        positions: queryPositions, backward: true)
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
    for (index, (map, gradient)) in zip(attention.inputs, gradients).enumerated() {
      if let narrow, index == attention.query.map {
        if trains(map, sums.gradients.trainable) {
          addGradients(
            map, input: rows(of: input, narrow), output: gradient, runs: runs, to: &sums.gradients)
        }
        continue
      }
      addGradients(
        map, input: input, output: gradient, runs: context.batch.examples, to: &sums.gradients)
      if needsInput { inputGradient(map, gradient, addingTo: &dx) }
    }
    if let narrow, needsInput, var sum = dx.take() {
      add(
        inputGradient(attention.inputs[attention.query.map], gradients[attention.query.map]),
        narrow,
        to: &sum)
      dx = sum
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
