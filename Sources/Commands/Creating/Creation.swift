import Architecture
import Attestation
import Compute
import Evaluation
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

/// The work of `create`: data, units, update, measurement, patch.
struct Creation {
  let model: String
  let method: UnlearningMethodName
  let units: String?
  let data: UnlearningDataOptions
  let selection: SelectionOptions
  let update: UpdateOptions
  let memory: MemoryOptions
  let measuring: MeasuringOptions
  let relearning: RelearningOptions
  let keeping: KeepingOptions

  func run(
    _ making: MakingOptions, _ common: CommonOptions, _ surroundings: Surroundings,
    _ progress: Progress
  ) throws -> Console.Answer {
    let statePath = making.output + ".state.safetensors"
    let isResumed = try keeping.check(statePath)
    try making.precheck(common, replacing: isResumed)
    let input = try CreationInput(model, data, update, measuring)
    let before = input.model
    let kept = try memory.read(self, input)
    let updating = try UnitUpdating(creation: self, input: input, kept: kept)
    let fingerprint = try SHA256.digest(of: CanonicalJSON.encode(identity(of: input, updating)))

    var stages = Stages()
    let state: UnlearningState
    if isResumed {
      state = try UnlearningState(
        path: statePath, fingerprint: fingerprint, of: try UnitCounts(before.plan.dimensions))
      stages = try Stages(JSONField(state.notes)["stages"])
    } else {
      let choice = try stages.time("mask") { try choose(input, kept, progress) }
      state = UnlearningState(
        mask: choice.mask,
        notes: .members(["mask": try record(of: choice, input.map), "stages": stages.json]))
      if keeping.keepEvery > 0 { try state.save(nil, fingerprint: fingerprint, to: statePath) }
    }
    let trainable = Trainable(state.mask.units, of: input.map, in: before.plan)
    let updated = try updating.run(
      trainable, &stages,
      keeping: UnitUpdating.Keeping(
        state: state, path: statePath, fingerprint: fingerprint, interval: keeping.keepEvery,
        isResumed: isResumed), progress)
    let after = updated.model.rounded(like: input.checkpoint, trainable)
    let effect = try stages.time("evaluation") {
      try EffectEvaluation(
        before: before, after: after, oracle: input.oracle, on: input.questions,
        options: options())
    }
    let drift = try stages.time("drift") { try self.drift(of: after, input) }
    if let path = selection.saveMask {
      let bytes = try CanonicalJSON.encodeForPeople(state.mask.json)
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    }
    try memory.write(updated.memory, units: state.mask, updated.start, of: before.plan)
    let draft = try UnitSlices.draft(
      state.mask.units, map: input.map, checkpoint: input.checkpoint)
    let answer = try making.write(
      draft, values: ModelValues(after), base: input.checkpoint, map: input.map,
      method: try describe(
        input, state, trainable, updated, stages, try common.findWorkspace()),
      metrics: PatchMetrics(
        recorded: effect.json + (drift?.json ?? []), notRun: effect.notRun), schema: "create",
      notes: effect.lines + (drift.map(lines) ?? []) + [updated.note, stages.line],
      replacing: isResumed, common: common, surroundings)
    try Folder.remove(statePath)
    return answer
  }

  private func options() throws -> EvaluationOptions {
    var options = measuring.options(seeds: [update.seed], tokensPerPass: update.tokensPerPass)
    options.relearning = try relearning.attack(batch: update.batch, seed: update.seed)
    return options
  }

  // MARK: Units

  private func choose(
    _ input: CreationInput, _ kept: MemoryOptions.Kept?, _ progress: Progress
  ) throws -> UnitSelection.Outcome {
    let counts = try UnitCounts(input.model.plan.dimensions)
    if let kept, kept.memory.forgotten > 0 {
      guard units == nil, selection.maskFile == nil else {
        throw ProvenanceError(
          .usage, "--memory holds requests of its own units: leave --units and --mask-file out")
      }
      return UnitSelection.Outcome(mask: kept.units)
    }
    if let units {
      return UnitSelection.Outcome(
        mask: try UnitMask(input.loaded.units(named: units), of: counts))
    }
    if let kept = try self.selection.kept(counts) { return UnitSelection.Outcome(mask: kept) }
    let selection = try selection.selection(seed: update.seed, input.map)
    if case .learned = selection.rule, input.sets.retain.isEmpty,
      self.selection.retainGradients == nil
    {
      throw ProvenanceError(.usage, "--mask \(self.selection.mask) needs --retain")
    }
    let total = input.sets.forget.count + min(input.sets.retain.count, selection.retainExamples)
    var done = 0
    return try selection.choose(
      input.model, map: input.map, on: input.sets,
      gradients: try self.selection.gradients(counts), sample: update.seed,
      tokensPerPass: update.tokensPerPass
    ) { count in
      done += count
      progress.count("mask gradients", done, total, since: 0, detail: "examples")
    }
  }

  // MARK: Drift

  /// How far the result is from the model before the first request; nil where none was named.
  private func drift(of after: Model<Float>, _ input: CreationInput) throws -> Drift? {
    guard let path = data.start else { return nil }
    let start = try input.loaded.peer(
      at: path, as: "the model of --start", for: data.encoding.task
    ).model
    return try Drift(
      of: after, since: start, on: input.sets, tokensPerPass: update.tokensPerPass)
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
}
