import Architecture
import Compute
import Transformer
import Unlearning

/// How the model is changed.
enum Method: String, CaseIterable {
  case npo, gd, kl, ga, simnpo, dpo, idk, rmu, ft
  case sparse = "l1-sparse"
  case secondOrder = "second-order"
  case taskVector = "task-vector"
  case ssd

  /// The loss of a gradient method; nil for the others.
  ///
  /// Published weights of the forget term are for large models and cost this one all it knows; these pull equally
  /// at first: a quarter of the retain term for each label, of which an answer has about eight.
  func loss(limit: Double, of plan: ModelPlan) -> UnlearningLoss? {
    var loss: UnlearningLoss
    switch self {
    case .npo: loss = .npo(gamma: 0.03)
    case .gd: loss = .gradientDifference(gamma: 0.25)
    case .kl: loss = .klMin(gamma: 0.25)
    case .ga: loss = .gradientAscent
    case .simnpo: loss = .simNPO(gamma: 0.25)
    case .dpo: loss = .dpo(gamma: 0.03)
    case .idk: loss = .idk(gamma: 0.25)
    case .rmu:
      // Hidden states are not losses: there is no limit, and the retain term's weight is what holds it.
      var random = RandomNumbers(seed: 1)
      let direction = LossStep<Float>.direction(width: plan.dimensions.hidden, &random)
      return .rmu(
        UnlearningLoss.Steering(
          layer: plan.layers.count / 2 - 1, coefficient: 6.5, direction: direction), alpha: 1)
    case .ft: loss = .fineTuning()
    case .sparse: loss = .fineTuning(sparsity: 5e-4)
    case .secondOrder, .taskVector, .ssd: return nil
    }
    loss.forgetLimit = limit
    return loss
  }

  /// Whether it drives the forget loss up step by step, so that it can be stopped at a level.
  var raisesForgetLoss: Bool {
    switch self {
    case .npo, .gd, .kl, .ga, .simnpo, .dpo, .idk, .rmu: true
    case .ft, .sparse, .secondOrder, .taskVector, .ssd: false
    }
  }
}

/// Which parameters may change.
enum Selection: String, CaseIterable {
  case full
  case mlr
  case mlrSum = "mlr-sum"
  case mlrDataset = "mlr-dataset"
  case mlrRatio = "mlr-ratio"
  case mlrSumRatio = "mlr-sum-ratio"
  case mlrPrune = "mlr-prune"
  case mlf
  case mlfProse = "mlf-prose"
  case norm, random, magnitude, last
  case salun, sure, wagle
  case randomElements = "random-elements"
  case lowRank = "low-rank"
  case relearned, moved

  /// What `create` is told for it; nil for what it has no name for.
  func rule(seed: UInt64) -> UnitSelection.Rule? {
    switch self {
    case .full: .all
    case .mlr: .learned(.mlr(), .published)
    case .mlrSum: .learned(.mlr(scale: .sum), .published)
    case .mlrDataset: .learned(.mlr(scale: .dataset), .published)
    case .mlrRatio: .learned(.mlr(score: .ratio(damping: 0.01)), .published)
    case .mlrSumRatio: .learned(.mlr(scale: .sum, score: .ratio(damping: 0.1)), .published)
    case .mlrPrune: .learned(.mlr(scale: .sum, reading: .prune), .published)
    case .mlf: .learned(.mlf(), .published)
    case .mlfProse: .learned(.mlf(direction: .prose), .published)
    case .norm: .norm
    case .random: .random(seed: seed)
    case .magnitude: .magnitude
    case .last: .last
    case .salun, .sure, .wagle, .randomElements, .lowRank, .relearned, .moved: nil
    }
  }

  /// Whether it looks for single elements or rows, anywhere in the tensors that units own.
  var ignoresUnits: Bool {
    switch self {
    case .salun, .sure, .wagle, .randomElements: true
    default: false
    }
  }

  /// Whether it is of this project's: units chosen by what relearning would move.
  var looksAtRelearning: Bool { self == .relearned || self == .moved }
}

/// One row of the table.
struct Row: Hashable {
  var method: Method
  var selection: Selection
  /// The share of units that stay frozen, in hundredths.
  var sparsity = 90
  /// How many attack rates long the simulated relearning step of each update is; 0 for none.
  var robustness = 0.0
  /// Whether an example is left alone once the model itself, and not the simulated one, is beyond the loss limit.
  var stopsAtModel = false
  /// How many times its usual weight the forget term has.
  var pull = 1.0

  /// The row's name in records.
  var name: String {
    var name = "\(method.rawValue)/\(selection.rawValue)"
    if selection != .full, sparsity != 90 { name += "@\(sparsity)" }
    if robustness > 0 { name += "+robust\(robustness)" }
    if pull != 1 { name += "x\(Int(pull))" }
    if stopsAtModel { name += "g" }
    return name
  }

  /// The rates that are tried, before the grid is extended: five, each `factor` times the one before.
  var grid: (first: Double, factor: Double) {
    switch method {
    case .secondOrder: return (selection == .full || selection.ignoresUnits ? 1e-5 : 3e-5, 3)
    case .taskVector: return (0.25, 2)
    case .ssd: return (1.25, 2)
    default:
      guard selection != .full else { return (5e-4, 2) }
      return (sparsity >= 90 ? 2e-3 : 1e-3, 2)
    }
  }

