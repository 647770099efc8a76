import Architecture
public import ArgumentParser
import Compute
import Provenance
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

/// Options that say what is forgotten and what is kept.
struct UnlearningDataOptions: ParsableArguments {
  @Option(name: .long, help: "What is to be forgotten, JSONL.", completion: .file())
  var forget: String?
  @Option(name: .long, help: "What is to be kept, JSONL.", completion: .file())
  var retain: String?
  @Option(
    name: .long, help: "Examples that the model never saw, JSONL: for membership inference.",
    completion: .file())
  var test: String?
  @Option(
    name: .long, help: "A model trained without the forget set: what forgetting is measured by.",
    completion: .directory)
  var oracle: String?
  @Option(
    name: .long,
    help: "The model before the first request: tells how far it has drifted since.",
    completion: .directory)
  var start: String?
  @Option(
    name: .long, help: "Warn once the retain loss is this much above the start's, in nats.")
  var driftBudget: Double?
  @Option(name: .long, help: "The answer that dpo and idk prefer to the forgotten ones.")
  var refusal = "I don't know."
  @OptionGroup var encoding: EncodingOptions
}

/// Options that say which units may change.
struct SelectionOptions: ParsableArguments {
  enum Rule: String, ExpressibleByArgument, CaseIterable {
    case mlr, mlf, norm, magnitude, random, last, all
  }

  @Option(
    name: .long, help: "How units are chosen: mlr, mlf, norm, magnitude, random, last or all.")
  var mask = Rule.mlr
  enum Budget: String, ExpressibleByArgument, CaseIterable {
    case kinds, joint, parameters, heads, filters
  }

  @Option(name: .long, help: "The share of what --budget counts that is not updated.")
  var sparsity = "0.9"
  @Option(
    name: .long,
    help: """
      What the share is of: kinds (heads and filters apart), joint (all units in one ranking), parameters, \
      heads (alone) or filters (alone).
      """)
  var budget = Budget.kinds
  @Option(name: .long, help: "The least and the most heads of each layer, LEAST-MOST.")
  var headsPerLayer: String?
  @Option(name: .long, help: "The least and the most filters of each layer, LEAST-MOST.")
  var filtersPerLayer: String?
  @Option(
    name: .long,
    help:
      "Which units of the objective's solution are updated: freeze (the published reading) or prune."
  )
  var reading = MaskObjective.Reading.freeze
  @Option(name: .long, help: "The factor of the quadratic term: mean, sum, dataset or a number.")
  var scale = "mean"
  @Option(
    name: .long,
    help: """
      What is summed: signed, absolute, absolute-of-each, ratio, forget-only or retain-only.
      """)
  var score = "signed"
  @Option(
    name: .long,
    help: "Rounds of swapping: 0 for the warm start, 1 as published, or up to a local optimum.")
  var passes = 20
  @Option(name: .long, help: "How many retain examples are passed through to learn the mask.")
  var maskExamples = 512
  @Option(name: .long, help: "Take the units of a kept mask.", completion: .file())
  var maskFile: String?
  @Option(name: .long, help: "Keep the mask in a file, for other requests.", completion: .file())
  var saveMask: String?
  @Option(
    name: .long,
    help: "The forget set's mask gradients, computed elsewhere (docs/masks.md).",
    completion: .file())
  var forgetGradients: String?
  @Option(
    name: .long, help: "The retain set's mask gradients, computed elsewhere.", completion: .file())
  var retainGradients: String?

  func validate() throws {
    guard (forgetGradients == nil) == (retainGradients == nil) else {
      throw ValidationError("--forget-gradients and --retain-gradients go together")
    }
  }

  /// The mask gradients that were computed elsewhere; nil for none.
  func gradients(_ counts: UnitCounts) throws -> (
    forget: PerExampleMaskGradients, retain: PerExampleMaskGradients
  )? {
    guard let forgetGradients, let retainGradients else { return nil }
    return (
      try PerExampleMaskGradients(path: forgetGradients, of: counts),
      try PerExampleMaskGradients(path: retainGradients, of: counts)
    )
  }

  /// The kept mask; nil for none.
  func kept(_ counts: UnitCounts) throws -> UnitMask? { try UnitMask.kept(maskFile, counts) }

  func rule(seed: UInt64) throws -> UnitSelection.Rule {
    guard let scale = MaskObjective.Scale(scale) else {
      throw ProvenanceError(.usage, "--scale: expected mean, sum, dataset or a number from 0")
    }
    guard let score = MaskObjective.Score(score) else {
      throw ProvenanceError(
        .usage,
        "--score: expected signed, absolute, absolute-of-each, ratio, forget-only or retain-only")
    }
    let rounds: MaskSearch.Passes =
      passes <= 0 ? .none : passes == 1 ? .published : .untilLocalOptimum(limit: passes)
    return switch mask {
    case .mlr: .learned(.mlr(scale: scale, score: score, reading: reading), rounds)
    case .mlf: .learned(.mlf(scale: scale, score: score, reading: reading), rounds)
    case .norm: .norm
    case .magnitude: .magnitude
    case .random: .random(seed: seed)
    case .last: .last
    case .all: .all
    }
  }

