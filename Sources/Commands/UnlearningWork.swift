import Architecture
import Compute
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

/// The work of `create`: data, units, update, measurement, patch.
struct UnlearningWork {
  let model: String
  let method: UnlearningMethodName
  let units: String?
  let data: UnlearningDataOptions
  let selection: SelectionOptions
  let update: UpdateOptions

  /// A stage's wall time and what memory had risen to at its end.
  struct Stage {
    var name: String
    var seconds: Double
    var peakMemory: Int64
  }

  /// What the stages hand on.
  private struct Bench {
    var loaded: LoadedModel
    var checkpoint: Safetensors.Checkpoint
    var map: UnitMap
    var oracle: Model<Float>?
    var sets: UnlearningData
    var files: [(name: String, file: DataFile, count: Int)]
    var stages: [Stage] = []

    mutating func time<Value>(_ name: String, _ body: (inout Bench) throws -> Value) rethrows
      -> Value
    {
      let clock = ContinuousClock()
      let start = clock.now
      let value = try body(&self)
      let took = clock.now - start
      stages.append(
        Stage(name: name, seconds: Console.seconds(took), peakMemory: Console.peakMemory))
      return value
    }
  }

  /// What the update made.
  private struct Updated {
    var model: Model<Float>
    var record: JSONValue
    var note: String
  }

  func run(
    _ making: MakingOptions, _ common: CommonOptions, _ surroundings: Surroundings,
    _ progress: Progress
  ) throws -> Console.Answer {
    try making.precheck(common)
    var bench = try prepare()
    let before = bench.loaded.model
    let outcome = try bench.time("mask") { try choose($0, progress) }
    let trainable = Trainable(outcome.mask.units, of: bench.map, in: before.plan)
    let updated = try bench.time("update") { try apply(trainable, $0, progress) }
    let after = updated.model.rounded(like: bench.checkpoint, trainable)
    let effect = try bench.time("evaluation") { bench in
      try EffectEvaluation(
        before: before, after: after, oracle: bench.oracle, on: bench.sets, seeds: [update.seed],
        tokensPerPass: update.tokensPerPass)
    }
    let drift = try bench.time("drift") { try self.drift(of: after, $0) }
    if let path = selection.saveMask {
      let bytes = try CanonicalJSON.encodeForPeople(outcome.mask.json)
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    }
    let draft = try UnitSlices.draft(
      outcome.mask.units, map: bench.map, checkpoint: bench.checkpoint)
    let description = try describe(bench, outcome, trainable, updated)
    return try making.write(
      draft, values: ModelValues(after), base: bench.checkpoint, map: bench.map,
      method: description,
      metrics: PatchMetrics(
        recorded: effect.json + (drift?.json ?? []), notRun: effect.notRun), schema: "create",
      notes: Self.lines(effect) + (drift.map(lines) ?? []) + [updated.note]
        + Self.lines(bench.stages), common: common, surroundings)
  }

  // MARK: Stages

  private func prepare() throws -> Bench {
    let workers = Workers(count: update.threads ?? Workers.availableCount)
    var random = RandomNumbers(seed: update.seed)
    let options = ModelSourceOptions.of(model)
    let loaded = try options.load(
      task: data.encoding.task, labels: nil, workers, &random)
    guard let checkpoint = loaded.checkpoint else {
      throw ProvenanceError(.usage, "--model names no model")
    }
    if loaded.model.plan.parameters.contains(where: \.isNew) {
      throw ProvenanceError(
        .state, "\(model): has no output for this task; fine-tune it first, or name another --task")
    }
    let map: UnitMap
    do throws(ArchitectureError) { map = try UnitMap(checkpoint) } catch {
      throw ProvenanceError(.state, "\(model): the model's units are not known: \(error)")
    }
    let encoder = try data.encoding.encoder(for: loaded)
    var files: [(name: String, file: DataFile, count: Int)] = []
    func read(_ name: String, _ path: String?) throws -> (DataFile?, [EncodedExample]) {
      guard let path else { return (nil, []) }
      let file = try DataFile(path: path)
      let examples = try encoder.encode(file)
      files.append((name, file, examples.count))
      return (file, examples)
    }
    let (forgetFile, forget) = try read("forget", data.forget)
    let (_, retain) = try read("retain", data.retain)
    let (_, test) = try read("test", data.test)
    var sets = UnlearningData(forget: forget, retain: retain, test: test)
    if let forgetFile { try addAnswers(of: forgetFile, encoder, to: &sets) }
    var oracle: Model<Float>?
    if let path = data.oracle {
      oracle = try ModelSourceOptions.of(path).load(
        task: data.encoding.task, labels: nil, workers, &random
      ).model
      guard oracle?.plan.vocabulary == loaded.model.plan.vocabulary else {
        throw ProvenanceError(.invalid, "\(path): the oracle has another vocabulary than the model")
      }
    }
    return Bench(
      loaded: loaded, checkpoint: checkpoint, map: map, oracle: oracle, sets: sets, files: files)
  }

