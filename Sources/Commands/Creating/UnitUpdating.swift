import Architecture
import Compute
import Provenance
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

/// The stage of `create` that moves the chosen units.
struct UnitUpdating {
  /// What the update made.
  struct Outcome {
    var model: Model<Float>
    var record: JSONValue
    var note: String
    /// Second order: the sums, this request's included, and the model that they are of.
    var memory: SecondOrderMemory<Float>?
    var start: LoadedModel?
  }

  /// Where and how often the state is kept.
  struct Keeping {
    let state: UnlearningState
    let path: String
    let fingerprint: Digest
    /// After how many steps; 0 for never.
    let interval: Int
    let isResumed: Bool
  }

  private enum Rule {
    case gradient(GradientUnlearning)
    /// Descent on the forget set, whose result is taken off.
    case taskVector(GradientUnlearning)
    case secondOrder(SecondOrderStep)
  }

  private let creation: Creation
  private let input: CreationInput
  private let kept: MemoryOptions.Kept?
  private let rule: Rule

  init(creation: Creation, input: CreationInput, kept: MemoryOptions.Kept?) throws {
    self.creation = creation
    self.input = input
    self.kept = kept
    let update = creation.update
    if creation.method == .secondOrder {
      guard !input.sets.retain.isEmpty || kept != nil else {
        throw ProvenanceError(.usage, "--method second-order needs --retain or --memory")
      }
      rule = .secondOrder(SecondOrderStep(rate: .newton(update.rate ?? 1), damping: update.damping))
    } else {
      let settings = try Self.settings(creation, input)
      rule = creation.method == .taskVector ? .taskVector(settings) : .gradient(settings)
    }
  }

  /// All that decides the update, for a fingerprint.
  var settings: JSONValue {
    switch rule {
    case .gradient(let settings): settings.json
    case .taskVector(let settings):
      .members(["settings": settings.json, "strength": .text("\(creation.update.strength)")])
    case .secondOrder(let step):
      .members([
        "rate": .text("\(step.rate)"), "damping": .text("\(step.damping)"),
        "curvature": .text(creation.update.curvature.rawValue),
        "retain_budget": creation.update.retainBudget.map { .text("\($0)") } ?? .null,
        "memory": kept.map { .text($0.digest.hex) } ?? .null,
      ])
    }
  }

  func run(
    _ trainable: Trainable, _ stages: inout Stages, keeping: Keeping, _ progress: Progress
  ) throws -> Outcome {
    switch rule {
    case .gradient(let settings):
      return try gradient(settings, trainable, input.sets, &stages, keeping, progress)
    case .taskVector(let settings):
      let examples = UnlearningData(forget: input.sets.forget, retain: input.sets.forget)
      var outcome = try gradient(settings, trainable, examples, &stages, keeping, progress)
      let vector = try TaskVector(from: input.model, to: outcome.model, on: trainable)
      outcome.model = input.model
      let strength = creation.update.strength
      vector.subtract(times: strength, from: &outcome.model)
      outcome.record = .members([
        "tuning": outcome.record, "strength": .text("\(strength)"),
        "distance": .text("\(vector.difference.norm)"),
      ])
      outcome.note += ", taken off \(Console.short(strength)) times"
      return outcome
    case .secondOrder(let step):
      return try stages.time("update") { try secondOrder(step, trainable) }
    }
  }

  // MARK: Gradient methods

