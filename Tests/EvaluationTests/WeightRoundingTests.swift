import Architecture
import Compute
import Evaluation
import Testing
import Transformer

struct WeightRoundingTests {
  /// The maps of a model's layers.
  private func maps(_ model: Model<Float>) -> [ModelPlan.Linear] {
    model.plan.layers.flatMap {
      $0.attention.inputs + [$0.attention.output] + $0.feedForward.inputs
        + [$0.feedForward.output]
    }
  }

  /// The weights of each output of a map.
  private func outputs(_ matrix: Matrix<Float>, _ map: ModelPlan.Linear) -> [[Float]] {
    map.isInputByOutput
      ? (0..<matrix.columns).map { column in (0..<matrix.rows).map { matrix[$0, column] } }
      : (0..<matrix.rows).map { Array(matrix.row($0)) }
  }

  @Test func `from 2 to 8 bits, and named so`() {
    #expect(WeightRounding(bits: 1) == nil && WeightRounding(bits: 9) == nil)
    #expect(WeightRounding(bits: 4)?.condition == "weights.rtn4.per-output")
  }

  // Weights as [in, out] and as [out, in].
  @Test(arguments: ["gpt2", "llama"], [2, 4, 8])
  func `each output has its own scale, and no weight is off by more than half a step`(
    fixture: String, bits: Int
  ) throws {
    let model = try Towns.fixture(fixture)
    let rounded = try #require(WeightRounding(bits: bits)).applied(to: model)
    let steps = Float((1 << (bits - 1)) - 1)
    #expect(maps(model).allSatisfy { $0.isInputByOutput == (fixture == "gpt2") })
    for map in maps(model) {
      let (before, after) = (model.parameters[map.weight], rounded.parameters[map.weight])
      #expect(before != after)
      for (old, new) in zip(outputs(before, map), outputs(after, map)) {
        let largest = old.reduce(0) { max($0, $1.magnitude) }
        let step = largest / steps
        for (left, right) in zip(old, new) {
          #expect(abs(left - right) <= step / 2 * 1.0001)
          let level = right / step
          #expect(abs(level - level.rounded()) < 1e-3 && abs(level) < steps + 1e-3)
        }
        #expect(Set(new.map { ($0 / step).rounded() }).count <= 2 * Int(steps) + 1)
        // The largest weight stays where it is.
        #expect(abs(new.reduce(0) { max($0, $1.magnitude) } - largest) <= largest * 1e-6)
      }
    }
  }

  @Test(arguments: ["gpt2", "llama"])
  func `rounding what is rounded changes nothing but the last digit`(fixture: String) throws {
    let rounding = try #require(WeightRounding(bits: 4))
    let once = rounding.applied(to: try Towns.fixture(fixture))
    let twice = rounding.applied(to: once)
    for (left, right) in zip(once.parameters, twice.parameters) {
      for (a, b) in zip(left.array, right.array) { #expect(abs(a - b) <= abs(a) * 1e-6) }
    }
  }

  @Test(arguments: ["gpt2", "llama"])
  func `embeddings, norms, biases and the output map are left alone`(fixture: String) throws {
    let model = try Towns.fixture(fixture)
    let rounded = try #require(WeightRounding(bits: 2)).applied(to: model)
    let touched = Set(maps(model).map(\.weight))
    #expect(touched.count < model.parameters.count)
    for index in model.parameters.indices {
      #expect((model.parameters[index] != rounded.parameters[index]) == touched.contains(index))
    }
  }

  @Test(arguments: ["gpt2", "llama"])
  func `what is no number stays so and spoils no other weight; zeros stay zeros`(
    fixture: String
  ) throws {
    var model = try Towns.fixture(fixture)
    let map = try #require(maps(model).first)
    let old = model.parameters[map.weight]
    func index(_ output: Int, _ input: Int) -> Int {
      map.isInputByOutput ? input * old.columns + output : output * old.columns + input
    }
    var values = old.array
    for input in 0..<map.inputs { values[index(0, input)] = 0 }
    values[index(1, 2)] = .nan
    values[index(2, 0)] = .infinity
    model.parameters[map.weight] = Matrix(rows: old.rows, columns: old.columns, values)
    let plain = try #require(WeightRounding(bits: 4)).applied(to: model).parameters[map.weight]
      .array
    for input in 0..<map.inputs { #expect(plain[index(0, input)] == 0) }
    #expect(plain[index(1, 2)].isNaN)
    for input in 0..<map.inputs where input != 2 { #expect(plain[index(1, input)].isFinite) }
    #expect(plain[index(2, 0)] == .infinity)
    #expect(plain[index(2, 1)] == values[index(2, 1)])
  }
}