  /// The preferred answers, and the right and wrong ones for the truth ratio.
  private func addAnswers(
    of file: DataFile, _ encoder: ExampleEncoder, to sets: inout UnlearningData
  ) throws {
    guard encoder.task == .languageModel else { return }
    for example in file.examples {
      guard case .answered(let answered) = example else { continue }
      sets.preferred.append(try encoder.answer(data.refusal, to: answered.question))
      guard !answered.perturbedAnswers.isEmpty else { continue }
      sets.truth.right.append(
        try encoder.answer(
          answered.paraphrasedAnswer ?? answered.answer, to: answered.question))
      sets.truth.wrong.append(
        try answered.perturbedAnswers.map { try encoder.answer($0, to: answered.question) })
    }
    // Pairs need an answer to every example.
    if sets.preferred.count != sets.forget.count { sets.preferred = [] }
  }

  private func choose(_ bench: Bench, _ progress: Progress) throws -> UnitSelection.Outcome {
    let counts = try UnitCounts(bench.loaded.model.plan.dimensions)
    if let units {
      return UnitSelection.Outcome(
        mask: try UnitMask(bench.loaded.units(named: units), of: counts))
    }
    if let kept = try self.selection.kept(counts) { return UnitSelection.Outcome(mask: kept) }
    let selection = try selection.selection(seed: update.seed)
    if case .learned = selection.rule, bench.sets.retain.isEmpty,
      self.selection.retainGradients == nil
    {
      throw ProvenanceError(.usage, "--mask \(self.selection.mask) needs --retain")
    }
    let total = bench.sets.forget.count + min(bench.sets.retain.count, selection.retainExamples)
    var done = 0
    return try selection.choose(
      bench.loaded.model, map: bench.map, on: bench.sets,
      gradients: try self.selection.gradients(counts), sample: update.seed,
      tokensPerPass: update.tokensPerPass
    ) { count in
      done += count
      progress.count("mask gradients", done, total, since: 0, detail: "examples")
    }
  }

  private func apply(_ trainable: Trainable, _ bench: Bench, _ progress: Progress) throws -> Updated
  {
    if method == .secondOrder { return try secondOrder(trainable, bench) }
    let settings = try settings(bench)
    var unlearner = try Unlearner(
      bench.loaded.model, training: trainable, on: bench.sets, settings)
    while unlearner.end == nil {
      let step = try unlearner.advance()
      let forget = Console.short(step.value.forgetMean)
      progress.count(
        "unlearning", step.number, settings.schedule.steps, since: 0,
        detail: "forget loss \(forget), retain term \(Console.short(step.value.retain))")
    }
    let end = unlearner.end?.rawValue ?? ""
    let record = JSONValue.members([
      "settings": settings.json, "ended_by": .text(end),
      "steps": .array(
        unlearner.steps.map {
          .members([
            "step": .integer(Int64($0.number)), "total": .text("\($0.value.total)"),
            "forget": .text("\($0.value.forget)"), "retain": .text("\($0.value.retain)"),
            "gradient_norm": .text("\($0.gradientNorm)"),
          ])
        }),
    ])
    return Updated(
      model: unlearner.model, record: record,
      note: "update     \(unlearner.steps.count) steps, ended by \(end)")
  }

