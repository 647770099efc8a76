import Architecture
import Compute
import Transformer
import Unlearning

/// What one row's mask and update cost, part by part.
struct Bill {
  let row: Row
  let subject: Subject
  let data: UnlearningData
  let seed: UInt64

  /// Seconds and memory of the pass, the search and the update, and how much is trained.
  ///
  /// Without frozen units there is nothing to choose, and nothing but the update.
  func numbers(_ update: (Freedom) throws -> Model<Float>) throws -> Numbers {
    let plan = subject.model.plan
    var numbers: Numbers = []
    var mask = UnitMask(all: try UnitCounts(plan.dimensions))
    if row.sparsity > 0, let rule = row.selection.rule(seed: seed) {
      guard let sparsity = Sparsity(billionths: row.sparsity * 10_000_000) else {
        throw TableError("no sparsity")
      }
      let model = subject.fresh.model
      let (gradients, pass) = try Cost.of {
        (
          forget: try MaskLearning.gradients(
            of: model, on: data.forget, datasetSize: data.forget.count),
          retain: try MaskLearning.gradients(
            of: model, on: data.retain, datasetSize: data.retain.count)
        )
      }
      let other = subject.fresh.model
      let (outcome, search) = try Cost.of {
        try UnitSelection(rule, budget: .sparsity(sparsity)).choose(
          other, map: subject.map, on: data, gradients: gradients, sample: seed)
      }
      mask = outcome.mask
      numbers += pass.numbers("pass") + search.numbers("search")
    }
    let trainable = Trainable(mask.units, of: subject.map, in: plan)
    let (_, cost) = try Cost.of { try update(.slices(trainable)) }
    numbers += cost.numbers("update")
    numbers.append(("heads", Double(mask.count(.head))))
    numbers.append(("filters", Double(mask.count(.filter))))
    numbers.append(("parameters", Double(trainable.count(in: plan))))
    return numbers
  }
}
