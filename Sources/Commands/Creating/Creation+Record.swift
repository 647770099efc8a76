import Architecture
import Compute
import Evaluation
import Metrics
import Patching
import Provenance
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

/// What `create` says of itself in the statement, and what it depends on.
extension Creation {
  /// All that the patch's bytes depend on besides machine and threads.
  func identity(of input: CreationInput, _ updating: UnitUpdating) throws -> JSONValue {
    .members([
      "model": try input.loaded.identity, "method": .text(method.rawValue),
      "update": updating.settings, "units": units.map { .text($0) } ?? .null,
      "selection": try selection.selection(seed: update.seed, input.map).json,
      "budget": budget,
      "sparsity": .text(selection.sparsity), "mask": selection.maskFile.map { .text($0) } ?? .null,
      "gradients": selection.forgetGradients == nil
        ? .null
        : .array([selection.forgetGradients, selection.retainGradients].map { .text($0 ?? "") }),
      "mask_examples": .integer(Int64(selection.maskExamples)),
      "tokens_per_pass": .integer(Int64(update.tokensPerPass)),
      "seed": .text("\(update.seed)"), "data": fileDigests(of: input), "encoding": try encoding,
      "refusal": .text(data.refusal),
    ])
  }

  /// What is told of the choice of units.
  func record(of choice: UnitSelection.Outcome, _ map: UnitMap) throws -> JSONValue {
    var mask = JSONObject()
    if selection.maskFile != nil || memory.memory != nil && units == nil && choice.report == nil {
      mask["selection"] = "kept"
    } else if units == nil {
      mask["selection"] = try selection.selection(seed: update.seed, map).json
      mask["sparsity"] = .text(selection.sparsity)
      mask["budget"] = budget
    } else {
      mask["selection"] = "named"
    }
    mask["units"] = .integer(Int64(choice.mask.count))
    mask["retain_examples"] = .integer(Int64(choice.retainExamples))
    if let report = choice.report { mask["search"] = report.json }
    return .object(mask)
  }

  func describe(
    _ input: CreationInput, _ state: UnlearningState, _ trainable: Trainable,
    _ updated: UnitUpdating.Outcome, _ stages: Stages, _ workspace: Workspace?
  ) throws -> PatchMethod {
    PatchMethod(
      name: method.rawValue,
      parameters: [
        ("mask", JSONField(state.notes)["mask"].value ?? .null), ("update", updated.record),
        ("data", try datasets(of: input, workspace)), ("encoding", try encoding),
        ("trained_parameters", .integer(Int64(trainable.count(in: input.model.plan)))),
        ("seed", .text("\(update.seed)")),
        ("threads", .integer(Int64(input.model.workers.count))),
        (
          "blas",
          .members(["core": .text(Workers.blasCore), "build": .text(Workers.blasBuild)])
        ), ("stages", stages.json),
      ])
  }

  private var budget: JSONValue {
    .members([
      "of": .text(selection.budget.rawValue),
      "headsPerLayer": selection.headsPerLayer.map { .text($0) } ?? .null,
      "filtersPerLayer": selection.filtersPerLayer.map { .text($0) } ?? .null,
    ])
  }

  /// For this machine only: the digest of a set about a person can be guessed with the set.
  private func fileDigests(of input: CreationInput) -> JSONValue {
    .object(
      JSONObject(input.files.map { name, file, _ in (ByteString(name), .text(file.digest.hex)) }))
  }

  /// What a statement says of the data: how many examples, and a digest keyed by the workspace's own key; none where
  /// there is no workspace.
  private func datasets(of input: CreationInput, _ workspace: Workspace?) throws -> JSONValue {
    var sets = JSONObject()
    for (name, file, count) in input.files {
      var set = JSONObject([("examples", .integer(Int64(count)))])
      if let workspace {
        set["hmac_sha256"] = .text(try workspace.keyedDigest(ofFile: file.digest).hex)
      }
      sets[ByteString(name)] = .object(set)
    }
    return .object(sets)
  }

  private var encoding: JSONValue {
    get throws {
      let format = try data.encoding.format
      return .members([
        "prompt": .text(format.template), "separator": .text(format.separator),
        "length": .integer(Int64(data.encoding.length)), "ends": .bool(!data.encoding.noEnd),
      ])
    }
  }
}
