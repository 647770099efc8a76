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
    if row.selection.ignoresUnits { return .elements(try elements(row, seed: seed)) }
    if row.selection == .lowRank {
      let weights = try whole.parameters.filter { plan.parameters[$0].shape.count == 2 }
      let rank = LowRankOptimizer<Float>.rank(
        matching: try size(row), of: weights, in: plan)
      guard rank > 0 else { throw TableError("\(row.name): rank 1 is more than the units own") }
      return .lowRank(of: weights, rank: rank)
    }
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

  /// How many numbers a mask of units of the row's sparsity owns; all such masks own as many.
  private func size(_ row: Row) throws -> Int {
    let like = try mask(
      Row(method: row.method, selection: .random, sparsity: row.sparsity), seed: 1)
    return Trainable(like.units, of: subject.map, in: subject.model.plan)
      .count(in: subject.model.plan)
  }

  /// The tensors of which units own something, whole.
  private var whole: Trainable {
    get throws {
      let plan = subject.model.plan
      let all = UnitMask(all: try UnitCounts(plan.dimensions))
      let owned = Trainable(all.units, of: subject.map, in: plan)
      return Trainable(Dictionary(uniqueKeysWithValues: owned.parameters.map { ($0, .all) }))
    }
  }

  private func gradients(_ examples: [EncodedExample]) throws -> Gradients<Float> {
    var gradients = Gradients<Float>(try whole, of: subject.model.plan)
    try ExampleGradients().add(examples, of: subject.model, to: &gradients)
    return gradients
  }

  /// As many elements as the units of a mask own, of the same tensors.
  private func elements(_ row: Row, seed: UInt64) throws -> ElementMask {
    let (model, plan) = (subject.model, subject.model.plan)
    let count = try size(row)
    switch row.selection {
    case .randomElements:
      var random = RandomNumbers(seed: seed)
      return try .random(count, in: plan, among: try whole.parameters, &random)
    case .sure:
      return try ElementMask(
        rowsWithin: count, of: Slices(try gradients(data.forget)), in: plan)
    case .wagle:
      return try ElementMask(
        highest: count,
        of: WeightAttribution().scores(
          of: model, forget: try gradients(data.forget), retain: try gradients(data.retain),
          retainExamples: data.retain.count), in: plan)
    default:
      return try ElementMask(
        highest: count,
        of: ElementScore.saliency.scores(of: model, forget: try gradients(data.forget)), in: plan)
    }
  }

  /// What relearning would move: unlearn with every unit, let an attacker relearn, and look at the units.
  private func relearningScores(_ row: Row, seed: UInt64) throws -> UnitScores {
    let model = subject.model
    let plan = model.plan
    let counts = try UnitCounts(plan.dimensions)
    let everyUnit = Trainable(UnitMask(all: counts).units, of: subject.map, in: plan)
    let loss = Method.npo.loss(limit: limit, of: plan) ?? .npo()
    let unlearned = try Descent(
      loss: loss, rate: 2e-3, steps: settings.steps, batch: settings.batch,
      retainBatch: settings.retainBatch, seed: seed
    ).run(subject.model, .slices(everyUnit), on: data).model
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
