import Architecture
import Compute
import Testing
import Training
import Transformer
import Unlearning

@Suite("Second-order steps") struct SecondOrderTests {
  /// A classifier of which the output map alone is trained: a convex problem on fixed features.
  private func convex() throws -> (Model<Double>, Trainable, [EncodedExample]) {
    let model = try MethodFixture.model("llama-sequence", Double.self)
    let output = try #require(model.plan.output?.map)
    let parameters = [output.weight] + [output.bias].compactMap { $0 }
    var random = RandomNumbers(seed: 6)
    let examples = (0..<12).map { index in
      let length = 3 + random.index(below: 5)
      return EncodedExample(
        (0..<length).map { _ in Int32(3 + random.index(below: 26)) },
        class: Int32(random.index(below: output.outputs)))
    }
    return (
      model, Trainable(Dictionary(uniqueKeysWithValues: parameters.map { ($0, .all) })), examples
    )
  }

  private func memory(
    _ model: Model<Double>, _ trainable: Trainable, retain: [EncodedExample],
    forget: [EncodedExample]
  ) throws -> SecondOrderMemory<Double> {
    var memory = SecondOrderMemory<Double>(trainable, of: model.plan)
    try memory.addRetained(retain, of: model)
    try memory.forget(forget, wereRetained: false, of: model)
    return memory
  }

  @Test func `the step is what its definition says, computed by hand`() throws {
    let (model, trainable, examples) = try convex()
    let (forget, retain) = (Array(examples[..<3]), Array(examples[3...]))
    let memory = try memory(model, trainable, retain: retain, forget: forget)
    let weight = try #require(model.plan.output?.map.weight)
    // Softmax regression by hand: ∇ℓ = (p − onehot) ⊗ features.
    func gradient(_ example: EncodedExample) throws -> [Double] {
      let (batch, _) = EncodedExample.pack([example])
      let pass = try model.forward(batch)
      let features = pass.hidden.row(batch.count - 1)
      let logits = try model.logits(pass).row(0)
      let top = logits.max() ?? 0
      var odds = logits.map { exponential($0 - top) }
      let sum = odds.reduce(0, +)
      odds = odds.map { $0 / sum }
      guard case .label(let label) = example.target else { return [] }
      odds[Int(label)] -= 1
      return odds.flatMap { odd in features.map { odd * $0 } }
    }
    let count = model.parameters[weight].count
    var (sum, squares) = (Array(repeating: 0.0, count: count), Array(repeating: 0.0, count: count))
    for example in forget {
      for (place, value) in try gradient(example).enumerated() { sum[place] += value }
    }
    for example in retain {
      for (place, value) in try gradient(example).enumerated() { squares[place] += value * value }
    }
    let fisher = squares.map { $0 / 9 }
    let mean = fisher.reduce(0, +) / Double(count)
    #expect(abs(memory.retain.mean - mean) < 1e-12 * mean)
    for (step, limit, rate) in [
      (SecondOrderStep(), Double.infinity, 1.0 / 9),
      (SecondOrderStep(rate: .fixed(0.02), damping: 0.5, limit: 0.7), 0.7, 0.02),
      (SecondOrderStep(rate: .newton(0.5), damping: 1e-3, limit: 2), 2, 0.5 / 9),
    ] {
      var moved = model
      let report = try step.update(&moved, with: memory)
      var (worst, limited) = (0.0, 0)
      for (place, theta) in model.parameters[weight].array.enumerated() {
        let raw = sum[place] / (fisher[place] + step.damping * mean)
        if abs(raw) > limit { limited += 1 }
        let expected = theta + rate * max(-limit, min(limit, raw))
        worst = max(worst, abs(moved.parameters[weight].array[place] - expected))
      }
      #expect(worst < 1e-12 && report.limited == limited && report.rate == rate)
      // All else keeps its bits.
      for parameter in model.plan.parameters.indices where trainable[parameter] == nil {
        #expect(moved.parameters[parameter] == model.parameters[parameter])
      }
    }
  }

