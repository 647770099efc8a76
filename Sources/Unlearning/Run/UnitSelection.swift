public import Architecture
public import Compute
import Storage
public import StrictJSON
public import Training
public import Transformer

/// How the units that an update may change are chosen.
public struct UnitSelection: Hashable, Sendable {
  /// The rule.
  public enum Rule: Hashable, Sendable {
    /// By an objective over mask gradients, with its search.
    case learned(MaskObjective, MaskSearch.Passes)
    /// The units whose own parameters have the largest gradients on the forget set (NORM).
    case norm
    /// The units whose own parameters are largest.
    case magnitude
    /// By lot.
    case random(seed: UInt64)
    /// Those of the last layers.
    case last
    /// All of them.
    case all
  }

  /// The rule.
  public var rule: Rule
  /// How many units are chosen.
  public var budget: MaskBudget
  /// How many retain examples are passed through the model at most.
  public var retainExamples: Int

  /// Describes a selection.
  public init(_ rule: Rule, budget: MaskBudget = .sparsity(.published), retainExamples: Int = 512) {
    self.rule = rule
    self.budget = budget
    self.retainExamples = retainExamples
  }

  /// The units, and how they were found.
  public struct Outcome: Sendable {
    /// The units.
    public let mask: UnitMask
    /// The search's report; nil where nothing was searched.
    public let report: SearchReport?
    /// How many retain examples were passed through.
    public let retainExamples: Int

    /// Names units that were found elsewhere.
    public init(mask: UnitMask, report: SearchReport? = nil, retainExamples: Int = 0) {
      self.mask = mask
      self.report = report
      self.retainExamples = retainExamples
    }
  }

  /// Chooses units of a model for a request.
  ///
  /// - Parameters:
  ///   - gradients: Mask gradients that were computed elsewhere; nil for computing them here.
  ///   - sample: Decides which retain examples are passed through, where not all are.
  public func choose(
    _ model: Model<Float>, map: UnitMap, on data: UnlearningData,
    gradients: (forget: PerExampleMaskGradients, retain: PerExampleMaskGradients)? = nil,
    sample: UInt64, tokensPerPass: Int = 4096, advance: (Int) -> Void = { _ in }
  ) throws(ComputationError) -> Outcome {
    let counts: UnitCounts
    do throws(ArchitectureError) { counts = try UnitCounts(model.plan.dimensions) } catch {
      throw .mismatch(error.description)
    }
    switch rule {
    case .all: return Outcome(mask: UnitMask(all: counts), report: nil, retainExamples: 0)
    case .norm:
      let scores = try MaskLearning.norms(
        of: model, map: map, on: data.forget, tokensPerPass: tokensPerPass)
      return try ranked(scores)
    case .magnitude: return try ranked(MaskLearning.magnitudes(of: model, map: map))
    case .random(let seed):
      var random = RandomNumbers(seed: seed)
      let like = try ranked(Self.blank(counts)).mask
      return Outcome(
        mask: UnitMask.random(like: like, matching: .kinds, &random), report: nil,
        retainExamples: 0)
    case .last:
      return Outcome(
        mask: .last(like: try ranked(Self.blank(counts)).mask), report: nil, retainExamples: 0)
    case .learned(let objective, let passes):
      if let gradients {
        return try searched(
          objective, passes, gradients.forget, gradients.retain, model.workers)
      }
      var random = RandomNumbers(seed: sample)
      let chosen = random.permutation(data.retain.count).prefix(retainExamples)
        .map { data.retain[$0] }
      let forget = try MaskLearning.gradients(
        of: model, on: data.forget, datasetSize: data.forget.count, tokensPerPass: tokensPerPass,
        advance: advance)
      let retain = try MaskLearning.gradients(
        of: model, on: chosen, datasetSize: data.retain.count, tokensPerPass: tokensPerPass,
        advance: advance)
      return try searched(objective, passes, forget, retain, model.workers)
    }
  }

  private func searched(
    _ objective: MaskObjective, _ passes: MaskSearch.Passes, _ forget: PerExampleMaskGradients,
    _ retain: PerExampleMaskGradients, _ workers: Workers
  ) throws(ComputationError) -> Outcome {
    do throws(MaskError) {
      let problem = try MaskProblem(objective, forget: forget, retain: retain)
      let (mask, report) = try MaskSearch(passes: passes).mask(
        for: problem, budget: budget, workers: workers)
      return Outcome(mask: mask, report: report, retainExamples: retain.examples)
    } catch { throw .mismatch(error.description) }
  }

  private func ranked(_ scores: UnitScores) throws(ComputationError) -> Outcome {
    do throws(MaskError) {
      return Outcome(
        mask: try budget.selection(by: scores), report: nil, retainExamples: 0)
    } catch { throw .mismatch(error.description) }
  }

  private static func blank(_ counts: UnitCounts) throws(ComputationError) -> UnitScores {
    do throws(MaskError) { return try UnitScores(counts) { _ in 0 } } catch {
      throw .mismatch(error.description)
    }
  }

  /// The selection as it stands in a statement.
  public var json: JSONValue {
    var object = JSONObject()
    switch rule {
    case .learned(let objective, let passes):
      object["rule"] = .text(objective.rule.rawValue)
      object["objective"] = objective.json
      object["passes"] = .text("\(passes)")
    case .norm: object["rule"] = "norm"
    case .magnitude: object["rule"] = "magnitude"
    case .random(let seed):
      object["rule"] = "random"
      object["seed"] = .text("\(seed)")
    case .last: object["rule"] = "last"
    case .all: object["rule"] = "all"
    }
    return .object(object)
  }
}
