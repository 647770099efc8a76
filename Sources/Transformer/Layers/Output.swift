import Architecture
public import Compute

/// What the output keeps of some rows for their backward pass.
private struct OutputRecord<Element: Scalar> {
  /// The transform's sum before its activation, and after it.
  var raw: Matrix<Element>?
  var activated: Matrix<Element>?
  var statistics: NormStatistics<Element>?
}

/// How many logits exist at once: 32 MiB in binary32.
private let logitLimit = 1 << 23

/// From hidden states to logits, some rows at a time.
extension Model {
  /// The rows of a batch that its output is computed for.
  public func outputRows(_ batch: Batch) -> [Int32] {
    switch plan.output?.rows {
    case nil: []
    case .every: batch.tokens.indices.map { Int32($0) }
    case .first: batch.sequences.map { Int32($0.lowerBound) }
    case .last: batch.sequences.map { Int32($0.upperBound - 1) }
    }
  }

  /// The logits of some rows of a pass; of all that the output is computed for where none are given.
  public func logits(_ pass: ForwardPass<Element>, rows: [Int32]? = nil) throws(InputError)
    -> Matrix<Element>
  {
    let output = try output()
    let hidden = workers.rows(
      of: pass.hidden, at: pass.hiddenRows(rows ?? outputRows(pass.batch)))
    return apply(output.map, transformed(output, hidden).0)
  }

  func output() throws(InputError) -> ModelPlan.Output {
    guard let output = plan.output else {
      throw InputError("the model ends in hidden states; say what it is asked for")
    }
    return output
  }

  private func transformed(_ output: ModelPlan.Output, _ x: Matrix<Element>) -> (
    Matrix<Element>, OutputRecord<Element>
  ) {
    guard let transform = output.transform else { return (x, OutputRecord()) }
    let raw = apply(transform.map, x)
    let activated = workers.activate(transform.activation.function, raw)
    guard let norm = transform.norm else { return (activated, OutputRecord(raw: raw)) }
    let (normed, statistics) = apply(norm, activated)
    return (normed, OutputRecord(raw: raw, activated: activated, statistics: statistics))
  }

  private func parts(_ objective: some LogitObjective<Element>, columns: Int) -> [Range<Int>] {
    objective.needsAllRows
      ? [0..<objective.rows.count].filter { !$0.isEmpty }
      : outputParts(objective.rows.count, columns: columns)
  }

  /// Cuts so many rows of the output into parts whose logits may exist at once.
  public func outputParts(_ count: Int, columns: Int) -> [Range<Int>] {
    let step = max(16, logitLimit / max(columns, 1))
    return stride(from: 0, to: count, by: step).map { $0..<min($0 + step, count) }
  }

  /// Evaluates an objective without its gradient.
  public func evaluate(
    _ objective: inout some LogitObjective<Element>, _ pass: ForwardPass<Element>
  ) throws(InputError) {
    let output = try output()
    for part in parts(objective, columns: output.map.outputs) {
      let x = workers.rows(of: pass.hidden, at: pass.hiddenRows(Array(objective.rows[part])))
      var logits = apply(output.map, transformed(output, x).0)
      objective.differentiate(&logits, part: part, wantsGradient: false, workers)
    }
  }

  /// Evaluates an objective; gives the gradient of the hidden states where it is asked for.
  func outputBackward(
    _ objective: inout some LogitObjective<Element>, _ pass: ForwardPass<Element>,
    needsHidden: Bool, _ gradients: inout Gradients<Element>
  ) throws(InputError) -> Matrix<Element>? {
    let output = try output()
    var dHidden: Matrix<Element>? =
      needsHidden ? workers.zeros(rows: pass.hidden.rows, columns: pass.hidden.columns) : nil
    let outputParameters =
      [
        output.map.weight, output.map.bias, output.transform?.map.weight,
        output.transform?.map.bias,
      ]
      + [output.transform?.norm?.weight, output.transform?.norm?.bias]
    let trainsOutput = outputParameters.contains {
      $0.flatMap { gradients.trainable[$0] } != nil
    }
    for part in parts(objective, columns: output.map.outputs) {
      let rows = Array(objective.rows[part])
      let places = pass.hiddenRows(rows)
      let x = workers.rows(of: pass.hidden, at: places)
      let (y, record) = transformed(output, x)
      var logits = apply(output.map, y)
      objective.differentiate(
        &logits, part: part, wantsGradient: needsHidden || trainsOutput, workers)
      guard needsHidden || trainsOutput else { continue }
      let runs = runs(of: rows, in: pass.batch)
      addGradients(output.map, input: y, output: logits, runs: runs, to: &gradients)
      var dx = inputGradient(output.map, logits)
      if let transform = output.transform, let raw = record.raw {
        if let norm = transform.norm, let statistics = record.statistics {
          dx = inputGradient(norm, input: record.activated ?? raw, statistics, dx, &gradients)
        }
        workers.activateBackward(transform.activation.function, input: raw, gradient: &dx)
        addGradients(transform.map, input: x, output: dx, runs: runs, to: &gradients)
        dx = inputGradient(transform.map, dx)
      }
      if var sum = dHidden.take() {
        workers.add(rows: dx, to: &sum, at: places)
        dHidden = sum
      }
    }
    return dHidden
  }

  /// Which of some rows, in ascending order, belong to each example.
  private func runs(of rows: [Int32], in batch: Batch) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var at = 0
    for example in batch.examples {
      let start = at
      while at < rows.count, Int(rows[at]) < example.upperBound { at += 1 }
      if at > start { runs.append(start..<at) }
    }
    return runs
  }
}
