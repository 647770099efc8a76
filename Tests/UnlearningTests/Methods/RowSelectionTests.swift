import Architecture
import Compute
import Testing
import Training
import Transformer
import Unlearning

@Suite("Selecting rows (SURE)") struct RowSelectionTests {
  /// Scores that are 0 but where a test says otherwise: of one map's weight and bias.
  private struct Scores {
    let plan: ModelPlan
    let (weight, bias): (Int, Int)
    private var model: Model<Double>

    init() throws {
      model = try MethodFixture.model("gpt2", Double.self)
      plan = model.plan
      let map = plan.layers[0].feedForward.output
      (weight, bias) = (map.weight, try #require(map.bias))
      for parameter in [weight, bias] { model.parameters[parameter].clear() }
    }

    var width: Int { plan.parameters[weight].columns }
    var rows: Int { plan.parameters[weight].rows }
    var slices: Slices<Double> { Slices(of: model, Trainable([weight: .all, bias: .all])) }

    mutating func set(row: Int, _ value: Double) {
      for column in 0..<width { model.parameters[weight][row, column] = value }
    }
    mutating func set(element: Int, _ value: Double) {
      model.parameters[bias][0, element] = value
    }

    /// The rows and the elements of the bias that a mask has; nil where a row is not whole.
    func chosen(_ mask: ElementMask) -> (rows: [Int], elements: [Int])? {
      let counts = (0..<rows).map { row in
        (0..<width).count { mask[weight, row * width + $0] }
      }
      guard counts.allSatisfy({ $0 == 0 || $0 == width }) else { return nil }
      return (
        (0..<rows).filter { counts[$0] > 0 },
        (0..<plan.parameters[bias].columns).filter { mask[bias, $0] }
      )
    }
  }

  @Test func `rows are taken whole by their norms, and elements of a vector one by one`() throws {
    var scores = try Scores()
    let width = scores.width
    // Norms: row 2 has 3 √width, row 4 −1 √width; the bias between them 2.5 √width, and little.
    let root = Double(width).squareRoot()
    scores.set(row: 2, 3)
    scores.set(row: 4, -1)
    scores.set(element: 1, -2.5 * root)
    scores.set(element: 3, 0.01)
    for (budget, rows, elements) in [
      (0, [], []), (width, [2], []), (width + 1, [2], [1]), (2 * width + 1, [2, 4], [1]),
      (2 * width + 2, [2, 4], [1, 3]),
      // What is left is too little for row 4, and goes to what fits.
      (width + 2, [2], [1, 3]),
    ] {
      let mask = try ElementMask(rowsWithin: budget, of: scores.slices, in: scores.plan)
      let chosen = try #require(scores.chosen(mask))
      #expect(chosen.rows == rows && chosen.elements == elements, "\(budget)")
      #expect(mask.count == budget)
    }
  }

  @Test func `a quantile is that of all rows, and all at it are taken`() throws {
    var scores = try Scores()
    let count = scores.rows + scores.plan.parameters[scores.bias].columns
    scores.set(row: 0, 2)
    scores.set(row: 5, 4)
    scores.set(element: 2, 100)
    let top = try ElementMask(
      rowsFrom: 1, of: scores.slices, in: scores.plan)
    #expect(scores.chosen(top)?.rows == [] && scores.chosen(top)?.elements == [2])
    // Between the second and the third of the rows the quantile lies above the third.
    let quantile = (Double(count - 3) + 0.5) / Double(count - 1)
    let two = try ElementMask(rowsFrom: quantile, of: scores.slices, in: scores.plan)
    #expect(scores.chosen(two)?.rows == [5] && scores.chosen(two)?.elements == [2])
    // At or below the first 0 all rows are at the quantile.
    let all = try ElementMask(rowsFrom: 0.5, of: scores.slices, in: scores.plan)
    #expect(all.count == all.size)
  }

  @Test func `ties go to the earlier row, and what has no order is refused`() throws {
    var scores = try Scores()
    for row in 0..<scores.rows { scores.set(row: row, row.isMultiple(of: 2) ? 1 : -1) }
    let budget = 3 * scores.width
    let mask = try ElementMask(rowsWithin: budget, of: scores.slices, in: scores.plan)
    #expect(scores.chosen(mask)?.rows == [0, 1, 2])
    #expect(try mask == ElementMask(rowsWithin: budget, of: scores.slices, in: scores.plan))
    for quantile in [-0.1, 1.1, .nan] {
      #expect(throws: ComputationError.self) {
        try ElementMask(rowsFrom: quantile, of: scores.slices, in: scores.plan)
      }
    }
    #expect(throws: ComputationError.self) {
      try ElementMask(rowsWithin: mask.size + 1, of: scores.slices, in: scores.plan)
    }
    for value in [Double.nan, .infinity] {
      scores.set(element: 0, value)
      #expect(throws: ComputationError.self) {
        try ElementMask(rowsWithin: 1, of: scores.slices, in: scores.plan)
      }
      #expect(throws: ComputationError.self) {
        try ElementMask(rowsFrom: 0.9, of: scores.slices, in: scores.plan)
      }
    }
  }

  @Test(arguments: MethodFixture.names) func `the budget is that of a mask of units`(
    name: String
  ) throws {
    let fixture = try MethodFixture(name)
    let model = try fixture.model(Float.self)
    let map = try UnitMap(fixture.checkpoint)
    let counts = try UnitCounts(model.plan.dimensions)
    let owned = Trainable(UnitMask(all: counts).units, of: map, in: model.plan)
    let whole = Trainable(
      Dictionary(uniqueKeysWithValues: owned.parameters.map { ($0, .all) }))
    var gradients = Gradients<Float>(whole, of: model.plan)
    try ExampleGradients().add(fixture.batch().forget, of: model, to: &gradients)
    let some = Trainable(
      [
        Unit(layer: 0, kind: .head, index: 0), Unit(layer: 1, kind: .filter, index: 2),
        Unit(layer: 1, kind: .filter, index: 3),
      ], of: map, in: model.plan)
    let budget = some.count(in: model.plan)
    let mask = try ElementMask(rowsWithin: budget, of: Slices(gradients), in: model.plan)
    let smallest = whole.parameters.map { parameter in
      let size = model.plan.parameters[parameter]
      return size.shape.count == 1 ? 1 : size.columns
    }.min()
    #expect(mask.count <= budget)
    #expect(budget - mask.count < (try #require(smallest)))
    #expect(mask.trainable.parameters.allSatisfy(owned.parameters.contains))
  }
}