  private func gradient(
    _ settings: GradientUnlearning, _ trainable: Trainable, _ sets: UnlearningData,
    _ stages: inout Stages, _ keeping: Keeping, _ progress: Progress
  ) throws -> Outcome {
    let clock = ContinuousClock()
    var start = clock.now
    var unlearner = try Unlearner(input.model, training: trainable, on: sets, settings)
    if keeping.isResumed {
      try UnlearningState.resume(
        &unlearner, fingerprint: keeping.fingerprint, from: keeping.path)
    }
    let first = unlearner.steps.count
    func note() {
      stages.add("update", Console.seconds(clock.now - start))
      start = clock.now
    }
    while unlearner.end == nil {
      let step = try unlearner.advance()
      if keeping.interval > 0,
        unlearner.end != nil || step.number.isMultiple(of: keeping.interval)
      {
        note()
        var state = keeping.state
        state.notes = .members([
          "mask": JSONField(state.notes)["mask"].value ?? .null, "stages": stages.json,
        ])
        try state.save(unlearner, fingerprint: keeping.fingerprint, to: keeping.path)
      }
      progress.count(
        "unlearning", step.number, settings.schedule.steps, since: first,
        detail: "forget loss \(Console.short(step.forgetMean)),"
          + " retain term \(Console.short(step.retain))")
    }
    note()
    let end = unlearner.end?.rawValue ?? ""
    let record = JSONValue.members([
      "settings": settings.json, "ended_by": .text(end),
      "resumed_at": keeping.isResumed ? .integer(Int64(first)) : .null,
      "steps": .array(
        unlearner.steps.map {
          .members([
            "step": .integer(Int64($0.number)), "total": .text("\($0.total)"),
            "forget": .text("\($0.forget)"), "retain": .text("\($0.retain)"),
            "gradient_norm": .text("\($0.gradientNorm)"),
          ])
        }),
    ])
    return Outcome(
      model: unlearner.model, record: record,
      note: "update     \(unlearner.steps.count) steps, ended by \(end)")
  }

  private static func settings(
    _ creation: Creation, _ input: CreationInput
  ) throws -> GradientUnlearning {
    let update = creation.update
    var target = update.untilForgetLoss
    var limit = update.forgetLimit
    if update.untilOracle || update.limitByOracle {
      guard let oracle = input.oracle else {
        throw ProvenanceError(.usage, "--until-oracle and --limit-by-oracle need --oracle")
      }
      let loss = try Unlearner.meanLoss(oracle, input.sets.forget, update.tokensPerPass)
      if update.untilOracle { target = target ?? loss }
      if update.limitByOracle { limit = limit ?? loss }
    }
    var loss = try Self.loss(creation, input)
    loss.forgetLimit = limit
    if let gamma = update.gamma { loss.forgetWeight = gamma }
    if let alpha = update.alpha { loss.retainWeight = alpha }
    if loss.needsRetain, input.sets.retain.isEmpty, creation.method != .taskVector {
      throw ProvenanceError(.usage, "--method \(creation.method) needs --retain")
    }
    if loss.forget.needsPreferred, input.sets.preferred.isEmpty {
      throw ProvenanceError(
        .usage, "--method \(creation.method) needs questions with answers to forget")
    }
    return GradientUnlearning(
      loss, rule: update.optimizer.rule, decay: update.decay,
      schedule: Schedule(
        rate: update.rate ?? 1e-4, shape: update.schedule, warmup: update.warmup,
        steps: update.steps), batchSize: update.batch, tokensPerPass: update.tokensPerPass,
      clip: update.clip > 0 ? update.clip : nil, seed: update.seed,
      stops: GradientUnlearning.Stops(
        forgetLoss: target, retainBudget: update.retainBudget))
  }

  private static func loss(_ creation: Creation, _ input: CreationInput) throws -> UnlearningLoss {
    let update = creation.update
    switch creation.method {
    case .ga: return .gradientAscent
    case .gd: return .gradientDifference()
    case .kl: return .klMin()
    case .npo: return .npo(beta: update.beta ?? 0.1)
    case .simnpo: return .simNPO(beta: update.beta ?? 4.5)
    case .dpo: return .dpo(beta: update.beta ?? 0.1)
    case .idk: return .idk()
    case .ft: return .fineTuning(sparsity: update.l1)
    case .taskVector: return .fineTuning()
    case .rmu:
      let plan = input.model.plan
      var random = RandomNumbers(seed: update.seed &+ 3)
      let direction = LossStep<Float>.direction(width: plan.dimensions.hidden, &random)
      return .rmu(
        UnlearningLoss.Steering(
          layer: update.layer ?? max(0, plan.layers.count / 2 - 1), coefficient: update.coefficient,
          direction: direction))
    case .ablate, .secondOrder:
      throw ProvenanceError(.usage, "--method \(creation.method) is no gradient method")
    }
  }

