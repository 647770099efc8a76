import Evaluation
import Architecture
import Compute
import Storage
import Training
import Transformer
import Unlearning

/// Runs rows, one after the other.
struct Experiment {
  let settings: Protocol
  let data: PeopleData
  let gauge: Gauge
  let records: Records
  private var subjects: [String: Subject] = [:]
  private let models: String
  private var attackRate = 0.0
  private var limit = 0.0

  init(data folder: String, models: String, results: String, _ settings: Protocol) throws {
    self.settings = settings
    self.models = models
    data = try PeopleData(
      folder: folder,
      end: Subject.endToken(folder: Paths.join(models, "target-\(settings.tuningTarget)")))
    gauge = Gauge(data: data, settings: settings)
    records = try Records(path: results)
  }

  private mutating func subject(_ name: String) throws -> Subject {
    if let known = subjects[name] { return known }
    let subject = try Subject(folder: Paths.join(models, name))
    subjects[name] = subject
    return subject
  }

  private mutating func oracle(_ seed: UInt64) throws -> Model<Float> {
    try subject("oracle-\(seed)").model
  }

  /// What all rows rest on: the attack's rate, the loss limit, targets, oracles and the noise floor.
  mutating func prepare() throws {
    let tuningOracle = try oracle(settings.tuningOracle)
    let (settings, gauge, data) = (settings, gauge, data)
    var best = -1.0
    for rate in settings.attackRates {
      let numbers = try records.record(
        "attack", "oracle-\(settings.tuningOracle)", seed: settings.tuningOracle, rate: rate
      ) {
        try gauge.relearning(tuningOracle, attackRate: rate, seed: settings.tuningOracle)
      }.numbers
      if let leaked = numbers["leaked_accuracy_after"], leaked > best {
        (best, attackRate) = (leaked, rate)
      }
    }
    limit = try Unlearner.meanLoss(tuningOracle, data.sets.forget, 4096)
    let oracles = try settings.oracles.map { try oracle($0) }
    let attackRate = attackRate
    let plan = try subject("target-\(settings.tuningTarget)").model.plan
    let limit = limit
    _ = try records.record("setup", "data", seed: 0) {
      let counts = try UnitCounts(plan.dimensions)
      let mask = try MaskBudget.sparsity(.published).selection(
        by: UnitScores(counts) { _ in 0 })
      let numbers: [(String, Int)] = [
        ("forget", data.sets.forget.count), ("retain", data.sets.retain.count),
        ("test", data.sets.test.count), ("leaked", data.leaked.count), ("held", data.held.count),
        ("layers", counts.layers), ("heads", counts.total(.head)),
        ("filters", counts.total(.filter)), ("parameters", plan.parameterCount),
        ("selected_heads", mask.count(.head)), ("selected_filters", mask.count(.filter)),
      ]
      return numbers.map { ($0.0, Double($0.1)) } + [("limit", limit), ("attack_rate", attackRate)]
    }
    for seed in settings.confirms ? settings.fresh : settings.targets {
      let model = try subject("target-\(seed)").model
      let name = settings.confirms ? "fresh-target" : "target"
      _ = try records.record("base", name, seed: seed) {
        try gauge.report(model, oracles: oracles, attackRate: attackRate, seed: seed)
      }
    }
    for seed in [settings.tuningOracle] + settings.oracles {
      let model = try oracle(seed)
      var others: [Model<Float>] = []
      for other in [settings.tuningOracle] + settings.oracles where other != seed {
        others.append(try oracle(other))
      }
      _ = try records.record("base", "oracle", seed: seed) {
        try gauge.report(model, oracles: others, attackRate: attackRate, seed: seed)
      }
    }
  }

