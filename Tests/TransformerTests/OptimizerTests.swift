import Architecture
import Compute
import Testing
import Transformer

struct OptimizerTests {
  static let rules: [UpdateRule] = [
    .adamW(), .momentum(0.9, isNesterov: true), .momentum(0), .sophia(),
  ]

  /// One family of each orientation, with fused and with shared maps.
  @Test(arguments: ["bert-masked", "gpt2", "gpt-neox", "llama", "phi3"], rules)
  func `frozen parameters keep every bit, whatever the decay`(name: String, rule: UpdateRule) throws
  {
    let fixture = try Fixture(name)
    var model = try fixture.model(Float.self)
    let before = model.parameters
    let map = try UnitMap(fixture.checkpoint)
    let units = [
      Unit(layer: 0, kind: .head, index: 1), Unit(layer: 1, kind: .filter, index: 3),
      Unit(layer: 1, kind: .filter, index: 17),
    ]
    let trainable = Trainable(units, of: map, in: model.plan)
    let batch = try fixture.batch()
    let targets = try fixture.targets(batch, model.plan.output?.task)
    var gradients = Gradients<Float>(trainable, of: model.plan)
    var optimizer = Optimizer(rule, decay: 0.1, decaysVectors: true, for: gradients)
    for _ in 0..<3 {
      gradients.reset()
      _ = try model.backward(
        model.forward(batch, keeping: .everything), targets, .mean, into: &gradients)
      optimizer.observe(curvature: gradients, scale: 3, model.workers)
      optimizer.update(&model, gradients, rate: 0.01)
    }
    var moved = 0
    for (index, (old, new)) in zip(before, model.parameters).enumerated() {
      for row in 0..<old.rows {
        for column in 0..<old.columns {
          let isTrained =
            switch trainable[index] {
            case nil: false
            case .all: true
            case .rows(let rows): rows.contains(Int32(row))
            case .columns(let columns): columns.contains(Int32(column))
            }
          if isTrained {
            moved += old[row, column] != new[row, column] ? 1 : 0
          } else {
            #expect(old[row, column].bitPattern == new[row, column].bitPattern)
          }
        }
      }
    }
    #expect(moved > trainable.count(in: model.plan) / 2)
  }

  @Test(arguments: rules) func `a slice's update is the whole update's part`(rule: UpdateRule)
    throws
  {
    let fixture = try Fixture("llama")
    let start = try fixture.model(Double.self)
    let map = try UnitMap(fixture.checkpoint)
    let trainable = Trainable([Unit(layer: 1, kind: .filter, index: 2)], of: map, in: start.plan)
    let batch = try fixture.batch()
    let targets = try fixture.targets(batch, .languageModel)
    var results: [Model<Double>] = []
    for regions in [Trainable.everything(of: start.plan), trainable] {
      var model = start
      var gradients = Gradients<Double>(regions, of: start.plan)
      _ = try model.backward(
        model.forward(batch, keeping: .everything), targets, .mean, into: &gradients)
      var optimizer = Optimizer(rule, decay: 0.1, for: gradients)
      optimizer.observe(curvature: gradients, scale: 3, model.workers)
      optimizer.update(&model, gradients, rate: 0.01)
      results.append(model)
    }
    for parameter in trainable.parameters {
      guard case .rows(let rows)? = trainable[parameter] else { continue }
      #expect(
        distance(
          start.workers.rows(of: results[1].parameters[parameter], at: rows),
          start.workers.rows(of: results[0].parameters[parameter], at: rows)) < 1e-9)
    }
  }

  @Test(arguments: rules) func `each rule lowers the loss`(rule: UpdateRule) throws {
    let fixture = try Fixture("gpt2")
    var model = try fixture.model(Float.self)
    let batch = try fixture.batch()
    let targets = try fixture.targets(batch, .languageModel)
    var gradients = Gradients<Float>(.everything(of: model.plan), of: model.plan)
    var optimizer = Optimizer(rule, decay: 0.01, for: gradients)
    var losses: [Double] = []
    for _ in 0..<30 {
      gradients.reset()
      let pass = try model.forward(batch, keeping: .everything)
      losses.append(try model.backward(pass, targets, .mean, into: &gradients).mean)
      #expect(gradients.clip(toNorm: 1, model.workers) > 0)
      #expect(gradients.norm(model.workers) <= 1.0001)
      optimizer.observe(curvature: gradients, scale: 3, model.workers)
      optimizer.update(&model, gradients, rate: 0.01)
    }
    #expect(losses[29] < losses[0] * 0.9)
  }

  @Test func `schedules rise and fall as named`() {
    let linear = Schedule(rate: 1, shape: .linear, warmup: 4, steps: 12)
    #expect((0..<4).map { linear.rate(at: $0) } == [0.25, 0.5, 0.75, 1])
    #expect(linear.rate(at: 4) == 1 && linear.rate(at: 8) == 0.5 && linear.rate(at: 12) == 0)
    let cosine = Schedule(rate: 2, shape: .cosine, steps: 10)
    #expect(cosine.rate(at: 0) == 2 && abs(cosine.rate(at: 5) - 1) < 1e-12)
    #expect(Schedule(rate: 3, steps: 5).rate(at: 4) == 3)
  }
}
