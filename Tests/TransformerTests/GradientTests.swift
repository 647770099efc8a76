import Architecture
import Compute
import Storage
import Testing
import Transformer

/// What PyTorch does not offer, and finite differences for what it does.
struct GradientTests {
  /// The loss of a model on a fixture's batch.
  private func loss(
    _ model: Model<Double>, _ batch: Batch, _ targets: Targets, gates: Gates<Double>? = nil
  ) throws -> Double {
    try model.losses(model.forward(batch, gates: gates), targets).mean
  }

  private func setUp(_ name: String) throws -> (Model<Double>, Batch, Targets, UnitMap) {
    let fixture = try Fixture(name)
    let model = try fixture.model(Double.self)
    let batch = try fixture.batch()
    return (
      model, batch, try fixture.targets(batch, model.plan.output?.task),
      try UnitMap(fixture.checkpoint)
    )
  }

  @Test(arguments: Fixture.names) func `parameters' gradients are the differences`(name: String)
    throws
  {
    let (model, batch, targets, _) = try setUp(name)
    var gradients = Gradients<Double>(.everything(of: model.plan), of: model.plan)
    let pass = try model.forward(batch, keeping: .everything)
    _ = try model.backward(pass, targets, .mean, into: &gradients)
    // Three elements of each parameter, at places that differ from one to the next.
    for (index, parameter) in model.plan.parameters.enumerated() {
      let gradient = try #require(gradients.sums[index])
      for step in 0..<3 {
        let place = (index * 7 + step * 31) % gradient.count
        let (row, column) = (place / gradient.columns, place % gradient.columns)
        var (up, down) = (model, model)
        up.parameters[index][row, column] += 1e-5
        down.parameters[index][row, column] -= 1e-5
        let slope = (try loss(up, batch, targets) - loss(down, batch, targets)) / 2e-5
        #expect(abs(slope - gradient[row, column]) < 1e-7, "\(parameter.name) \(row) \(column)")
      }
    }
  }

  @Test(arguments: Fixture.names) func `gates' gradients, for each example, are the differences`(
    name: String
  ) throws {
    let (model, batch, targets, map) = try setUp(name)
    // Not 1, so that a factor that is forgotten shows.
    var gates = Gates<Double>(open: model.plan)
    var random = RandomNumbers(seed: 3)
    let units = allUnits(map)
    for unit in units { gates[unit] = 0.5 + random.uniform() }
    let pass = try model.forward(batch, keeping: .everything, gates: gates)
    var none = Gradients<Double>(.nothing, of: model.plan)
    var masks: MaskGradients<Double>? = model.blankMasks(batch)
    _ = try model.backward(pass, targets, .sum, into: &none, masks: &masks)
    let found = try #require(masks)
    for unit in units where unit.kind == .head || unit.index % 7 == 0 {
      var (up, down) = (gates, gates)
      up[unit] += 1e-5
      down[unit] -= 1e-5
      let above = try model.losses(model.forward(batch, gates: up), targets).sums
      let below = try model.losses(model.forward(batch, gates: down), targets).sums
      for example in above.indices {
        let slope = (above[example] - below[example]) / 2e-5
        #expect(abs(slope - found[example, unit]) < 1e-6 * max(1, abs(slope)), "\(unit)")
      }
    }
  }

  private func allUnits(_ map: UnitMap) -> [Unit] {
    let sizes = map.dimensions
    return (0..<sizes.layers).flatMap { layer in
      Unit.Kind.allCases.flatMap { kind in
        (0..<sizes.count(kind)).map { Unit(layer: layer, kind: kind, index: $0) }
      }
    }
  }