  /// Tunes a row on the tuning target, then runs it on each target.
  mutating func run(_ row: Row) throws {
    let (settings, gauge) = (settings, gauge)
    let tuningOracle = try oracle(settings.tuningOracle)
    let tuningTarget = try subject("target-\(settings.tuningTarget)")
    let start = try records.record(
      "base", "tuning-target", seed: settings.tuningTarget
    ) { try gauge.tuning(tuningTarget.model, oracle: tuningOracle) }
    let floor = (start.numbers["retain_accuracy"] ?? 0) - settings.allowedRetainLoss
    // The distance alone would be content with a model that forgot nothing: an oracle is as far from one that is right
    // as from one that is wrong in its own way.
    let known = records["base oracle \(settings.tuningOracle) 0.0"]?.numbers["forget_accuracy"] ?? 0
    let ceiling = known + settings.allowedForgetRest
    var chosen: Freedom?
    var tuned: [(rate: Double, merit: Double)] = []
    func merit(_ numbers: [String: Double]) -> Double {
      guard let forget = numbers["js_forget"], let retain = numbers["js_retain"],
        let accuracy = numbers["retain_accuracy"], forget.isFinite, retain.isFinite
      else { return .infinity }
      // A rate that breaks a condition is worse than any that does not, and the worse the more it breaks it.
      let broken =
        max(0, floor - accuracy)
        + max(0, (numbers["forget_accuracy"] ?? 1) - ceiling)
      return broken > 0 ? 10 + broken : forget + retain
    }
    func tune(_ rate: Double) throws {
      let record = try records.record("tune", row.name, seed: settings.tuningTarget, rate: rate) {
        let freedom =
          try chosen
          ?? chooser(tuningTarget).choose(row, seed: settings.tuningTarget)
        chosen = freedom
        let model = try update(
          row, tuningTarget, freedom, rate: rate, seed: settings.tuningTarget)
        return try gauge.tuning(model, oracle: tuningOracle)
      }
      tuned.append((rate, merit(record.numbers)))
      tuned.sort { $0.rate < $1.rate }
    }
    let (first, factor) = row.grid
    var rate = first
    for _ in 0..<settings.points {
      try tune(rate)
      rate *= factor
    }
    func best() -> Int { tuned.indices.min { tuned[$0].merit < tuned[$1].merit } ?? 0 }
    for _ in 0..<settings.extensions {
      if best() == 0 {
        try tune(tuned[0].rate / factor)
      } else if best() == tuned.count - 1 {
        try tune(tuned[tuned.count - 1].rate * factor)
      }
    }
    let place = best()
    let isAtEdge = place == 0 || place == tuned.count - 1
    let oracles = try settings.oracles.map { try oracle($0) }
    let (winner, attackRate) = (tuned[place], attackRate)
    for seed in settings.confirms ? settings.fresh : settings.targets {
      let target = try subject("target-\(seed)")
      let kind = settings.confirms ? "confirm" : "run"
      _ = try records.record(kind, row.name, seed: seed, rate: winner.rate) {
        let (freedom, mask) = try Cost.of {
          try chooser(target.fresh).choose(row, seed: seed)
        }
        let (model, update) = try Cost.of {
          try self.update(row, target.fresh, freedom, rate: winner.rate, seed: seed)
        }
        var numbers = try gauge.report(
          model, oracles: oracles, attackRate: attackRate, seed: seed)
        numbers += mask.numbers("mask")
        numbers += update.numbers("update")
        numbers += [
          ("parameters", Double(freedom.count(in: target.model.plan))),
          ("changed", Double(Self.changed(target.model, model))),
          ("grid_edge", isAtEdge ? 1 : 0), ("retain_failed", winner.merit >= 10 ? 1 : 0),
        ]
        return numbers
      }
    }
    note("\(row.name): rate \(winner.rate)\(isAtEdge ? " (edge)" : ""), merit \(winner.merit)")
  }

  private func chooser(_ subject: Subject) -> Chooser {
    Chooser(
      subject: subject, data: data.sets, settings: settings, limit: limit, attackRate: attackRate)
  }

  /// The descent of a gradient method; nil for the others.
  private func descent(_ row: Row, of plan: ModelPlan, rate: Double, seed: UInt64) -> Descent? {
    guard var loss = row.method.loss(limit: limit, of: plan) else { return nil }
    loss.forgetWeight *= row.pull
    return Descent(
      loss: loss, rate: rate, steps: settings.steps, batch: settings.batch,
      retainBatch: settings.retainBatch, seed: seed, simulatedRate: row.robustness * attackRate,
      stopsAtModel: row.stopsAtModel)
  }

  private func update(
    _ row: Row, _ subject: Subject, _ freedom: Freedom, rate: Double, seed: UInt64
  ) throws -> Model<Float> {
    let start = subject.model
    if let descent = descent(row, of: start.plan, rate: rate, seed: seed) {
      return try descent.run(start, freedom, on: data.sets).model
    }
    let trainable = freedom.trainable
    var model = start
    switch row.method {
    case .secondOrder:
      var memory = SecondOrderMemory<Float>(trainable, of: start.plan)
      try memory.addRetained(data.sets.retain, of: start)
      try memory.forget(data.sets.forget, wereRetained: false, of: start)
      _ = try SecondOrderStep(rate: .newton(rate)).update(&model, with: memory)
    case .taskVector:
      let loss = UnlearningLoss(forget: .nothing, retain: .likelihood)
      var forgetAlone = data.sets
      forgetAlone.retain = data.sets.forget
      let tuned = try Descent(
        loss: loss, rate: row.selection == .full ? 1e-3 : 4e-3, steps: settings.steps,
        batch: settings.batch,
        retainBatch: settings.retainBatch, seed: seed
      ).run(start, freedom, on: forgetAlone).model
      try TaskVector(from: start, to: tuned, on: trainable).subtract(times: rate, from: &model)
    case .ssd:
      var forget = FisherDiagonal<Float>(trainable, of: start.plan)
      try forget.add(data.sets.forget, of: start)
      var training = FisherDiagonal<Float>(trainable, of: start.plan)
      try training.add(data.sets.retain + data.sets.forget, of: start)
      _ = try SelectiveDampening(selection: rate, dampening: 1).apply(
        to: &model, forget: forget, training: training)
    default: throw TableError("\(row.name): no such update")
    }
    return Self.restricted(model, to: freedom, from: start)
  }

