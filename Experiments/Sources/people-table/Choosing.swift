import Architecture
import Compute
import Training
import Transformer
import Unlearning

/// Chooses what a row may change.
struct Chooser {
  let subject: Subject
  let data: UnlearningData
  let settings: Protocol
  /// The loss limit and the attacker's rate, for selections that simulate relearning.
  let limit: Double
  let attackRate: Double

  private func budget(_ sparsity: Int) throws -> MaskBudget {
    guard let sparsity = Sparsity(billionths: sparsity * 10_000_000) else {
      throw TableError("no sparsity")
    }
    return .sparsity(sparsity)
  }

  func choose(_ row: Row, seed: UInt64) throws -> Freedom {
    let plan = subject.model.plan
    if row.selection == .salun { return .elements(try salient(row)) }
    return .slices(
      Trainable(try mask(row, seed: seed).units, of: subject.map, in: plan))
  }

  private func mask(_ row: Row, seed: UInt64) throws -> UnitMask {
    if let rule = row.selection.rule(seed: seed) {
      return try UnitSelection(rule, budget: budget(row.sparsity)).choose(
        subject.model, map: subject.map, on: data, sample: seed
      ).mask
    }
    return try budget(row.sparsity).selection(by: relearningScores(row, seed: seed))
  }

  /// As many elements as the units of a random mask own, of the same parameters, by the forget gradient.
  private func salient(_ row: Row) throws -> ElementMask {
    let plan = subject.model.plan
    let like = try mask(
      Row(method: row.method, selection: .random, sparsity: row.sparsity), seed: 1)
    let count = Trainable(like.units, of: subject.map, in: plan).count(in: plan)
    let all = UnitMask(all: like.counts)
    let owned = Trainable(all.units, of: subject.map, in: plan)
    let whole = Trainable(
      Dictionary(uniqueKeysWithValues: owned.parameters.map { ($0, .all) }))
    var gradients = Gradients<Float>(whole, of: plan)
    try ExampleGradients().add(data.forget, of: subject.model, to: &gradients)
    return try ElementMask(
      highest: count,
      of: ElementScore.saliency.scores(of: subject.model, forget: gradients), in: plan)
  }

  /// What relearning would move: unlearn with every unit, let an attacker relearn, and look at the units.
  private func relearningScores(_ row: Row, seed: UInt64) throws -> UnitScores {
    let model = subject.model
    let plan = model.plan
    let counts = try UnitCounts(plan.dimensions)
    let everyUnit = Trainable(UnitMask(all: counts).units, of: subject.map, in: plan)
    let loss = Method.npo.loss(limit: limit) ?? .npo()
    let unlearned = try Descent(
      loss: loss, rate: 2e-3, steps: settings.steps, batch: settings.batch,
      retainBatch: settings.retainBatch, seed: seed
    ).run(subject.model, .slices(everyUnit), on: data)
    if row.selection == .relearned {
      // The forget loss's gradient in each unit after one step of relearning.
      let relearned = try Descent.relearned(unlearned, on: data.forget, rate: attackRate)
      return try MaskLearning.norms(of: relearned, map: subject.map, on: data.forget)
    }
    // How far ten steps of relearning move each unit.
    let relearned = try Attack(settings: settings, rate: attackRate).run(
      unlearned, on: data.forget, seed: seed)
    var difference = relearned
    for parameter in plan.parameters.indices {
      var matrix = unlearned.parameters[parameter]
      model.workers.scale(&matrix, by: -1)
      model.workers.add(matrix, to: &difference.parameters[parameter])
    }
    return try MaskLearning.magnitudes(of: difference, map: subject.map)
  }
}

/// The relearning attack: AdamW on leaked facts, all weights.
struct Attack {
  let settings: Protocol
  let rate: Double

  func run(_ model: Model<Float>, on examples: [EncodedExample], seed: UInt64) throws
    -> Model<Float>
  {
    var options = TrainingOptions(
      decay: 0, rate: rate, shape: .constant, epochs: settings.attackSteps,
      examples: examples.count, batchSize: settings.attackBatch, clip: nil, seed: seed)
    options.schedule.steps = settings.attackSteps
    var trainer = try Trainer(
      model, training: .everything(of: model.plan), on: examples, options)
    while !trainer.isFinished { _ = try trainer.step() }
    return trainer.model
  }
}