  // MARK: Second order

  private func secondOrder(_ step: SecondOrderStep, _ trainable: Trainable) throws -> Outcome {
    let update = creation.update
    let options = ExampleGradients(tokensPerPass: update.tokensPerPass)
    var random = RandomNumbers(seed: update.seed &+ 4)
    let sample = random.permutation(input.sets.retain.count)
      .prefix(creation.selection.maskExamples).map { input.sets.retain[$0] }
    guard update.retainBudget == nil || !sample.isEmpty else {
      throw ProvenanceError(.usage, "--retain-budget needs --retain")
    }
    let backtracking = update.retainBudget.map { SecondOrderStep.Backtracking(budget: $0) }
    // θ*: where all sums are taken and each step begins.
    let start = kept?.start ?? input.loaded
    var moved = start.model
    let report: SecondOrderStep.Report
    let memory: SecondOrderMemory<Float>?
    if update.curvature == .diagonal {
      let sums = try self.memory(trainable, sample, options, start.model)
      report = try step.update(&moved, with: sums, backtracking: backtracking, on: sample)
      memory = sums
    } else {
      guard kept == nil, creation.memory.saveMemory == nil, !sample.isEmpty else {
        throw ProvenanceError(
          .usage, "--curvature \(update.curvature) needs --retain, and keeps no --memory")
      }
      var forget = Gradients<Float>(trainable, of: start.model.plan)
      try options.add(input.sets.forget, of: start.model, to: &forget)
      let direction = try BlockFisherStep(
        damping: update.damping, curvature: update.curvature == .block ? .empirical : .model,
        options: options
      ).direction(of: start.model, forget: forget, retain: sample)
      report = try SecondOrderStep.move(
        &moved, along: direction,
        rate: (update.rate ?? 1) / Double(max(1, input.sets.retain.count)),
        backtracking: backtracking, on: sample, tokensPerPass: update.tokensPerPass)
      memory = nil
    }
    // What is not updated stays as it is in the model that is patched.
    var model = input.model
    Slices(of: moved, trainable).replace(in: &model)
    return Outcome(
      model: model,
      record: .members([
        "curvature": .text(update.curvature.rawValue),
        "rate": .text("\(report.rate)"), "halvings": .integer(Int64(report.halvings)),
        "distance": .text("\(report.distance)"), "damping": .text("\(update.damping)"),
        "mean_fisher": report.meanFisher.map { .text("\($0)") } ?? .null,
        "retain_examples": .integer(Int64(memory?.retain.examples ?? sample.count)),
        "forget_examples": .integer(Int64(memory?.forgotten ?? input.sets.forget.count)),
        "memory": kept.map { .text($0.digest.hex) } ?? .null,
        "accepted": .bool(report.isAccepted),
      ]),
      note: "update     one step of rate \(Console.short(report.rate)),"
        + " distance \(Console.short(report.distance))"
        + (kept == nil
          ? "" : ", \(memory?.forgotten ?? 0) examples forgotten since the first request"),
      memory: memory, start: start)
  }

  /// The sums of this request, and of those before it where they were kept.
  private func memory(
    _ trainable: Trainable, _ sample: [EncodedExample], _ options: ExampleGradients,
    _ start: Model<Float>
  ) throws -> SecondOrderMemory<Float> {
    var memory: SecondOrderMemory<Float>
    if let kept {
      memory = try kept.memory.restricted(to: trainable, start)
    } else {
      memory = SecondOrderMemory<Float>(trainable, of: start.plan, options: options)
      try memory.addRetained(
        creation.memory.saveMemory == nil ? sample : input.sets.retain, of: start)
      memory.retainSize = input.sets.retain.count
    }
    try memory.forget(input.sets.forget, wereRetained: kept != nil, of: start)
    return memory
  }
}
