import Architecture
public import Compute
public import Training
public import Transformer

/// Computes an unlearning loss and its gradient for one batch.
///
/// A step is cut into passes of whole examples, which changes memory but not the sum: means go over the whole
/// batch. With a batch in parts (gradient accumulation) they would not.
public struct LossStep<Element: Scalar>: Sendable {
  /// The loss.
  public var loss: UnlearningLoss
  /// The model that unlearning began with; nil where the loss does not look at it, or its losses come with the batch.
  public var reference: Model<Element>?
  /// How many tokens are computed at once at most.
  public var tokensPerPass: Int
  /// Whether layers are computed twice, for memory (activation checkpointing).
  public var recomputes: Bool

  /// Describes a step.
  public init(
    _ loss: UnlearningLoss, reference: Model<Element>? = nil, tokensPerPass: Int = 4096,
    recomputes: Bool = false
  ) {
    self.loss = loss
    self.reference = reference
    self.tokensPerPass = tokensPerPass
    self.recomputes = recomputes
  }

  /// Adds the gradient of the loss in what is trained, and gives the value.
  ///
  /// Nothing is known of the sums where an error is thrown.
  public func addGradient(
    of model: Model<Element>, on batch: UnlearningBatch, to gradients: inout Gradients<Element>
  ) throws(ComputationError) -> LossValue {
    let value = try run(model, batch, &gradients, wantsGradient: true)
    gradients.settle()
    return value
  }

  /// The value of the loss.
  ///
  /// - Parameter trainable: Whose magnitude is counted, where the loss counts it.
  public func value(
    of model: Model<Element>, on batch: UnlearningBatch, training trainable: Trainable = .nothing
  ) throws(ComputationError) -> LossValue {
    // Blank sums: nothing is added to them.
    var gradients = Gradients<Element>(.nothing, of: model.plan)
    var value = try run(model, batch, &gradients, wantsGradient: false)
    if loss.sparsity != 0 {
      value.magnitude = Slices(of: model, trainable).magnitude
      value.total += loss.sparsity * value.magnitude
    }
    return value
  }

  /// The summed losses of examples under a model: for ``UnlearningBatch/referenceForget``.
  public func sums(of model: Model<Element>, on examples: [EncodedExample]) throws(ComputationError)
    -> [Double]
  {
    var sums: [Double] = []
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "given") {
      sums += try computing { () throws(InputError) in
        try model.losses(model.forward(pass.batch, for: pass.targets), pass.targets).sums
      }
    }
    return sums
  }

  /// A direction for RMU: uniform in [0, 1) in each feature, then of length 1.
  ///
  /// Not centred, as published: all directions lie in the positive orthant.
  public static func direction(width: Int, _ random: inout RandomNumbers) -> [Double] {
    let values = (0..<width).map { _ in random.uniform() }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / length }
  }
}

extension LossStep {
  private var kept: Kept { recomputes ? .layerInputs : .everything }