  private func settings(_ bench: Bench) throws -> GradientUnlearning {
    var target = update.untilForgetLoss
    var limit = update.forgetLimit
    if update.untilOracle || update.limitByOracle {
      guard let oracle = bench.oracle else {
        throw ProvenanceError(.usage, "--until-oracle and --limit-by-oracle need --oracle")
      }
      let loss = try Unlearner.meanLoss(oracle, bench.sets.forget, update.tokensPerPass)
      if update.untilOracle { target = target ?? loss }
      if update.limitByOracle { limit = limit ?? loss }
    }
    var loss = try self.loss(bench)
    loss.forgetLimit = limit
    if let gamma = update.gamma { loss.forgetWeight = gamma }
    if let alpha = update.alpha { loss.retainWeight = alpha }
    if loss.needsRetain, bench.sets.retain.isEmpty {
      throw ProvenanceError(.usage, "--method \(method) needs --retain")
    }
    if loss.forget.needsPreferred, bench.sets.preferred.isEmpty {
      throw ProvenanceError(.usage, "--method \(method) needs questions with answers to forget")
    }
    return GradientUnlearning(
      loss, decay: update.decay,
      schedule: Schedule(
        rate: update.rate ?? 1e-4, shape: update.schedule, warmup: update.warmup,
        steps: update.steps), batchSize: update.batch, tokensPerPass: update.tokensPerPass,
      clip: update.clip > 0 ? update.clip : nil, seed: update.seed,
      stops: GradientUnlearning.Stops(
        forgetLoss: target, retainBudget: update.retainBudget))
  }

  private func loss(_ bench: Bench) throws -> UnlearningLoss {
    switch method {
    case .ga: return .gradientAscent
    case .gd: return .gradientDifference()
    case .kl: return .klMin()
    case .npo: return .npo(beta: update.beta ?? 0.1)
    case .simnpo: return .simNPO(beta: update.beta ?? 4.5)
    case .dpo: return .dpo(beta: update.beta ?? 0.1)
    case .idk: return .idk()
    case .ft: return .fineTuning()
    case .rmu:
      let plan = bench.loaded.model.plan
      var random = RandomNumbers(seed: update.seed &+ 3)
      let direction = LossStep<Float>.direction(width: plan.dimensions.hidden, &random)
      return .rmu(
        UnlearningLoss.Steering(
          layer: update.layer ?? max(0, plan.layers.count / 2 - 1), coefficient: update.coefficient,
          direction: direction))
    case .ablate, .secondOrder:
      throw ProvenanceError(.usage, "--method \(method) is no gradient method")
    }
  }

  private func secondOrder(_ trainable: Trainable, _ bench: Bench) throws -> Updated {
    guard !bench.sets.retain.isEmpty else {
      throw ProvenanceError(.usage, "--method second-order needs --retain")
    }
    var random = RandomNumbers(seed: update.seed &+ 4)
    let sample = random.permutation(bench.sets.retain.count)
      .prefix(selection.maskExamples).map { bench.sets.retain[$0] }
    var model = bench.loaded.model
    var memory = SecondOrderMemory<Float>(trainable, of: model.plan)
    try memory.addRetained(sample, of: model)
    memory.retainSize = bench.sets.retain.count
    try memory.forget(bench.sets.forget, wereRetained: false, of: model)
    let step = SecondOrderStep(rate: .newton(update.rate ?? 1), damping: update.damping)
    let backtracking = update.retainBudget.map { SecondOrderStep.Backtracking(budget: $0) }
    let report = try step.update(&model, with: memory, backtracking: backtracking, on: sample)
    return Updated(
      model: model,
      record: .members([
        "rate": .text("\(report.rate)"), "halvings": .integer(Int64(report.halvings)),
        "distance": .text("\(report.distance)"), "damping": .text("\(update.damping)"),
        "mean_fisher": .text("\(report.meanFisher)"),
        "retain_examples": .integer(Int64(sample.count)),
        "accepted": .bool(report.isAccepted),
      ]),
      note:
        "update     one step of rate \(Console.short(report.rate)), distance \(Console.short(report.distance))"
    )
  }

  /// How far the result is from the model before the first request; nil where none was named.
  private func drift(of after: Model<Float>, _ bench: Bench) throws -> Drift? {
    guard let path = data.start else { return nil }
    var random = RandomNumbers(seed: update.seed)
    let start = try ModelSourceOptions.of(path).load(
      task: data.encoding.task, labels: nil, after.workers, &random
    ).model
    return try Drift(
      of: after, since: start, on: bench.sets, tokensPerPass: update.tokensPerPass)
  }