  @Test(arguments: Fixture.names) func `a unit's output slice of zeros is a closed gate`(
    name: String
  )
    throws
  {
    let (model, batch, targets, map) = try setUp(name)
    for unit in allUnits(map) where unit.kind == .head || unit.index % 5 == 0 {
      var gates = Gates<Double>(open: model.plan)
      gates[unit] = 0
      var zeroed = model
      let slices = map.slices(of: unit).filter { $0.role == .output }
      #expect(slices.count == 1)
      for slice in slices {
        let index = try #require(model.plan.parameters.firstIndex { $0.name == slice.tensor })
        for feature in slice.ranges.joined() {
          let isRow = slice.axis == .rows
          let length =
            isRow ? zeroed.parameters[index].columns : zeroed.parameters[index].rows
          for other in 0..<length {
            zeroed.parameters[index][isRow ? feature : other, isRow ? other : feature] = 0
          }
        }
      }
      let closed = try model.forward(batch, gates: gates).hidden
      let without = try zeroed.forward(batch).hidden
      #expect(distance(closed, without) < 1e-13, "\(unit)")
      #expect(
        abs(try loss(model, batch, targets, gates: gates) - loss(zeroed, batch, targets)) < 1e-13)
    }
  }

  private func someUnits(_ map: UnitMap) -> [Unit] {
    allUnits(map).filter { ($0.layer * 3 + $0.index) % 4 == 1 }
  }

  @Test(arguments: Fixture.names) func `slices' gradients are parts of the whole ones`(name: String)
    throws
  {
    let (model, batch, targets, map) = try setUp(name)
    let trainable = Trainable(someUnits(map), of: map, in: model.plan)
    let pass = try model.forward(batch, keeping: .everything)
    var whole = Gradients<Double>(.everything(of: model.plan), of: model.plan)
    _ = try model.backward(pass, targets, .mean, into: &whole)
    var part = Gradients<Double>(trainable, of: model.plan)
    var masks: MaskGradients<Double>? = model.blankMasks(batch)
    _ = try model.backward(pass, targets, .mean, into: &part, masks: &masks)
    #expect(part.sums.keys.sorted() == trainable.parameters && !part.sums.isEmpty)
    for parameter in trainable.parameters {
      let all = try #require(whole.sums[parameter])
      let expected =
        switch try #require(trainable[parameter]) {
        case .all: all
        case .rows(let rows): model.workers.rows(of: all, at: rows)
        case .columns(let columns): model.workers.columns(of: all, at: columns)
        }
      #expect(distance(try #require(part.sums[parameter]), expected) < 1e-10)
    }
  }

  @Test(arguments: ["bert-masked", "gpt2", "llama", "phi3", "gpt-neox"])
  func `Fisher sums are the squares of each example's gradient`(name: String) throws {
    let (model, batch, targets, map) = try setUp(name)
    let trainable = Trainable(someUnits(map), of: map, in: model.plan)
    let pass = try model.forward(batch, keeping: .everything)
    var squares = Gradients<Double>(trainable, of: model.plan, statistic: .squareOfEachExample)
    _ = try model.backward(pass, targets, .sum, into: &squares)
    guard case .tokens(let labels) = targets else { return }
    var expected = Gradients<Double>(trainable, of: model.plan)
    var sums: [Int: Matrix<Double>] = expected.sums
    for sequence in batch.sequences where labels[sequence].contains(where: { $0 >= 0 }) {
      let one = Batch(
        [Array(batch.tokens[sequence])], tokenTypes: [Array(batch.tokenTypes[sequence])])
      expected.reset()
      _ = try model.backward(
        model.forward(one, keeping: .everything), .tokens(Array(labels[sequence])), .sum,
        into: &expected)
      for (parameter, gradient) in expected.sums {
        model.workers.add(squareOf: gradient, to: &sums[parameter]!)
      }
    }
    for (parameter, sum) in sums {
      #expect(distance(try #require(squares.sums[parameter]), sum) < 1e-10)
    }
  }

  @Test(arguments: Fixture.names) func `checkpointing changes no bit`(name: String) throws {
    let (model, batch, targets, _) = try setUp(name)
    var kept = Gradients<Double>(.everything(of: model.plan), of: model.plan)
    var again = kept
    let first = try model.backward(
      model.forward(batch, keeping: .everything), targets, .mean, into: &kept)
    let second = try model.backward(
      model.forward(batch, keeping: .layerInputs), targets, .mean, into: &again)
    #expect(first == second && kept.sums == again.sums)
  }

  @Test(arguments: Fixture.names, [Kept.everything, .layerInputs])
  func `computing the rows that targets need changes nothing but rounding`(name: String, kept: Kept)
    throws
  {
    let (model, batch, original, map) = try setUp(name)
    var targets = original
    if case .tokens(var labels) = targets {
      // A run in the middle of the first sequence, one token of the second, nothing of the others.
      for (index, sequence) in batch.sequences.enumerated() {
        for (place, row) in sequence.enumerated() {
          let counts = index == 0 ? (1...2).contains(place) : index == 1 && place == 1
          labels[row] = counts ? Int32(place % (model.plan.output?.map.outputs ?? 1)) : ignoredLabel
        }
      }
      targets = .tokens(labels)
    }
    var gates = Gates<Double>(open: model.plan)
    for unit in allUnits(map) where unit.index % 3 == 1 { gates[unit] = 0.5 }
    for trainable in [
      Trainable.everything(of: model.plan), Trainable(someUnits(map), of: map, in: model.plan),
    ] {
      var (whole, part) = (
        Gradients<Double>(trainable, of: model.plan), Gradients<Double>(trainable, of: model.plan)
      )
      var wholeMasks: MaskGradients<Double>? = model.blankMasks(batch)
      var partMasks = wholeMasks
      let first = try model.backward(
        model.forward(batch, keeping: kept, gates: gates), targets, .mean, into: &whole,
        masks: &wholeMasks)
      let second = try model.backward(
        model.forward(batch, keeping: kept, gates: gates, for: targets), targets, .mean,
        into: &part, masks: &partMasks)
      for (one, other) in zip(first.sums, second.sums) { #expect(abs(one - other) < 1e-12) }
      for parameter in trainable.parameters {
        let (one, other) = (
          try #require(whole.sums[parameter]), try #require(part.sums[parameter])
        )
        #expect(
          distance(other, one) < 1e-9 || one.array.allSatisfy { abs($0) < 1e-12 },
          "\(model.plan.parameters[parameter].name)")
      }
      for layer in model.plan.layers.indices {
        let (one, other) = (try #require(wholeMasks), try #require(partMasks))
        #expect(distance(other.heads[layer], one.heads[layer]) < 1e-9)
        #expect(distance(other.filters[layer], one.filters[layer]) < 1e-9)
      }
    }
    #expect(
      abs(
        try model.losses(model.forward(batch, gates: gates, for: targets), targets).total
          - model.losses(model.forward(batch, gates: gates), targets).total) < 1e-12)
  }

  @Test(arguments: ["bert-masked", "gpt2", "llama", "mistral"])
  func `a sequence's result does not depend on its neighbours`(name: String) throws {
    let (model, batch, _, _) = try setUp(name)
    let together = try model.forward(batch).hidden
    for sequence in batch.sequences {
      let alone = try model.forward(
        Batch(
          [Array(batch.tokens[sequence])], tokenTypes: [Array(batch.tokenTypes[sequence])])
      ).hidden
      #expect(
        distance(alone, model.workers.rows(of: together, at: sequence.map { Int32($0) })) < 1e-13)
    }
  }

  @Test func `a gradient can begin at any hidden state`() throws {
    let (model, batch, _, map) = try setUp("llama")
    let trainable = Trainable(someUnits(map).filter { $0.layer == 0 }, of: map, in: model.plan)
    let pass = try model.forward(batch, keeping: .everything)
    // Σ h² / 2 of the state after layer 0.
    let state = try #require(pass.hiddenState(1))
    var gradients = Gradients<Double>(trainable, of: model.plan)
    var none: MaskGradients<Double>?
    model.backward(pass, fromHiddenState: 1, state, into: &gradients, masks: &none)
    let parameter = try #require(trainable.parameters.first)
    guard case .rows(let rows)? = trainable[parameter] else { return }
    func value(_ model: Model<Double>) throws -> Double {
      let state = try #require(try model.forward(batch, keeping: .layerInputs).hiddenState(1))
      return model.workers.squareSum(state) / 2
    }
    var (up, down) = (model, model)
    up.parameters[parameter][Int(rows[0]), 2] += 1e-5
    down.parameters[parameter][Int(rows[0]), 2] -= 1e-5
    let slope = (try value(up) - value(down)) / 2e-5
    #expect(abs(slope - (gradients.sums[parameter]?[0, 2] ?? 0)) < 1e-7 * max(1, abs(slope)))
  }

  @Test func `results are the same for any number of repetitions with the same threads`() throws {
    let fixture = try Fixture("llama")
    let batch = try fixture.batch()
    let targets = try fixture.targets(batch, .languageModel)
    for workers in [1, 2, 3] {
      let model = try fixture.model(Float.self, workers: workers)
      var runs: [[Int: Matrix<Float>]] = []
      for _ in 0..<2 {
        var gradients = Gradients<Float>(.everything(of: model.plan), of: model.plan)
        _ = try model.backward(
          model.forward(batch, keeping: .everything), targets, .mean, into: &gradients)
        runs.append(gradients.sums)
      }
      #expect(runs[0] == runs[1])
    }
  }

  @Test func `inputs that do not fit are refused by name`() throws {
    let (model, _, _, _) = try setUp("gpt2")
    #expect(throws: InputError("token 29 at row 1: the vocabulary has 29")) {
      try model.forward(Batch([[3, 29]]))
    }
    #expect(throws: InputError("token -1 at row 0: the vocabulary has 29")) {
      try model.forward(Batch([[-1]]))
    }
    #expect(throws: InputError("sequence 1 is empty")) { try model.forward(Batch([[3], []])) }
    #expect(throws: InputError("sequence 0 has 25 tokens, the model has 24 positions")) {
      try model.forward(Batch([Array(repeating: 3, count: 25)]))
    }
    let pass = try model.forward(Batch([[3, 4]]), keeping: .everything)
    #expect(throws: InputError("label 29: the output has 29")) {
      try model.losses(pass, .tokens([29, ignoredLabel]))
    }
    #expect(throws: InputError("1 labels for 2 tokens")) { try model.losses(pass, .tokens([1])) }
  }
}