  private func run(
    _ model: Model<Element>, _ batch: UnlearningBatch, _ gradients: inout Gradients<Element>,
    wantsGradient: Bool
  ) throws(ComputationError) -> LossValue {
    try loss.check()
    guard gradients.statistic == .gradient else {
      throw .mismatch("a loss's gradient can't be added to sums of squares")
    }
    if let reference {
      guard reference.plan.parameters.map(\.shape) == model.plan.parameters.map(\.shape) else {
        throw .mismatch("the reference model has other shapes than the model")
      }
    }
    var value = LossValue()
    let weight = loss.forgetWeight
    switch loss.forget {
    case .nothing: break
    case .ascent:
      try likelihood(
        .mean(sign: -1), batch.forget, "forget", nil, weight, model, &gradients, wantsGradient,
        &value, limit: loss.forgetLimit)
    case .negativePreference(let beta):
      try likelihood(
        .negativePreference(beta: beta), batch.forget, "forget",
        ReferenceSums(known: batch.referenceForget), weight, model, &gradients, wantsGradient,
        &value, limit: loss.forgetLimit)
    case .simplePreference(let beta, let margin):
      try likelihood(
        .simplePreference(beta: beta, margin: margin), batch.forget, "forget", nil, weight, model,
        &gradients, wantsGradient, &value, limit: loss.forgetLimit)
    case .refusal:
      try likelihood(
        .mean(sign: 1), batch.preferred, "preferred", nil, weight, model, &gradients,
        wantsGradient, &value, limit: nil)
    case .directPreference(let beta):
      try preference(beta, batch, weight, model, &gradients, wantsGradient, &value)
    case .steering(let steering):
      value.forget = try states(
        batch.forget, "forget", layer: steering.layer, steering.places, weight, model, &gradients,
        wantsGradient
      ) { _, rows throws(ComputationError) in
        let width = model.plan.dimensions.hidden
        guard steering.direction.count == width else {
          throw .mismatch(
            "the steering vector has \(steering.direction.count) features, the model \(width)")
        }
        var target = Matrix<Element>(rows: rows.count, columns: width)
        let bias = Matrix<Element>(
          rows: 1, columns: width, steering.direction.map { Element($0 * steering.coefficient) })
        model.workers.add(bias: bias, to: &target)
        return target
      }
    }
    if loss.needsRetain {
      value.retain = try retain(batch.retain, model, &gradients, wantsGradient)
    }
    value.total = weight * value.forget + loss.retainWeight * value.retain
    if loss.sparsity != 0, wantsGradient {
      value.magnitude = try penalize(model, &gradients)
      value.total += loss.sparsity * value.magnitude
    }
    return value
  }

  /// Where the reference's losses of examples come from.
  private struct ReferenceSums {
    var known: [Double]?
  }

  /// One reference loss for each example of a pass.
  private func referenceSums(_ known: [Double]?, _ pass: ExamplePass, of count: Int)
    throws(ComputationError) -> [Double]
  {
    if let known {
      guard known.count == count else {
        throw .mismatch("\(known.count) reference losses for \(count) examples")
      }
      return Array(known[pass.range])
    }
    guard let reference else {
      throw .missing("the loss compares with a reference model, and none is given")
    }
    return try computing { () throws(InputError) in
      try reference.losses(reference.forward(pass.batch, for: pass.targets), pass.targets).sums
    }
  }

  private func likelihood(
    _ term: LikelihoodTerm, _ examples: [EncodedExample], _ name: String,
    _ reference: ReferenceSums?, _ weight: Double, _ model: Model<Element>,
    _ gradients: inout Gradients<Element>, _ wantsGradient: Bool, _ value: inout LossValue,
    limit: Double?
  ) throws(ComputationError) {
    let passes = try ExamplePass.cut(examples, tokens: tokensPerPass, name: name)
    let (count, allLabels) = (examples.count, examples.reduce(0) { $0 + $1.labelCount })
    for pass in passes {
      let others =
        try reference.map { source throws(ComputationError) in
          try referenceSums(source.known, pass, of: count)
        } ?? Array(repeating: 0, count: pass.range.count)
      let losses = try computing { () throws(InputError) in
        let forward = try model.forward(
          pass.batch, keeping: wantsGradient ? kept : .nothing, for: pass.targets)
        guard wantsGradient else { return try model.losses(forward, pass.targets) }
        if term.isLinear && limit == nil {
          let slope = term.slope(0, labels: 1, reference: 0, examples: count, labels: allLabels)
          return try model.backward(
            forward, pass.targets, .factor(weight * slope), into: &gradients)
        }
        let losses = try model.losses(forward, pass.targets)
        let slopes = losses.sums.indices.map { index in
          let (sum, labels) = (losses.sums[index], losses.counts[index])
          guard !isBeyond(limit, sum, labels) else { return 0.0 }
          return weight
            * term.slope(
              sum, labels: labels, reference: others[index], examples: count, labels: allLabels)
        }
        _ = try model.backward(forward, pass.targets, .examples(slopes), into: &gradients)
        return losses
      }
      for (index, sum) in losses.sums.enumerated() {
        let labels = losses.counts[index]
        if isBeyond(limit, sum, labels) { value.limited += 1 }
        value.forget += term.value(
          capped(sum, labels, limit), labels: labels, reference: others[index], examples: count,
          labels: allLabels)
      }
      value.forgetSums += losses.sums
      value.forgetCounts += losses.counts
    }
  }