  private func lines(_ drift: Drift) -> [String] {
    var lines = [
      "drift      since \(data.start ?? ""): retain loss \(Console.short(drift.retainRise ?? .nan)) higher,"
        + " moved by \(Console.short(drift.distance)) of its length"
    ]
    if let budget = data.driftBudget, let rise = drift.retainRise, !(rise <= budget) {
      lines.append(
        "WARNING    the drift budget of \(Console.short(budget)) is spent: retrain from scratch now"
      )
    }
    return lines
  }

  // MARK: Record

  private func describe(
    _ bench: Bench, _ outcome: UnitSelection.Outcome, _ trainable: Trainable, _ updated: Updated
  ) throws -> PatchMethod {
    let format = try data.encoding.format
    var sets = JSONObject()
    for (name, file, count) in bench.files {
      sets[ByteString(name)] = .members([
        "sha256": .text(file.digest.hex), "examples": .integer(Int64(count)),
      ])
    }
    var stages = JSONObject()
    for stage in bench.stages {
      stages[ByteString(stage.name)] = .members([
        "seconds": .text("\(stage.seconds)"), "peak_memory": .integer(stage.peakMemory),
      ])
    }
    var mask = JSONObject()
    if selection.maskFile != nil {
      mask["selection"] = "kept"
    } else if units == nil {
      mask["selection"] = try selection.selection(seed: update.seed).json
      mask["sparsity"] = .text(selection.sparsity)
    } else {
      mask["selection"] = "named"
    }
    mask["units"] = .integer(Int64(outcome.mask.count))
    mask["retain_examples"] = .integer(Int64(outcome.retainExamples))
    if let report = outcome.report { mask["search"] = report.json }
    return PatchMethod(
      name: method.rawValue,
      parameters: [
        ("mask", .object(mask)), ("update", updated.record), ("data", .object(sets)),
        (
          "encoding",
          .members([
            "prompt": .text(format.template), "separator": .text(format.separator),
            "length": .integer(Int64(data.encoding.length)),
          ])
        ),
        ("trained_parameters", .integer(Int64(trainable.count(in: bench.loaded.model.plan)))),
        ("seed", .text("\(update.seed)")),
        ("threads", .integer(Int64(bench.loaded.model.workers.count))),
        (
          "blas",
          .members(["core": .text(Workers.blasCore), "build": .text(Workers.blasBuild)])
        ), ("stages", .object(stages)),
      ])
  }

  private static func lines(_ stages: [Stage]) -> [String] {
    [
      "time       "
        + stages.map { "\($0.name) \(Console.short($0.seconds)) s" }.joined(separator: ", ")
        + ", peak memory \((stages.last?.peakMemory ?? 0) / 1_000_000) MB"
    ]
  }

  /// A short table of the effect.
  private static func lines(_ effect: EffectEvaluation) -> [String] {
    var lines: [String] = []
    for part in EffectEvaluation.Part.allCases {
      var columns: [String] = []
      for subject in EffectEvaluation.Subject.allCases {
        guard let loss = effect.value(subject, part, "loss"),
          let accuracy = effect.value(subject, part, "accuracy")
        else { continue }
        columns.append(
          "\(subject.rawValue) \(Console.short(accuracy)) (loss \(Console.short(loss)))")
      }
      if columns.isEmpty { continue }
      let name = part.rawValue + String(repeating: " ", count: 11 - part.rawValue.count)
      lines.append(name + "right: " + columns.joined(separator: ", "))
    }
    let membership = EffectEvaluation.Subject.allCases.compactMap { subject in
      effect.value(subject, nil, "membership-auc").map {
        "\(subject.rawValue) \(Console.short($0))"
      }
    }
    if !membership.isEmpty {
      lines.append("membership AUC of the loss: " + membership.joined(separator: ", "))
    }
    let distances = EffectEvaluation.Part.allCases.compactMap { part in
      effect.value(.after, part, "oracle-distance").map { after in
        let before = effect.value(.before, part, "oracle-distance").map { Console.short($0) } ?? ""
        return "\(part.rawValue) \(before) → \(Console.short(after))"
      }
    }
    if !distances.isEmpty {
      lines.append("distance to the oracle: " + distances.joined(separator: ", "))
    }
    return lines
  }
}