  /// The rows in the order in which they are run, most important first.
  static let all: [Row] = {
    var rows: [Row] = []
    for method in [Method.npo, .secondOrder, .gd] {
      for selection in [Selection.full, .mlr, .mlrRatio, .norm, .random, .salun] {
        rows.append(Row(method: method, selection: selection))
      }
    }
    for method in [Method.dpo, .idk, .simnpo, .kl, .taskVector, .ft, .sparse, .ga, .ssd] {
      for selection in [Selection.full, .mlr, .random] {
        rows.append(Row(method: method, selection: selection))
      }
    }
    // Selections that know nothing of units, beside `salun`; and what looks at no data.
    for method in [Method.npo, .gd, .secondOrder] {
      for selection in [Selection.sure, .wagle] {
        rows.append(Row(method: method, selection: selection))
      }
    }
    for method in [Method.dpo, .idk, .simnpo, .kl, .ft, .ga, .taskVector, .sparse, .ssd] {
      rows.append(Row(method: method, selection: .salun))
    }
    for selection in [Selection.full, .mlr, .random, .salun] {
      rows.append(Row(method: .rmu, selection: selection))
    }
    for selection in [Selection.randomElements, .last, .lowRank] {
      rows.append(Row(method: .npo, selection: selection))
    }
    rows.append(Row(method: .npo, selection: .mlr, robustness: 1))
    for selection in [Selection.relearned, .moved] {
      rows.append(Row(method: .npo, selection: selection))
    }
    rows.append(Row(method: .npo, selection: .mlr, robustness: 3))
    rows.append(Row(method: .npo, selection: .full, robustness: 1))
    rows.append(Row(method: .npo, selection: .random, robustness: 1))
    // At the usual weight the simulated step undoes nearly all forgetting, and the forget gradient is weak there.
    for (selection, robustness) in [
      (Selection.mlr, 1.0), (.full, 1.0), (.salun, 1.0), (.mlr, 0.25), (.norm, 1.0),
    ] {
      rows.append(
        Row(method: .npo, selection: selection, robustness: robustness, pull: 16))
    }
    for (selection, robustness, pull, stops) in [
      (Selection.mlr, 0.5, 4.0, true), (.full, 0.5, 4.0, true), (.random, 0.5, 4.0, true),
      (.salun, 0.5, 4.0, true), (.norm, 0.5, 4.0, true), (.mlr, 1.0, 4.0, true),
      (.mlr, 1.0, 16.0, true),
    ] {
      rows.append(
        Row(
          method: .npo, selection: selection, robustness: robustness, stopsAtModel: stops,
          pull: pull))
    }
    // The same weight without the simulated step, to tell the two apart.
    for pull in [4.0, 16] {
      for selection in [Selection.mlr, .full] {
        rows.append(Row(method: .npo, selection: selection, pull: pull))
      }
    }
    for selection in [
      Selection.mlrSum, .mlrDataset, .mlf, .mlfProse, .magnitude, .mlrPrune, .mlrSumRatio,
    ] {
      rows.append(Row(method: .npo, selection: selection))
    }
    rows.append(Row(method: .npo, selection: .relearned, robustness: 1))
    for sparsity in [50, 75] {
      for selection in [Selection.mlr, .random] {
        rows.append(Row(method: .npo, selection: selection, sparsity: sparsity))
      }
    }
    for selection in [Selection.mlrSum, .mlrDataset, .mlf, .magnitude] {
      rows.append(Row(method: .secondOrder, selection: selection))
    }
    return rows
  }()
}

/// What is the same for all rows.
struct Protocol {
  var steps = 100
  var batch = 16
  var retainBatch = 32
  var targets: [UInt64] = [1, 2, 3]
  /// Targets that were looked at last, with rates and rows that were chosen before.
  var fresh: [UInt64] = [5, 6, 7]
  /// Whether rows are run on the fresh targets.
  var confirms = false
  /// The target that rates are chosen on; never reported.
  var tuningTarget: UInt64 = 4
  /// The oracle that rates are chosen with.
  var tuningOracle: UInt64 = 11
  /// The oracles that distances are reported to.
  var oracles: [UInt64] = [12, 13]
  var points = 5
  /// How many points a grid is extended by at most, while its best one is at an edge.
  var extensions = 2
  var tuningRetain = 160
  var attackSteps = 10
  var attackBatch = 16
  var attackRates = [5e-4, 1e-3, 2e-3, 4e-3, 8e-3]
  var attackSeeds: [UInt64] = [101, 102]
  /// How much retain accuracy may fall below the target's.
  var allowedRetainLoss = 0.03
  /// How much forget accuracy may stay above the tuning oracle's.
  var allowedForgetRest = 0.05
  /// The shares of known forget facts at which second-order steps are compared.
  var scanned = [0.5, 0.1]
  /// The shares of frozen units, in hundredths, whose cost is measured.
  var sparsities = [0, 50, 70, 80, 90, 95, 99]

  /// A share in hundredths as a decimal.
  static func share(_ hundredths: Int) -> String {
    hundredths == 0
      ? "0" : hundredths.isMultiple(of: 10) ? "0.\(hundredths / 10)" : "0.\(hundredths)"
  }

  /// What the record of a sparsity's cost is called; the steps are in it, since an update's cost is theirs.
  func name(ofSparsity hundredths: Int) -> String {
    "S=\(Self.share(hundredths)), \(steps) steps"
  }
}