  private func isBeyond(_ limit: Double?, _ sum: Double, _ labels: Int) -> Bool {
    limit.map { sum > $0 * Double(labels) } ?? false
  }

  /// min(s, limit · n).
  private func capped(_ sum: Double, _ labels: Int, _ limit: Double?) -> Double {
    limit.map { min(sum, $0 * Double(labels)) } ?? sum
  }

  /// DPO: two passes side by side, since a pair's slopes depend on both.
  ///
  /// With z = β ((s_ref − s)(w) − (s_ref − s)(l)), ∂L/∂s(w) = 2 σ(−z) / B and ∂L/∂s(l) = −2 σ(−z) / B.
  private func preference(
    _ beta: Double, _ batch: UnlearningBatch, _ weight: Double, _ model: Model<Element>,
    _ gradients: inout Gradients<Element>, _ wantsGradient: Bool, _ value: inout LossValue
  ) throws(ComputationError) {
    let count = batch.forget.count
    guard batch.preferred.count == count else {
      throw .mismatch("\(batch.preferred.count) preferred answers for \(count) forget examples")
    }
    let losers = try ExamplePass.cut(
      batch.forget, tokens: tokensPerPass, beside: batch.preferred, name: "forget")
    let winners = try ExamplePass.cut(
      batch.preferred, tokens: tokensPerPass, beside: batch.forget, name: "preferred")
    for (loser, winner) in zip(losers, winners) {
      let loserReference = try referenceSums(batch.referenceForget, loser, of: count)
      let winnerReference = try referenceSums(batch.referencePreferred, winner, of: count)
      try computing { () throws(InputError) in
        let keeping = wantsGradient ? kept : .nothing
        let loserPass = try model.forward(loser.batch, keeping: keeping, for: loser.targets)
        let winnerPass = try model.forward(winner.batch, keeping: keeping, for: winner.targets)
        let lost = try model.losses(loserPass, loser.targets)
        let won = try model.losses(winnerPass, winner.targets)
        let margins = lost.sums.indices.map {
          beta
            * ((winnerReference[$0] - won.sums[$0])
              - (loserReference[$0] - capped(lost.sums[$0], lost.counts[$0], loss.forgetLimit)))
        }
        for margin in margins { value.forget += 2 / beta * softplus(-margin) / Double(count) }
        value.forgetSums += lost.sums
        value.forgetCounts += lost.counts
        value.preferredSums += won.sums
        let beyond = lost.sums.indices.map {
          isBeyond(loss.forgetLimit, lost.sums[$0], lost.counts[$0])
        }
        value.limited += beyond.count { $0 }
        guard wantsGradient else { return }
        let slopes = margins.map { weight * 2 * sigmoid(-$0) / Double(count) }
        let lostSlopes = zip(slopes, beyond).map { $1 ? 0 : -$0 }
        _ = try model.backward(
          loserPass, loser.targets, .examples(lostSlopes), into: &gradients)
        _ = try model.backward(winnerPass, winner.targets, .examples(slopes), into: &gradients)
      }
    }
  }

  private func retain(
    _ examples: [EncodedExample], _ model: Model<Element>, _ gradients: inout Gradients<Element>,
    _ wantsGradient: Bool
  ) throws(ComputationError) -> Double {
    let weight = loss.retainWeight
    switch loss.retain {
    case .nothing: return 0
    case .likelihood:
      var value = LossValue()
      try likelihood(
        .mean(sign: 1), examples, "retain", nil, weight, model, &gradients, wantsGradient, &value,
        limit: nil)
      return value.forget
    case .divergence(let places):
      return try divergence(examples, places, weight, model, &gradients, wantsGradient)
    case .activations(let layer, let places):
      guard let reference else {
        throw .missing("the loss compares with a reference model, and none is given")
      }
      return try states(
        examples, "retain", layer: layer, places, weight, model, &gradients, wantsGradient
      ) { batch, rows throws(ComputationError) in
        let pass = try computing { () throws(InputError) in
          try reference.forward(batch, keeping: .layerInputs)
        }
        return reference.workers.rows(of: try state(after: layer, of: pass), at: rows)
      }
    }
  }

