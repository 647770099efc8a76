import Architecture
import Compute
import Testing
import Training
import Transformer
import Unlearning

/// Finite differences, limits that the literature names, and what a step refuses.
@Suite("Losses' gradients") struct LossGradientTests {
  @Test(arguments: MethodFixture.names) func `are the differences, with a sparsity term on slices`(
    name: String
  ) throws {
    let fixture = try MethodFixture(name)
    let model = try fixture.model(Double.self)
    let batch = try fixture.batch()
    let map = try UnitMap(fixture.checkpoint)
    let units = [
      Unit(layer: 0, kind: .head, index: 1), Unit(layer: 0, kind: .filter, index: 3),
      Unit(layer: 1, kind: .filter, index: 11),
    ]
    let trainable = Trainable(units, of: map, in: model.plan)
    for (lossName, loss) in try fixture.losses() {
      var loss = loss
      loss.sparsity = 0.01
      let step = LossStep(loss, reference: try fixture.reference(Double.self), tokensPerPass: 8)
      var gradients = Gradients<Double>(trainable, of: model.plan)
      let value = try step.addGradient(of: model, on: batch, to: &gradients)
      #expect(value.magnitude > 0)
      for parameter in trainable.parameters {
        let gradient = try #require(gradients.sums[parameter])
        // The first element of the region.
        let (row, column) =
          switch trainable[parameter] {
          case .rows(let rows): (Int(rows[0]), 1)
          case .columns(let columns): (0, Int(columns[0]))
          default: (0, 0)
          }
        var (up, down) = (model, model)
        up.parameters[parameter][row, column] += 1e-5
        down.parameters[parameter][row, column] -= 1e-5
        let above = try step.value(of: up, on: batch, training: trainable).total
        let below = try step.value(of: down, on: batch, training: trainable).total
        let slope = (above - below) / 2e-5
        let found: Double =
          if case .rows = trainable[parameter] { gradient[0, 1] } else { gradient[0, 0] }
        #expect(
          abs(slope - found) < 1e-6 * max(1, abs(slope)),
          "\(lossName) \(model.plan.parameters[parameter].name)")
      }
    }
  }

  @Test func `an example beyond the limit is left alone`() throws {
    let fixture = try MethodFixture("llama")
    let (model, reference) = (try fixture.model(Double.self), try fixture.reference(Double.self))
    let batch = try fixture.batch()
    let step = LossStep<Double>(.npo())
    let sums = try step.sums(of: model, on: batch.forget)
    let means = zip(sums, batch.forget).map { $0 / Double($1.labelCount) }
    let order = means.indices.sorted { means[$0] < means[$1] }
    // Between the second and the third: one example is beyond.
    let limit = (means[order[1]] + means[order[2]]) / 2
    let weight = model.plan.layers[0].feedForward.output.weight
    for loss in [UnlearningLoss.gradientAscent, .npo(), .simNPO(), .dpo()] {
      var loss = loss
      loss.forgetLimit = limit
      let step = LossStep(loss, reference: reference)
      var gradients = Gradients<Double>(Trainable([weight: .all]), of: model.plan)
      let value = try step.addGradient(of: model, on: batch, to: &gradients)
      #expect(value.limited == 1 && value.forgetSums.count == 3)
      var (up, down) = (model, model)
      up.parameters[weight][2, 3] += 1e-5
      down.parameters[weight][2, 3] -= 1e-5
      let slope =
        (try step.value(of: up, on: batch).total - step.value(of: down, on: batch).total) / 2e-5
      #expect(abs(slope - (gradients.sums[weight]?[2, 3] ?? .nan)) < 1e-7)
    }
    var loss = UnlearningLoss.gradientAscent
    loss.forgetLimit = means.min().map { $0 / 2 }
    var gradients = Gradients<Double>(Trainable([weight: .all]), of: model.plan)
    let value = try LossStep(loss).addGradient(of: model, on: batch, to: &gradients)
    #expect(value.limited == 3 && gradients.norm(model.workers) == 0)
  }

  @Test(arguments: ["bert-sequence", "distilbert-sequence", "gpt2-sequence"])
  func `are the differences for classes`(name: String) throws {
    let model = try MethodFixture.model(name, Double.self)
    var reference = model
    let head = try #require(model.plan.output?.map.weight)
    reference.parameters[head][0, 1] += 0.5
    let batch = UnlearningBatch(
      forget: [EncodedExample([3, 4, 5], class: 1), EncodedExample([6, 7], class: 0)],
      preferred: [EncodedExample([3, 4, 5], class: 0), EncodedExample([6, 7], class: 1)],
      retain: [EncodedExample([8, 9], class: 1), EncodedExample([10, 11, 12, 13], class: 0)])
    for loss in [
      UnlearningLoss.gradientDifference(), .klMin(), .npo(), .npo(retain: .divergence(.every)),
      .simNPO(), .dpo(), .idk(), .fineTuning(sparsity: 0.1),
    ] {
      let step = LossStep(loss, reference: reference)
      var gradients = Gradients<Double>(.everything(of: model.plan), of: model.plan)
      _ = try step.addGradient(of: model, on: batch, to: &gradients)
      for parameter in [head, model.plan.layers[0].feedForward.output.weight] {
        var (up, down) = (model, model)
        up.parameters[parameter][1, 2] += 1e-5
        down.parameters[parameter][1, 2] -= 1e-5
        let all = Trainable.everything(of: model.plan)
        let slope =
          (try step.value(of: up, on: batch, training: all).total
            - step.value(of: down, on: batch, training: all).total) / 2e-5
        #expect(abs(slope - (gradients.sums[parameter]?[1, 2] ?? .nan)) < 1e-7)
      }
    }
  }

  private func gradients(
    _ loss: UnlearningLoss, _ model: Model<Double>, _ reference: Model<Double>,
    _ batch: UnlearningBatch
  ) throws -> (value: LossValue, sums: [Int: Matrix<Double>]) {
    var gradients = Gradients<Double>(.everything(of: model.plan), of: model.plan)
    let value = try LossStep(loss, reference: reference).addGradient(
      of: model, on: batch, to: &gradients)
    return (value, gradients.sums)
  }

  private func expectEqual(
    _ a: [Int: Matrix<Double>], _ b: [Int: Matrix<Double>], times factor: Double,
    within tolerance: Double
  ) {
    let scale = b.values.reduce(0) { $1.array.reduce($0) { max($0, abs($1)) } } * factor
    var worst = 0.0
    for (parameter, matrix) in a {
      for (x, y) in zip(matrix.array, b[parameter]?.array ?? []) {
        worst = max(worst, abs(x - y * factor))
      }
    }
    #expect(worst <= tolerance * scale)
  }

  /// Examples of four labels each.
  private func equalLengths() -> UnlearningBatch {
    UnlearningBatch(
      forget: [
        EncodedExample([3, 8, 4, 9, 5]), EncodedExample([7, 6, 9, 10, 11]),
      ], retain: [EncodedExample([12, 13, 14])])
  }

  @Test func `NPO goes to gradient ascent as β goes to 0`() throws {
    let fixture = try MethodFixture("llama")
    let (model, reference) = (try fixture.model(Double.self), try fixture.reference(Double.self))
    let batch = equalLengths()
    let ascent = try gradients(.gradientAscent, model, reference, batch)
    // NPO sums over an example's labels, of which each has four; ascent takes the mean over all.
    for (beta, tolerance) in [(1e-2, 1e-1), (1e-4, 1e-3), (1e-6, 1e-5)] {
      let loss = UnlearningLoss.npo(beta: beta, retain: .nothing)
      let found = try gradients(loss, model, reference, batch)
      expectEqual(found.sums, ascent.sums, times: 4, within: tolerance)
    }
    // The value less (2/β) log 2 is the mean of s_ref − s.
    let beta = 1e-4
    let value = try gradients(.npo(beta: beta, retain: .nothing), model, reference, batch).value
    let step = LossStep<Double>(.npo())
    let old = try step.sums(of: reference, on: batch.forget)
    let mean = zip(old, value.forgetSums).reduce(0) { $0 + ($1.0 - $1.1) } / 2
    #expect(abs(value.forget - 2 / beta * 0.6931471805599453 - mean) < 1e-2)
  }

  @Test func `at the reference itself NPO's gradient is ascent's, for any β`() throws {
    let fixture = try MethodFixture("gpt2")
    let model = try fixture.model(Double.self)
    let batch = equalLengths()
    let ascent = try gradients(.gradientAscent, model, model, batch)
    let found = try gradients(.npo(beta: 3, retain: .nothing), model, model, batch)
    expectEqual(found.sums, ascent.sums, times: 4, within: 1e-12)
  }

  @Test func `SimNPO is NPO where examples have one label and the reference loses nothing`() throws
  {
    let fixture = try MethodFixture("llama")
    let model = try fixture.model(Double.self)
    let batch = UnlearningBatch(
      forget: [EncodedExample([3, 8]), EncodedExample([5, 6])],
      retain: [EncodedExample([7, 8, 9])], referenceForget: [0, 0])
    let simple = try gradients(.simNPO(beta: 0.7, gamma: 1), model, model, batch)
    let other = try gradients(.npo(beta: 0.7), model, model, batch)
    expectEqual(simple.sums, other.sums, times: 1, within: 1e-12)
    #expect(abs(simple.value.total - other.value.total) < 1e-12)
  }

  @Test func `SimNPO goes to ascent on examples' means as β goes to 0`() throws {
    let fixture = try MethodFixture("gpt2")
    let model = try fixture.model(Double.self)
    let batch = equalLengths()
    let ascent = try gradients(.gradientAscent, model, model, batch)
    var loss = UnlearningLoss.simNPO(beta: 1e-6, gamma: 1)
    loss.retain = .nothing
    expectEqual(
      try gradients(loss, model, model, batch).sums, ascent.sums, times: 1, within: 1e-5)
  }

  @Test func `at the reference itself there is no divergence and nothing to hold`() throws {
    let fixture = try MethodFixture("llama")
    let model = try fixture.model(Double.self)
    let batch = try fixture.batch()
    let steering = UnlearningLoss.Steering(
      layer: 0, coefficient: 1, direction: Array(repeating: 0.25, count: 16))
    for loss in [UnlearningLoss.klMin(), .rmu(steering)] {
      let value = try gradients(loss, model, model, batch).value
      #expect(value.forget != 0 && abs(value.retain) < 1e-14)
    }
  }

  @Test func `known reference losses are as good as the model`() throws {
    let fixture = try MethodFixture("gpt2")
    let (model, reference) = (try fixture.model(Double.self), try fixture.reference(Double.self))
    var batch = try fixture.batch()
    let first = try gradients(.dpo(), model, reference, batch)
    let step = LossStep<Double>(.dpo())
    batch.referenceForget = try step.sums(of: reference, on: batch.forget)
    batch.referencePreferred = try step.sums(of: reference, on: batch.preferred)
    var again = Gradients<Double>(.everything(of: model.plan), of: model.plan)
    let value = try step.addGradient(of: model, on: batch, to: &again)
    #expect(value == first.value && again.sums == first.sums)
    batch.referenceForget?.removeLast()
    #expect(throws: ComputationError.mismatch("2 reference losses for 3 examples")) {
      try step.value(of: model, on: batch)
    }
  }

  @Test func `a step without passes leaves no old sums`() throws {
    let fixture = try MethodFixture("gpt2")
    let model = try fixture.model(Double.self)
    var gradients = Gradients<Double>(.everything(of: model.plan), of: model.plan)
    _ = try LossStep(.gradientAscent).addGradient(
      of: model, on: try fixture.batch(), to: &gradients)
    gradients.reset()
    _ = try LossStep(UnlearningLoss(forget: .nothing)).addGradient(
      of: model, on: UnlearningBatch(forget: []), to: &gradients)
    #expect(gradients.norm(model.workers) == 0)
  }

  @Test func `what does not fit is refused`() throws {
    let fixture = try MethodFixture("llama")
    let model = try fixture.model(Double.self)
    let batch = try fixture.batch()
    let wide = UnlearningLoss.Steering(layer: 0, coefficient: 1, direction: [1])
    let high = UnlearningLoss.Steering(
      layer: 1, coefficient: 1, direction: Array(repeating: 0, count: 16))
    var without = batch
    without.preferred = []
    var mixed = batch
    mixed.forget.append(EncodedExample([3, 4], class: 0))
    var empty = batch
    empty.retain = [EncodedExample([3, 4], labels: [3, ignoredLabel])]
    let cases: [(UnlearningLoss, UnlearningBatch)] = [
      (.npo(), batch), (.klMin(), batch), (.npo(beta: 0), batch), (.simNPO(beta: .nan), batch),
      (.rmu(wide), batch), (.rmu(high), batch), (.dpo(), without), (.idk(), without),
      (.gradientAscent, mixed), (.gradientAscent, UnlearningBatch(forget: [])),
      (.gradientDifference(), empty), (.gradientDifference(gamma: -1), batch),
      (.gradientAscent, UnlearningBatch(forget: [EncodedExample([3, 4], class: ignoredLabel)])),
      (.gradientAscent, UnlearningBatch(forget: [EncodedExample([3, 99])])),
    ]
    for (loss, batch) in cases {
      #expect(throws: ComputationError.self, "\(loss)") {
        try LossStep(loss).value(of: model, on: batch)
      }
    }
    let question = try MethodFixture.model("gpt2-question", Double.self)
    #expect(
      throws: ComputationError.mismatch("the reference model has other shapes than the model")
    ) {
      try LossStep(.npo(), reference: question).value(of: model, on: batch)
    }
    let spans = [
      EncodedExample(
        sequences: [[3, 4, 5]], tokenTypes: [[0, 0, 0]], target: .span(start: 1, end: 2))
    ]
    #expect(throws: ComputationError.self) {
      try LossStep(.klMin(), reference: question).value(
        of: question, on: UnlearningBatch(forget: spans, retain: spans))
    }
  }

  @Test func `a direction has length 1 and is the same from the same numbers`() {
    var random = RandomNumbers(seed: 4)
    let first = LossStep<Float>.direction(width: 48, &random)
    random = RandomNumbers(seed: 4)
    #expect(first == LossStep<Float>.direction(width: 48, &random))
    #expect(abs(first.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12 && first.allSatisfy { $0 >= 0 })
  }
}
