import Architecture
public import Compute

/// From an objective back to the gradients of what is trained, and no further down than that.
extension Model {
  /// The losses of a pass, without gradients.
  public func losses(_ pass: ForwardPass<Element>, _ targets: Targets) throws(InputError) -> Losses
  {
    switch try objective(targets, pass.batch, .sum) {
    case .rows(var objective, let examples):
      try evaluate(&objective, pass)
      return collect(objective.logProbabilities.map { Double($0) }, examples, pass.batch)
    case .choices(var objective, let examples):
      try evaluate(&objective, pass)
      return collect(objective.logProbabilities, examples, pass.batch)
    }
  }

  /// The losses of a pass, and the gradients of their weighted sum.
  ///
  /// - Parameters:
  ///   - gradients: What is trained; the pass's gradients are added.
  ///   - masks: Where not nil, set to each example's gradients in the units' gates.
  public func backward(
    _ pass: ForwardPass<Element>, _ targets: Targets, _ weighting: Weighting,
    into gradients: inout Gradients<Element>, masks: inout MaskGradients<Element>?
  ) throws(InputError) -> Losses {
    switch try objective(targets, pass.batch, weighting) {
    case .rows(var objective, let examples):
      try backward(pass, &objective, into: &gradients, masks: &masks)
      return collect(objective.logProbabilities.map { Double($0) }, examples, pass.batch)
    case .choices(var objective, let examples):
      try backward(pass, &objective, into: &gradients, masks: &masks)
      return collect(objective.logProbabilities, examples, pass.batch)
    }
  }

  /// The same without mask gradients.
  public func backward(
    _ pass: ForwardPass<Element>, _ targets: Targets, _ weighting: Weighting,
    into gradients: inout Gradients<Element>
  ) throws(InputError) -> Losses {
    var none: MaskGradients<Element>?
    return try backward(pass, targets, weighting, into: &gradients, masks: &none)
  }

  /// Blank mask gradients for a batch, which ask a backward pass to fill them.
  public func blankMasks(_ batch: Batch) -> MaskGradients<Element> {
    MaskGradients(examples: batch.examples.count, plan)
  }

  /// The gradients of any objective of the logits.
  public func backward(
    _ pass: ForwardPass<Element>, _ objective: inout some LogitObjective<Element>,
    into gradients: inout Gradients<Element>, masks: inout MaskGradients<Element>?
  ) throws(InputError) {
    let lowest = lowestLayer(gradients.trainable, wantsMasks: masks != nil)
    let isBelowOutput = lowest < plan.layers.count || trainsFinalNorm(gradients.trainable)
    let dHidden = try outputBackward(
      &objective, pass, needsHidden: isBelowOutput, &gradients)
    guard var dx = dHidden else { return gradients.settle() }
    if let norm = plan.finalNorm, let statistics = pass.finalNorm, let last = pass.inputs.last {
      dx = inputGradient(norm, input: last, statistics, dx, &gradients)
    }
    backward(pass, fromLayer: plan.layers.count, dx, lowest: lowest, &gradients, &masks)
  }

  /// The gradients of anything whose gradient in one hidden state is known.
  ///
  /// - Parameters:
  ///   - index: Which hidden state, below the last; see ``ForwardPass/hiddenState(_:)``.
  ///   - gradient: One row for each token.
  public func backward(
    _ pass: ForwardPass<Element>, fromHiddenState index: Int, _ gradient: Matrix<Element>,
    into gradients: inout Gradients<Element>, masks: inout MaskGradients<Element>?
  ) {
    precondition(index < plan.layers.count && gradient.rows == pass.batch.count)
    let lowest = lowestLayer(gradients.trainable, wantsMasks: masks != nil)
    backward(pass, fromLayer: index, gradient, lowest: lowest, &gradients, &masks)
  }

  private func backward(
    _ pass: ForwardPass<Element>, fromLayer end: Int, _ gradient: Matrix<Element>, lowest: Int,
    _ gradients: inout Gradients<Element>, _ masks: inout MaskGradients<Element>?
  ) {
    precondition(!pass.inputs.isEmpty, "the pass kept nothing for a backward pass")
    // Moved, so that sums are added to in place.
    var sums = PassSums(gradients: gradients, masks: masks)
    gradients.sums = [:]
    masks = nil
    let trainsEmbedding = trainsEmbedding(gradients.trainable)
    var dx = gradient
    var isBelow = true
    var noCache: KeyValueCache<Element>?
    for index in stride(from: end - 1, through: lowest, by: -1) {
      let record =
        pass.records.isEmpty
        ? layer(index, pass.inputs[index], pass.context, &noCache).record : pass.records[index]
      guard
        let next = layerBackward(
          index, input: pass.inputs[index], record, dx, pass.context,
          needsInput: index > lowest || trainsEmbedding, &sums)
      else {
        isBelow = false
        break
      }
      dx = next
    }
    if trainsEmbedding && isBelow {
      embedBackward(pass.batch, pass.embedding, dx, &sums.gradients)
    }
    gradients = sums.gradients
    gradients.settle()
    masks = sums.masks
  }