  private func divergence(
    _ examples: [EncodedExample], _ places: UnlearningLoss.Places, _ weight: Double,
    _ model: Model<Element>, _ gradients: inout Gradients<Element>, _ wantsGradient: Bool
  ) throws(ComputationError) -> Double {
    guard let reference else {
      throw .missing("the loss compares with a reference model, and none is given")
    }
    let passes = try ExamplePass.cut(examples, tokens: tokensPerPass, name: "retain")
    var rows: [[Int32]] = []
    for pass in passes { rows.append(try pass.distributionRows(places, model)) }
    let count = rows.reduce(0) { $0 + $1.count }
    guard count > 0 else { throw .mismatch("the retain examples have no label that counts") }
    var total = 0.0
    for (pass, rows) in zip(passes, rows) where !rows.isEmpty {
      total += try computing { () throws(InputError) in
        var objective = ReferenceDivergence(
          rows: rows, weight: weight / Double(count), reference: reference,
          pass: try reference.forward(pass.batch))
        let forward = try model.forward(pass.batch, keeping: wantsGradient ? kept : .nothing)
        if wantsGradient {
          var none: MaskGradients<Element>?
          try model.backward(forward, &objective, into: &gradients, masks: &none)
        } else {
          try model.evaluate(&objective, forward)
        }
        if let failure = objective.failure { throw failure }
        return objective.total
      }
    }
    return total / Double(count)
  }

  /// The mean over places and features of (h − target)², with its gradient 2 (h − target) / (places · features).
  private func states(
    _ examples: [EncodedExample], _ name: String, layer: Int, _ places: UnlearningLoss.Places,
    _ weight: Double, _ model: Model<Element>, _ gradients: inout Gradients<Element>,
    _ wantsGradient: Bool,
    target: (Batch, [Int32]) throws(ComputationError) -> Matrix<Element>
  ) throws(ComputationError) -> Double {
    // The last layer's hidden states come normalised, which is another loss.
    guard layer >= 0 && layer < model.plan.layers.count - 1 else {
      throw .unsupported(
        "hidden states after layer \(layer): the model has layers 0 to \(model.plan.layers.count - 1), the last one not counted"
      )
    }
    let passes = try ExamplePass.cut(examples, tokens: tokensPerPass, name: name)
    let rows = passes.map { $0.stateRows(places, examples) }
    let width = model.plan.dimensions.hidden
    let count = rows.reduce(0) { $0 + $1.count } * width
    guard count > 0 else { throw .mismatch("the \(name) examples have no label that counts") }
    let workers = model.workers
    var total = 0.0
    for (pass, rows) in zip(passes, rows) where !rows.isEmpty {
      let forward = try computing { () throws(InputError) in
        try model.forward(pass.batch, keeping: wantsGradient ? kept : .layerInputs)
      }
      var difference = try target(pass.batch, rows)
      workers.scale(&difference, by: -1)
      workers.add(workers.rows(of: try state(after: layer, of: forward), at: rows), to: &difference)
      total += workers.squareSum(difference)
      guard wantsGradient else { continue }
      workers.scale(&difference, by: Element(2 * weight / Double(count)))
      var gradient = Matrix<Element>(rows: pass.batch.count, columns: width)
      workers.add(rows: difference, to: &gradient, at: rows)
      var none: MaskGradients<Element>?
      model.backward(
        forward, fromHiddenState: layer + 1, gradient, into: &gradients, masks: &none)
    }
    return total / Double(count)
  }

  private func state(after layer: Int, of pass: ForwardPass<Element>) throws(ComputationError)
    -> Matrix<Element>
  {
    guard let state = pass.hiddenState(layer + 1) else {
      throw .unsupported("the reference model has no layer \(layer)")
    }
    return state
  }

  /// Adds λ sign θ, and gives Σ |θ|.
  private func penalize(_ model: Model<Element>, _ gradients: inout Gradients<Element>)
    throws(ComputationError) -> Double
  {
    let slices = Slices(of: model, gradients.trainable)
    for (parameter, slice) in slices.matrices {
      gradients.add(
        signs(of: slice, times: Element(loss.sparsity)), to: parameter, model.workers)
    }
    return slices.magnitude
  }
}
