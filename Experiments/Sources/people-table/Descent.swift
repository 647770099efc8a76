import Architecture
import Compute
import Training
import Transformer
import Unlearning

/// The order of examples: a new one in every epoch, known from the seed alone.
struct Order {
  let count: Int
  let batch: Int
  let seed: UInt64

  func examples(ofStep step: Int) -> [Int] {
    let perEpoch = (count + batch - 1) / batch
    let (epoch, place) = step.quotientAndRemainder(dividingBy: perEpoch)
    var random = RandomNumbers(seed: seed &+ 0x9E37_79B9 &* UInt64(epoch + 1))
    return Array(
      random.permutation(count)[place * batch..<min((place + 1) * batch, count)])
  }
}

/// One loop for all gradient methods and all selections.
struct Descent {
  var loss: UnlearningLoss
  var rate: Double
  var steps: Int
  var batch: Int
  var retainBatch: Int
  var seed: UInt64
  /// The length of the relearning step that is simulated before the forget gradient is taken; 0 for none.
  var simulatedRate = 0.0
  /// Whether the loss limit is one of the model's, in the place of the simulated one's.
  var stopsAtModel = false
  /// The mean loss over the forget set's labels from which on the run is over; nil for all steps.
  var end: Double?

  /// The model after the run, and how many steps that took.
  func run(_ start: Model<Float>, _ freedom: Freedom, on data: UnlearningData) throws
    -> (model: Model<Float>, steps: Int)
  {
    var model = start
    var step = LossStep<Float>(loss, reference: loss.needsReference ? start : nil)
    let references =
      loss.forget.needsReference ? try step.sums(of: start, on: data.forget) : nil
    let preferredReferences =
      loss.forget.needsReference && loss.forget.needsPreferred
      ? try step.sums(of: start, on: data.preferred) : nil
    let forgetOrder = Order(count: data.forget.count, batch: batch, seed: seed)
    let retainOrder = Order(count: data.retain.count, batch: retainBatch, seed: seed &+ 1)
    var gradients = Gradients<Float>(freedom.trainable, of: model.plan)
    var mover = try Mover(freedom, start, gradients, seed: seed)
    for index in 0..<steps {
      let forget = forgetOrder.examples(ofStep: index)
      var batch = UnlearningBatch(
        forget: forget.map { data.forget[$0] },
        preferred: loss.forget.needsPreferred ? forget.map { data.preferred[$0] } : [],
        retain: loss.needsRetain
          ? retainOrder.examples(ofStep: index).map { data.retain[$0] } : [],
        referenceForget: references.map { all in forget.map { all[$0] } },
        referencePreferred: preferredReferences.map { all in forget.map { all[$0] } })
      let rest = 1 - Double(index) / Double(steps)
      // ℓ1-sparse: the penalty falls to 0 along with the rate.
      step.loss.sparsity = loss.sparsity * rest
      gradients.reset()
      if simulatedRate > 0 {
        // The forget term where an attacker's first step would lead, the retain term where the model is.
        let relearned = try Self.relearned(model, on: batch.forget, rate: simulatedRate)
        var part = step
        part.loss.retain = .nothing
        if stopsAtModel, let limit = loss.forgetLimit {
          let sums = try step.sums(of: model, on: batch.forget)
          let kept = sums.indices.filter {
            sums[$0] <= limit * Double(batch.forget[$0].labelCount)
          }
          // The mean goes over the whole step.
          part.loss.forgetWeight *= Double(kept.count) / Double(sums.count)
          part.loss.forgetLimit = nil
          batch.referenceForget = batch.referenceForget.map { all in kept.map { all[$0] } }
          batch.forget = kept.map { batch.forget[$0] }
        }
        if !batch.forget.isEmpty {
          _ = try part.addGradient(of: relearned, on: batch, to: &gradients)
        }
        part.loss = step.loss
        part.loss.forget = .nothing
        batch.forget = []
        batch.referenceForget = nil
        _ = try part.addGradient(of: model, on: batch, to: &gradients)
      } else {
        _ = try step.addGradient(of: model, on: batch, to: &gradients)
      }
      try mover.update(&model, gradients, rate: rate * rest)
      if let end, try Unlearner.meanLoss(model, data.forget, 4096) >= end {
        return (model, index + 1)
      }
    }
    return (model, steps)
  }

  /// The model after one AdamW step of all weights towards the examples.
  static func relearned(_ model: Model<Float>, on examples: [EncodedExample], rate: Double) throws
    -> Model<Float>
  {
    let everything = Trainable.everything(of: model.plan)
    var gradients = Gradients<Float>(everything, of: model.plan)
    let step = LossStep<Float>(UnlearningLoss(forget: .nothing, retain: .likelihood))
    _ = try step.addGradient(
      of: model, on: UnlearningBatch(forget: [], retain: examples), to: &gradients)
    var moved = model
    var optimizer = Optimizer<Float>(.adamW(), for: gradients)
    optimizer.update(&moved, gradients, rate: rate)
    return moved
  }
}