  @Test func `it goes where training without the examples goes`() throws {
    // Trained to the minimum of a damped loss, then moved: nearer to retraining than before, and the forgotten
    // examples' loss rises.
    let (start, trainable, examples) = try convex()
    func trained(_ examples: [EncodedExample]) throws -> Model<Double> {
      var model = start
      var gradients = Gradients<Double>(trainable, of: model.plan)
      let (batch, targets) = EncodedExample.pack(examples)
      let pass = try model.forward(batch, keeping: .everything)
      for _ in 0..<3000 {
        gradients.reset()
        _ = try model.backward(pass, targets, .factor(1), into: &gradients)
        // Σ ℓ + ½ ‖θ‖², whose minimum exists.
        var slices = Slices(of: model, trainable)
        slices.add(times: -0.02, to: &model)
        slices = Slices(gradients)
        slices.add(times: -0.02, to: &model)
      }
      return model
    }
    let (forget, retain) = (Array(examples[..<2]), Array(examples[2...]))
    let before = try trained(examples)
    let oracle = try trained(retain)
    let memory = try memory(before, trainable, retain: retain, forget: forget)
    var after = before
    _ = try SecondOrderStep(damping: 2).update(&after, with: memory)
    func distance(_ model: Model<Double>) throws -> Double {
      try TaskVector(from: oracle, to: model, on: trainable).difference.norm
    }
    #expect(try distance(after) < distance(before))
    let step = LossStep<Double>(.npo())
    #expect(
      try step.sums(of: after, on: forget).reduce(0, +)
        > step.sums(of: before, on: forget).reduce(0, +))
  }

  @Test(arguments: ["llama", "gpt2"])
  func `requests one by one are one request of all`(name: String) throws {
    let fixture = try MethodFixture(name)
    let model = try fixture.model(Double.self)
    let map = try UnitMap(fixture.checkpoint)
    let trainable = Trainable(
      [
        Unit(layer: 0, kind: .head, index: 1), Unit(layer: 0, kind: .filter, index: 3),
        Unit(layer: 1, kind: .filter, index: 11),
      ], of: map, in: model.plan)
    var random = RandomNumbers(seed: 2)
    let all = (0..<10).map { _ in
      EncodedExample(
        (0..<4 + random.index(below: 5)).map { _ in Int32(3 + random.index(below: 26)) })
    }
    var aided = SecondOrderMemory<Double>(
      trainable, of: model.plan, options: ExampleGradients(tokensPerPass: 12))
    try aided.addRetained(all, of: model)
    for request in 0..<4 {
      try aided.forget([all[request]], wereRetained: true, of: model)
    }
    let batch = try memory(
      model, trainable, retain: Array(all[4...]), forget: Array(all[..<4]))
    #expect(aided.forgotten == 4 && aided.retain.examples == 6 && aided.datasetSize == 6)
    var (one, other) = (model, model)
    let first = try SecondOrderStep().update(&one, with: aided)
    let second = try SecondOrderStep().update(&other, with: batch)
    #expect(abs(first.distance - second.distance) < 1e-9 * second.distance)
    #expect(first.distance > 0)
    for parameter in trainable.parameters {
      #expect(relativeDistance(one.parameters[parameter], other.parameters[parameter]) < 1e-9)
    }
    let moved = try expectFrozen(model, one) { isTrained(trainable, $0, $1, $2) }
    #expect(moved > trainable.count(in: model.plan) / 2)
    #expect(throws: ComputationError.self) {
      try aided.forget(all, wereRetained: true, of: model)
    }
  }

  @Test(arguments: ["gpt2", "qwen3"])
  func `norms and embeddings have a Fisher information too`(name: String) throws {
    let model = try MethodFixture.model(name, Double.self)
    let everything = Trainable.everything(of: model.plan)
    let examples = [
      EncodedExample([3, 4, 5, 6]), EncodedExample([4, 4, 7]), EncodedExample([9, 8]),
    ]
    var whole = FisherDiagonal<Double>(everything, of: model.plan)
    try whole.add(examples, of: model)
    // The linear maps' part is what the engine sums at once.
    let linear = model.plan.layers[1].feedForward.output
    var part = FisherDiagonal<Double>(Trainable([linear.weight: .all]), of: model.plan)
    try part.add(examples, of: model)
    #expect(
      relativeDistance(
        try #require(whole.sums.sums[linear.weight]), try #require(part.sums.sums[linear.weight]))
        < 1e-10)
    for (parameter, sum) in whole.sums.sums where model.plan.parameters[parameter].shape.count == 2
    {
      #expect(sum.array.contains { $0 > 0 }, "\(model.plan.parameters[parameter].name)")
    }
  }

  @Test func `back-tracking keeps to its budget`() throws {
    let (model, trainable, examples) = try convex()
    let (forget, retain) = (Array(examples[..<3]), Array(examples[3...]))
    let memory = try memory(model, trainable, retain: retain, forget: forget)
    let step = SecondOrderStep(rate: .fixed(8), damping: 0.1)
    var free = model
    #expect(try step.update(&free, with: memory).isAccepted)
    for budget in [0.05, 0.5, 2] {
      var moved = model
      let report = try step.update(
        &moved, with: memory, backtracking: .init(budget: budget, halvings: 30), on: retain)
      let (before, after) = (try #require(report.retainBefore), try #require(report.retainAfter))
      #expect(report.isAccepted && after - before <= budget)
      #expect(report.halvings > 0 && abs(report.rate - 8 / exponential2(report.halvings)) < 1e-12)
      // One halving less was too much.
      var more = model
      let (direction, _) = try step.direction(of: memory)
      direction.add(times: report.rate * 2, to: &more)
      let sums = try LossStep<Double>(.npo()).sums(of: more, on: retain)
      #expect(sums.reduce(0, +) / 9 - before > budget)
      let own = try LossStep<Double>(.npo()).sums(of: moved, on: retain)
      #expect(abs(own.reduce(0, +) / 9 - after) < 1e-12)
    }
    var kept = model
    let refused = try step.update(
      &kept, with: memory, backtracking: .init(budget: 0, halvings: 1), on: retain)
    #expect(!refused.isAccepted && refused.rate == 0 && refused.distance == 0)
    #expect(zip(kept.parameters, model.parameters).allSatisfy { $0 == $1 })
  }

  /// (λ I + (1/N) Σ g gᵀ)⁻¹ v by N rank-one updates (Sherman & Morrison), as WoodFisher builds it.
  private func rankOneInverse(_ gradients: [[Double]], _ lambda: Double, times v: [Double])
    -> [Double]
  {
    let size = v.count
    var inverse = (0..<size).map { row in (0..<size).map { $0 == row ? 1 / lambda : 0 } }
    for gradient in gradients {
      let product = inverse.map { row in zip(row, gradient).reduce(0) { $0 + $1.0 * $1.1 } }
      let divisor =
        Double(gradients.count) + zip(product, gradient).reduce(0) { $0 + $1.0 * $1.1 }
      for row in 0..<size {
        for column in 0..<size {
          inverse[row][column] -= product[row] * product[column] / divisor
        }
      }
    }
    return inverse.map { row in zip(row, v).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  @Test func `blocks are inverted as by rank-one updates, in turns of any size`() throws {
    let fixture = try MethodFixture("gpt2")
    let model = try fixture.model(Double.self)
    let map = try UnitMap(fixture.checkpoint)
    let trainable = Trainable(
      [Unit(layer: 0, kind: .filter, index: 3), Unit(layer: 1, kind: .filter, index: 11)],
      of: map, in: model.plan)
    let batch = try fixture.batch()
    let retain = batch.retain + batch.preferred
    var forget = Gradients<Double>(trainable, of: model.plan)
    try ExampleGradients().add(batch.forget, of: model, to: &forget)
    let step = BlockFisherStep(damping: 0.2)
    let direction = try step.direction(of: model, forget: forget, retain: retain)
    for parameter in trainable.parameters {
      var rows: [[Double]] = []
      for example in retain {
        var one = Gradients<Double>(trainable, of: model.plan)
        try ExampleGradients().add([example], of: model, to: &one)
        rows.append(try #require(one.sums[parameter]).array)
      }
      let v = try #require(forget.sums[parameter]).array
      let squares = rows.reduce(0) { $1.reduce($0) { $0 + $1 * $1 } }
      let lambda = 0.2 * squares / Double(rows.count * v.count)
      let expected = rankOneInverse(rows, lambda, times: v)
      #expect(
        relativeDistance(
          try #require(direction.matrices[parameter]),
          Matrix(rows: 1, columns: expected.count, expected)) < 1e-9)
    }
    var small = step
    let largest = trainable.parameters.map { direction.matrices[$0]?.count ?? 0 }.max() ?? 0
    small.memoryLimit = 8 * largest * retain.count
    #expect(try small.direction(of: model, forget: forget, retain: retain) == direction)
    small.memoryLimit -= 1
    #expect(throws: ComputationError.self) {
      try small.direction(of: model, forget: forget, retain: retain)
    }
    #expect(throws: ComputationError.self) {
      try step.direction(of: model, forget: forget, retain: [])
    }
  }

  @Test func `what does not fit is refused`() throws {
    let (model, trainable, examples) = try convex()
    let memory = try memory(
      model, trainable, retain: Array(examples[3...]), forget: Array(examples[..<3]))
    for step in [SecondOrderStep(damping: 0), SecondOrderStep(limit: 0)] {
      #expect(throws: ComputationError.self) { try step.direction(of: memory) }
    }
    let blank = SecondOrderMemory<Double>(trainable, of: model.plan)
    #expect(throws: ComputationError.self) { try SecondOrderStep().direction(of: blank) }
    var small = memory
    small.retainSize = 3
    #expect(throws: ComputationError.self) { try SecondOrderStep().direction(of: small) }
    small.retainSize = 90
    #expect(SecondOrderStep().rate(for: small) == 1.0 / 90)
  }

  @Test func `a task vector goes back and forth, on its slices alone`() throws {
    let fixture = try MethodFixture("llama")
    let (model, tuned) = (try fixture.model(Double.self), try fixture.reference(Double.self))
    let map = try UnitMap(fixture.checkpoint)
    let trainable = Trainable(
      [Unit(layer: 1, kind: .head, index: 0), Unit(layer: 0, kind: .filter, index: 5)], of: map,
      in: model.plan)
    let vector = try TaskVector(from: model, to: tuned, on: trainable)
    var moved = model
    vector.subtract(times: -1, from: &moved)
    let (reached, wanted) = (Slices(of: moved, trainable), Slices(of: tuned, trainable))
    for parameter in trainable.parameters {
      #expect(
        relativeDistance(
          try #require(reached.matrices[parameter]), try #require(wanted.matrices[parameter]))
          < 1e-14)
    }
    try expectFrozen(model, moved) { parameter, row, column in
      isTrained(trainable, parameter, row, column)
    }
    vector.subtract(times: 1.5, from: &moved)
    let back = try TaskVector(from: model, to: moved, on: trainable).difference
    #expect(abs(back.norm - 0.5 * vector.difference.norm) < 1e-12)
  }
}