  /// The lowest layer that must be differentiated; the number of layers where none is.
  private func lowestLayer(_ trainable: Trainable, wantsMasks: Bool) -> Int {
    if wantsMasks || trainsEmbedding(trainable) { return 0 }
    return plan.layers.indices.first {
      plan.parameters(ofLayer: $0).contains { trainable[$0] != nil }
    } ?? plan.layers.count
  }

  private func trainsFinalNorm(_ trainable: Trainable) -> Bool {
    [plan.finalNorm?.weight, plan.finalNorm?.bias].contains {
      $0.flatMap { trainable[$0] } != nil
    }
  }

  // MARK: Targets as objectives

  private enum Objective {
    case rows(CrossEntropy<Element>, examples: [Int])
    case choices(ChoiceCrossEntropy<Element>, examples: [Int])
  }

  private func objective(_ targets: Targets, _ batch: Batch, _ weighting: Weighting)
    throws(InputError) -> Objective
  {
    let output = try output()
    let exampleCount = batch.examples.count
    switch targets {
    case .tokens(let labels):
      guard output.rows == .every, labels.count == batch.count else {
        throw InputError("\(labels.count) labels for \(batch.count) tokens")
      }
      let rows = labels.indices.filter { labels[$0] >= 0 }
      return try rowObjective(
        rows, rows.map { labels[$0] }, examples: examples(of: rows, batch), exampleCount,
        weighting, output)
    case .classes(let classes):
      guard output.rows != .every, classes.count == batch.sequences.count else {
        throw InputError("\(classes.count) classes for \(batch.sequences.count) sequences")
      }
      let rows = outputRows(batch).map { Int($0) }
      let counted = classes.indices.filter { classes[$0] >= 0 }
      return try rowObjective(
        counted.map { rows[$0] }, counted.map { classes[$0] },
        examples: counted.map { $0 / batch.sequencesPerExample }, exampleCount, weighting, output)
    case .spans(let starts, let ends):
      guard output.map.outputs == 2, starts.count == batch.sequences.count,
        ends.count == starts.count
      else { throw InputError("\(starts.count) spans for \(batch.sequences.count) sequences") }
      var labels: [(Range<Int>, Int, Int32)] = []
      for (index, sequence) in batch.sequences.enumerated() {
        labels.append((sequence, 0, starts[index]))
        labels.append((sequence, 1, ends[index]))
      }
      let examples = labels.indices.map { $0 / 2 / batch.sequencesPerExample }
      return try choiceObjective(
        outputRows(batch), labels, examples, exampleCount, weighting)
    case .choices(let right):
      guard output.map.outputs == 1, right.count == exampleCount else {
        throw InputError("\(right.count) choices for \(exampleCount) examples")
      }
      let width = batch.sequencesPerExample
      return try choiceObjective(
        outputRows(batch),
        right.enumerated().map { ($0.offset * width..<($0.offset + 1) * width, 0, $0.element) },
        Array(right.indices), exampleCount, weighting)
    }
  }

  private func rowObjective(
    _ rows: [Int], _ labels: [Int32], examples: [Int], _ exampleCount: Int,
    _ weighting: Weighting, _ output: ModelPlan.Output
  ) throws(InputError) -> Objective {
    if let label = labels.first(where: { Int($0) >= output.map.outputs }) {
      throw InputError("label \(label): the output has \(output.map.outputs)")
    }
    let weights = weighting.factors(of: examples, exampleCount: exampleCount)
    return .rows(
      CrossEntropy(
        rows: rows.map { Int32($0) }, labels: labels, weights: weights.map { Element($0) }),
      examples: examples)
  }

  private func choiceObjective(
    _ rows: [Int32], _ labels: [(Range<Int>, Int, Int32)], _ examples: [Int], _ exampleCount: Int,
    _ weighting: Weighting
  ) throws(InputError) -> Objective {
    if let bad = labels.first(where: { $0.2 < 0 || Int($0.2) >= $0.0.count }) {
      throw InputError("label \(bad.2) of \(bad.0.count) places")
    }
    let weights = weighting.factors(of: examples, exampleCount: exampleCount)
    let choices = zip(labels, weights).map {
      ChoiceCrossEntropy<Element>.Choice(
        rows: $0.0, column: $0.1, label: Int($0.2), weight: $1)
    }
    return .choices(ChoiceCrossEntropy(rows: rows, choices: choices), examples: examples)
  }

  private func examples(of rows: [Int], _ batch: Batch) -> [Int] {
    let ranges = batch.examples
    var example = 0
    return rows.map { row in
      while row >= ranges[example].upperBound { example += 1 }
      return example
    }
  }

  private func collect(_ values: [Double], _ examples: [Int], _ batch: Batch) -> Losses {
    let count = batch.examples.count
    var losses = Losses(
      sums: Array(repeating: 0, count: count), counts: Array(repeating: 0, count: count),
      logProbabilities: values)
    for (value, example) in zip(values, examples) {
      losses.sums[example] -= value
      losses.counts[example] += 1
    }
    return losses
  }
}