  /// A step of whole parameters, of which the selected elements alone are taken.
  private static func restricted(
    _ model: Model<Float>, to freedom: Freedom, from start: Model<Float>
  ) -> Model<Float> {
    guard case .elements(let mask) = freedom else { return model }
    var masked = start
    for parameter in freedom.trainable.parameters {
      let columns = start.parameters[parameter].columns
      for element in 0..<start.parameters[parameter].count where mask[parameter, element] {
        let (row, column) = element.quotientAndRemainder(dividingBy: columns)
        masked.parameters[parameter][row, column] = model.parameters[parameter][row, column]
      }
    }
    return masked
  }

  /// Second order at equal forgetting: on each target the shortest step, of those that grow by a tenth, after which no
  /// more than a share of the forget facts is known.
  mutating func scan(_ row: Row) throws {
    let oracles = try settings.oracles.map { try oracle($0) }
    let (gauge, attackRate) = (gauge, attackRate)
    for seed in settings.targets {
      let target = try subject("target-\(seed)")
      let thresholds = settings.scanned
      if thresholds.allSatisfy({
        records["scan \(row.name)<=\($0) \(seed) 0.0"] != nil
      }) {
        continue
      }
      let freedom = try chooser(target).choose(row, seed: seed)
      var memory = SecondOrderMemory<Float>(freedom.trainable, of: target.model.plan)
      try memory.addRetained(data.sets.retain, of: target.model)
      try memory.forget(data.sets.forget, wereRetained: false, of: target.model)
      var rate = 1e-5
      for threshold in thresholds {
        while true {
          var model = target.model
          _ = try SecondOrderStep(rate: .newton(rate)).update(&model, with: memory)
          model = Self.restricted(model, to: freedom, from: target.model)
          let known = Gauge.success(try ExampleScores(of: model, on: data.sets.forget)).accuracy
          guard known <= threshold || rate > 1 else {
            rate *= 1.1
            continue
          }
          _ = try records.record("scan", "\(row.name)<=\(threshold)", seed: seed) {
            try gauge.report(model, oracles: oracles, attackRate: attackRate, seed: seed) + [
              ("rate", rate)
            ]
          }
          break
        }
      }
    }
    note("\(row.name): scanned")
  }

  /// A row with the rate it was run with, ended at the first step after which the mean forget loss is the tuning
  /// oracle's.
  mutating func runToEqualLoss(_ row: Row) throws {
    guard row.method.raisesForgetLoss,
      let rate = records.all.first(where: { $0.kind == "run" && $0.name == row.name })?.rate
    else { return note("\(row.name): not run, or nothing to stop") }
    let oracles = try settings.oracles.map { try oracle($0) }
    let (gauge, attackRate, limit) = (gauge, attackRate, limit)
    for seed in settings.targets {
      let target = try subject("target-\(seed)")
      _ = try records.record("equal", row.name, seed: seed, rate: rate) {
        let freedom = try chooser(target).choose(row, seed: seed)
        guard var descent = descent(row, of: target.model.plan, rate: rate, seed: seed) else {
          return []
        }
        descent.end = limit
        let (model, steps) = try descent.run(target.model, freedom, on: data.sets)
        let reached = try Unlearner.meanLoss(model, data.sets.forget, 4096) >= limit
        return try gauge.report(model, oracles: oracles, attackRate: attackRate, seed: seed) + [
          ("steps", Double(steps)), ("reached", reached ? 1 : 0),
        ]
      }
    }
    note("\(row.name): run to the oracle's forget loss")
  }

  /// What a mask of so many frozen units costs: the pass for its gradients, the search, and an update of NPO.
  mutating func measureCost(sparsity: Int) throws {
    let row = Row(method: .npo, selection: sparsity == 0 ? .full : .mlr, sparsity: sparsity)
    for seed in settings.targets {
      let target = try subject("target-\(seed)")
      _ = try records.record("sparsity", settings.name(ofSparsity: sparsity), seed: seed) {
        try Bill(row: row, subject: target, data: data.sets, seed: seed).numbers { freedom in
          try update(row, target.fresh, freedom, rate: row.grid.first, seed: seed)
        }
      }
    }
    note("\(settings.name(ofSparsity: sparsity)): measured")
  }

  /// How many numbers differ in a bit.
  static func changed(_ before: Model<Float>, _ after: Model<Float>) -> Int {
    zip(before.parameters, after.parameters).reduce(0) { sum, pair in
      let (old, new) = (pair.0.array, pair.1.array)
      return sum + zip(old, new).count { $0.bitPattern != $1.bitPattern }
    }
  }
}