/// e^x by its series and squaring: the tests import no C library.
func exponential(_ x: Double) -> Double {
  let small = x / 1024
  var (sum, term) = (1.0, 1.0)
  for k in 1..<20 {
    term *= small / Double(k)
    sum += term
  }
  for _ in 0..<10 { sum *= sum }
  return sum
}

func exponential2(_ exponent: Int) -> Double {
  Double(sign: .plus, exponent: exponent, significand: 1)
}

func isTrained(_ trainable: Trainable, _ parameter: Int, _ row: Int, _ column: Int) -> Bool {
  switch trainable[parameter] {
  case nil: false
  case .all: true
  case .rows(let rows): rows.contains(Int32(row))
  case .columns(let columns): columns.contains(Int32(column))
  }
}

/// Expects every bit to be as it was but where `mayMove` says otherwise; gives how many elements moved.
@discardableResult
func expectFrozen<Element: Scalar>(
  _ before: Model<Element>, _ after: Model<Element>, mayMove: (Int, Int, Int) -> Bool
) throws -> Int {
  var moved = 0
  for (parameter, (old, new)) in zip(before.parameters, after.parameters).enumerated() {
    for row in 0..<old.rows {
      for column in 0..<old.columns {
        let isSame =
          old[row, column] == new[row, column] && old[row, column].sign == new[row, column].sign
        if !isSame { moved += 1 }
        #expect(isSame || mayMove(parameter, row, column), "\(parameter) \(row) \(column)")
      }
    }
  }
  return moved
}