  func selection(seed: UInt64, _ map: UnitMap) throws -> UnitSelection {
    UnitSelection(
      try rule(seed: seed), budget: try limits(map), retainExamples: max(1, maskExamples))
  }

  private func limits(_ map: UnitMap) throws -> MaskBudget {
    guard let share = Sparsity(sparsity) else {
      throw ProvenanceError(.usage, "--sparsity: expected a decimal number from 0 to 1")
    }
    var limits: MaskBudget =
      switch budget {
      case .kinds: .sparsity(share)
      case .joint: MaskBudget(.joint(share))
      case .parameters: MaskBudget(.parameters(share, try UnitCosts(map)))
      case .heads: .headsOnly(share)
      case .filters: .filtersOnly(share)
      }
    limits.layerLimits[.head] = try Self.range(headsPerLayer, "--heads-per-layer")
    limits.layerLimits[.filter] = try Self.range(filtersPerLayer, "--filters-per-layer")
    return limits
  }

  private static func range(_ text: String?, _ option: String) throws -> ClosedRange<Int>? {
    guard let text else { return nil }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let least = ends[0], let most = ends[1], least <= most else {
      throw ProvenanceError(.usage, "\(option): expected LEAST-MOST, such as 1-4")
    }
    return least...most
  }
}

/// Options that say how the chosen units are updated.
struct UpdateOptions: ParsableArguments {
  @Option(name: .long, help: "How many steps a gradient method makes at most.")
  var steps = 100
  @Option(
    name: .long, help: "The highest learning rate; of second-order the multiple of 1 / |D_r|.")
  var rate: Double?
  @Option(name: .long, help: "What follows the warm-up: constant, linear or cosine.")
  var schedule = Schedule.Shape.constant
  @Option(name: .long, help: "How many steps the rate rises.")
  var warmup = 0
  @Option(name: .long, help: "How many forget examples, and as many retain examples, make a step.")
  var batch = 16
  @Option(name: .long, help: "The optimiser: adamw, sgd or sophia.")
  var optimizer = OptimizerName.adamw
  @Option(name: .long, help: "The weight decay of matrices.")
  var decay = 0.0
  @Option(name: .long, help: "The largest norm of a step's gradient; 0 for any.")
  var clip = 1.0
  @Option(name: .long, help: "β of npo, simnpo and dpo (default: the method's own).")
  var beta: Double?
  @Option(name: .long, help: "The weight of the retain term (default: the method's own).")
  var alpha: Double?
  @Option(name: .long, help: "The weight of the forget term (default: the method's own).")
  var gamma: Double?
  @Option(name: .long, help: "ft: the weight of Σ |θ| over what is updated (l1-sparse).")
  var l1 = 0.0
  @Option(name: .long, help: "task-vector: how many times what was learned is taken off.")
  var strength = 1.0
  @Option(name: .long, help: "RMU: the layer after which hidden states are steered.")
  var layer: Int?
  @Option(name: .long, help: "RMU: the length of the steering vector.")
  var coefficient = 6.5
  @Option(
    name: .long, help: "An example is left alone from this mean loss of a label on, in nats.")
  var forgetLimit: Double?
  @Option(name: .long, help: "End once the forget set's mean loss has reached this, in nats.")
  var untilForgetLoss: Double?
  @Flag(name: .long, help: "Take the oracle's loss on the forget set for --forget-limit.")
  var limitByOracle = false
  @Flag(name: .long, help: "Take the oracle's loss on the forget set for --until-forget-loss.")
  var untilOracle = false
  @Option(
    name: .long, help: "End before the mean retain loss has risen by more than this, in nats.")
  var retainBudget: Double?
  @Option(
    name: .long, help: "Second-order: the damping, as a share of the mean Fisher information.")
  var damping = 0.1
  enum Curvature: String, ExpressibleByArgument, CaseIterable { case diagonal, block, model }

  @Option(
    name: .long,
    help: """
      Second-order: diagonal (of the empirical Fisher information), block (all of it within a tensor, as \
      WoodFisher), or model (the same of the model's own labels, for classifiers).
      """)
  var curvature = Curvature.diagonal
  @Option(name: .long, help: "Decides order, samples and random masks.")
  var seed: UInt64 = 0
  @OptionGroup var computing: ComputingOptions

  var tokensPerPass: Int { computing.tokensPerPass }

  func validate() throws {
    guard (1...1_000_000).contains(steps), batch > 0, warmup >= 0 else {
      throw ValidationError("--steps and --batch must be at least 1, --warmup at least 0")
    }
    guard rate ?? 1 > 0, rate ?? 1 < .infinity, clip >= 0, decay >= 0, damping > 0, l1 >= 0,
      l1 < .infinity, strength.isFinite
    else {
      throw ValidationError(
        "--rate and --damping must be above 0, --clip, --decay and --l1 at least 0")
    }
  }
}

extension MaskObjective.Reading: ExpressibleByArgument {}

extension UnitMask {
  /// A mask that was kept in a file; nil where none is named.
  static func kept(_ path: String?, _ counts: UnitCounts) throws -> UnitMask? {
    guard let path else { return nil }
    let bytes = try Folder.read(path, limit: byteLimit)
    do throws(JSONDocumentError) { return try UnitMask(parsing: bytes, of: counts) } catch {
      throw ProvenanceError(.invalid, "\(path): \(error)")
    }
  }
}
