import Architecture
import Compute
import Testing
import Training
import Transformer
import Unlearning

@Suite("Baselines") struct BaselineTests {
  static let rules: [UpdateRule] = [
    .adamW(), .momentum(0.9, isNesterov: true), .momentum(0), .sophia(),
  ]

  private func forgetGradient<Element: Scalar>(_ model: Model<Element>, _ batch: UnlearningBatch)
    throws -> Gradients<Element>
  {
    var gradients = Gradients<Element>(.everything(of: model.plan), of: model.plan)
    try ExampleGradients().add(batch.forget, of: model, to: &gradients)
    return gradients
  }

  @Test(arguments: ElementScore.allCases)
  func `masks have the highest scores, and as many as asked`(
    score: ElementScore
  ) throws {
    let fixture = try MethodFixture("gpt2")
    let model = try fixture.model(Float.self)
    let gradients = try forgetGradient(model, try fixture.batch())
    let scores = score.scores(of: model, forget: gradients)
    for count in [0, 1, 77, 1000, model.plan.parameterCount] {
      let mask = try ElementMask(highest: count, of: scores, in: model.plan)
      #expect(mask.count == count && mask.size == model.plan.parameterCount)
      var (least, most) = (Float.infinity, -Float.infinity)
      for parameter in model.plan.parameters.indices {
        let values = try #require(scores.matrices[parameter]).array
        for (element, value) in values.enumerated() {
          if mask[parameter, element] {
            least = min(least, abs(value))
          } else {
            most = max(most, abs(value))
          }
        }
      }
      #expect(least >= most)
    }
    #expect(throws: ComputationError.self) {
      try ElementMask(highest: model.plan.parameterCount + 1, of: scores, in: model.plan)
    }
  }

  @Test func `ties go to the earlier element, and no number is refused`() throws {
    let model = try MethodFixture.model("gpt2", Float.self)
    var flat = model
    for parameter in flat.parameters.indices {
      flat.parameters[parameter] = Matrix(
        rows: flat.parameters[parameter].rows, columns: flat.parameters[parameter].columns,
        repeatElement(-0.5, count: flat.parameters[parameter].count))
    }
    let everything = Trainable.everything(of: model.plan)
    let mask = try ElementMask(
      highest: 5, of: Slices(of: flat, everything), in: model.plan)
    #expect((0..<8).map { mask[0, $0] } == [true, true, true, true, true, false, false, false])
    flat.parameters[1][0, 0] = .nan
    #expect(throws: ComputationError.self) {
      try ElementMask(highest: 5, of: Slices(of: flat, everything), in: model.plan)
    }
  }

  @Test(arguments: rules) func `elements that are not selected keep every bit, whatever the decay`(
    rule: UpdateRule
  ) throws {
    let fixture = try MethodFixture("llama")
    var model = try fixture.model(Float.self)
    let start = model
    let batch = try fixture.batch()
    let gradient = try forgetGradient(model, batch)
    let mask = try ElementMask(highest: 400, of: Slices(gradient), in: model.plan)
    var optimizer = MaskedOptimizer<Float>(rule, decay: 0.1, decaysVectors: true, mask: mask)
    var gradients = Gradients<Float>(mask.trainable, of: model.plan)
    let step = LossStep<Float>(.gradientDifference())
    for _ in 0..<3 {
      gradients.reset()
      _ = try step.addGradient(of: model, on: batch, to: &gradients)
      try optimizer.update(&model, gradients, rate: 0.01)
    }
    let moved = try expectFrozen(start, model) { parameter, row, column in
      mask[parameter, row * model.parameters[parameter].columns + column]
    }
    #expect(moved > 300 && optimizer.step == 3)
  }

  @Test(arguments: rules) func `a mask of everything is the plain optimiser`(rule: UpdateRule)
    throws
  {
    let fixture = try MethodFixture("gpt2")
    let start = try fixture.model(Double.self)
    let batch = try fixture.batch()
    let gradient = try forgetGradient(start, batch)
    let mask = try ElementMask(
      highest: start.plan.parameterCount, of: Slices(gradient), in: start.plan)
    var (one, other) = (start, start)
    var masked = MaskedOptimizer<Double>(rule, decay: 0.1, mask: mask)
    var plain = Optimizer<Double>(rule, decay: 0.1, for: gradient)
    for _ in 0..<2 {
      plain.observe(curvature: gradient, scale: 1, start.workers)
      plain.update(&one, gradient, rate: 0.01)
      try masked.update(&other, gradient, rate: 0.01)
    }
    for (a, b) in zip(one.parameters, other.parameters) { #expect(relativeDistance(b, a) < 1e-14) }
  }

  @Test func `random masks are as large as asked and come again from the same numbers`() throws {
    let model = try MethodFixture.model("gpt2", Float.self)
    let among = model.plan.layers.map(\.feedForward.output.weight)
    var random = RandomNumbers(seed: 9)
    let mask = try ElementMask.random(500, in: model.plan, among: among, &random)
    random = RandomNumbers(seed: 9)
    #expect(try mask == .random(500, in: model.plan, among: among.reversed(), &random))
    #expect(mask.count == 500 && mask.trainable.parameters.allSatisfy(among.contains))
    #expect(throws: ComputationError.self) {
      try ElementMask.random(mask.size + 1, in: model.plan, among: among, &random)
    }
  }

  @Test func `dampening is as defined, and moves nothing else`() throws {
    let fixture = try MethodFixture("llama")
    let model = try fixture.model(Double.self)
    let batch = try fixture.batch()
    let linear = model.plan.layers.map(\.feedForward.output.weight)
    let trainable = Trainable(
      Dictionary(uniqueKeysWithValues: linear.map { ($0, Trainable.Region.all) }))
    var (forget, all) = (
      FisherDiagonal<Double>(trainable, of: model.plan),
      FisherDiagonal<Double>(trainable, of: model.plan)
    )
    try forget.add(batch.forget, of: model)
    try all.add(batch.forget + batch.retain, of: model)
    let dampening = SelectiveDampening(selection: 1.2, dampening: 0.5)
    var moved = model
    let count = try dampening.apply(to: &moved, forget: forget, training: all)
    var expected = 0
    for parameter in linear {
      let f = try #require(forget.sums.sums[parameter]).array.map { $0 / 3 }
      let d = try #require(all.sums.sums[parameter]).array.map { $0 / 5 }
      for (place, theta) in model.parameters[parameter].array.enumerated() {
        let isChosen = f[place] > 1.2 * d[place]
        let wanted = isChosen ? theta * min(0.5 * d[place] / f[place], 1) : theta
        if isChosen { expected += 1 }
        #expect(abs(moved.parameters[parameter].array[place] - wanted) < 1e-14)
      }
    }
    #expect(count == expected && count > 0)
    try expectFrozen(model, moved) { parameter, _, _ in linear.contains(parameter) }
  }

  @Test func `a low-rank update is W₀ + s L R, of the rank that a budget allows`() throws {
    let fixture = try MethodFixture("llama")
    let start = try fixture.model(Double.self)
    let weights = start.plan.layers.flatMap { $0.attention.inputs.map(\.weight) }
    let rank = LowRankOptimizer<Double>.rank(matching: 400, of: weights, in: start.plan)
    var random = RandomNumbers(seed: 5)
    var optimizer = try LowRankOptimizer<Double>(
      .adamW(), decay: 0.01, of: start, parameters: weights, rank: rank, &random)
    #expect(rank == 2 && optimizer.count <= 400 && optimizer.count > 200)
    let step = LossStep<Double>(.gradientDifference())
    let batch = try fixture.batch()
    var model = start
    var losses: [Double] = []
    var gradients = Gradients<Double>(optimizer.trainable, of: model.plan)
    for _ in 0..<4 {
      gradients.reset()
      losses.append(try step.addGradient(of: model, on: batch, to: &gradients).total)
      try optimizer.update(&model, gradients, rate: 0.01)
    }
    #expect(losses[3] < losses[0])
    try expectFrozen(start, model) { parameter, _, _ in weights.contains(parameter) }
    // Every minor of rank + 1 rows and columns of the difference vanishes; looked at for some.
    let difference = try TaskVector(
      from: start, to: model, on: Trainable([weights[0]: .all])
    ).difference.matrices[weights[0]]
    let d = try #require(difference)
    #expect(d.array.contains { abs($0) > 1e-4 })
    for place in 0..<10 {
      let (r, c) = ((0..<3).map { (place + 5 * $0) % d.rows }, (0..<3).map { place + 2 * $0 })
      func m(_ i: Int, _ j: Int) -> Double { d[r[i], c[j]] * 1e3 }
      let first = m(0, 0) * (m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1))
      let second = m(0, 1) * (m(1, 0) * m(2, 2) - m(1, 2) * m(2, 0))
      let third = m(0, 2) * (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0))
      #expect(abs(first - second + third) < 1e-9 * max(1, abs(first)))
    }
    #expect(throws: ComputationError.self) {
      try LowRankOptimizer<Double>(
        .adamW(), of: start, parameters: [start.plan.layers[0].attentionNorm.weight], rank: 1,
        &random)
    }
  }

  @Test func `fixed selections are as large as another and lie at the end`() throws {
    let counts = try UnitCounts(layers: 3, heads: 2, filters: 5)
    var other = UnitMask(none: counts)
    for (layer, index) in [(0, 1), (1, 0), (1, 1)] {
      other[Unit(layer: layer, kind: .head, index: index)] = true
    }
    other[Unit(layer: 0, kind: .filter, index: 4)] = true
    let last = UnitMask.last(like: other)
    #expect(last.count(.head) == 3 && last.count(.filter) == 1)
    #expect(last[Unit(layer: 2, kind: .head, index: 0)])
    #expect(last[Unit(layer: 2, kind: .head, index: 1)])
    #expect(last[Unit(layer: 1, kind: .head, index: 0)])
    #expect(last[Unit(layer: 2, kind: .filter, index: 0)])
    let model = try MethodFixture.model("gpt2", Float.self)
    let trainable = Trainable(lastLayers: 1, of: model.plan)
    #expect(Set(trainable.parameters) == Set(model.plan.parameters(ofLayer: 1)))
    #expect(Trainable(lastLayers: 0, of: model.plan).parameters.isEmpty)
    let maps = try Trainable(downMapsOf: [0, 1], in: model.plan)
    #expect(Set(maps.parameters) == Set(model.plan.layers.map(\.feedForward.output.weight)))
    #expect(throws: ComputationError.self) { try Trainable(downMapsOf: [2], in: model.plan) }
  }
}
