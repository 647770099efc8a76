import Architecture
import Compute
import Testing
import Training
import Transformer
import Unlearning

@Suite("Weight attribution (WAGLE)") struct WeightAttributionTests {
  /// A model whose first output bias and gradients are the given numbers, as many as its hidden width.
  private func numbers(_ theta: [Double], _ forget: [Double], _ retain: [Double]) throws -> (
    model: Model<Double>, bias: Int, forget: Gradients<Double>, retain: Gradients<Double>
  ) {
    var model = try MethodFixture.model("gpt2", Double.self)
    let bias = try #require(model.plan.layers[0].feedForward.output.bias)
    let width = model.plan.dimensions.hidden
    func row(_ values: [Double]) -> Matrix<Double> {
      Matrix(
        rows: 1, columns: width,
        values + Array(repeating: 0, count: width - values.count))
    }
    func sum(_ values: [Double]) -> Gradients<Double> {
      var sum = Gradients<Double>(Trainable([bias: .all]), of: model.plan)
      sum.add(row(values), to: bias, model.workers)
      return sum
    }
    model.parameters[bias] = row(theta)
    return (model, bias, sum(forget), sum(retain))
  }

  @Test func `scores are those of the definition, computed by hand`() throws {
    let (model, bias, forget, retain) = try numbers(
      [1, 2, -1, 0.5], [3, -1, 2, 0], [4, 4, -2, 100])
    // Two examples, μ = 0.5: θ − r / (2 · 0.5) = −3, −2, 1, −99.5.
    let scores = try WeightAttribution(curvature: 0.5).scores(
      of: model, forget: forget, retain: retain, retainExamples: 2)
    let values = try #require(scores.matrices[bias]).array
    #expect(Array(values[..<5]) == [-9, 2, 2, 0, 0])
    // The magnitude counts; of the equal ones the earlier.
    let mask = try ElementMask(highest: 2, of: scores, in: model.plan)
    #expect(mask[bias, 0] && mask[bias, 1] && !mask[bias, 2] && mask.count == 2)
  }

  @Test func `without a retain gradient they are SNIP's, and with a small μ θ does not count`()
    throws
  {
    let (model, bias, forget, retain) = try numbers([1, -2, 3], [5, 6, 7], [0, 0, 0])
    let plain = try WeightAttribution().scores(
      of: model, forget: forget, retain: retain, retainExamples: 4)
    #expect(plain == ElementScore.sensitivity.scores(of: model, forget: forget))
    let (_, _, _, strong) = try numbers([], [], [1, -1, 1])
    let scores = try WeightAttribution().scores(
      of: model, forget: forget, retain: strong, retainExamples: 1)
    let values = try #require(scores.matrices[bias]).array
    for (value, limit) in zip(values, [-5e6, 6e6, -7e6]) {
      #expect(abs(value / limit - 1) < 1e-5)
    }
  }

  @Test func `the same numbers give the same mask, of any size`() throws {
    let fixture = try MethodFixture("llama")
    let model = try fixture.model(Float.self)
    let batch = try fixture.batch()
    let weights = model.plan.layers.map(\.feedForward.output.weight)
    let trainable = Trainable(
      Dictionary(uniqueKeysWithValues: weights.map { ($0, Trainable.Region.all) }))
    func mask(_ count: Int) throws -> ElementMask {
      var (forget, retain) = (
        Gradients<Float>(trainable, of: model.plan), Gradients<Float>(trainable, of: model.plan)
      )
      try ExampleGradients().add(batch.forget, of: model, to: &forget)
      try ExampleGradients().add(batch.retain, of: model, to: &retain)
      return try ElementMask(
        highest: count,
        of: WeightAttribution().scores(
          of: model, forget: forget, retain: retain, retainExamples: batch.retain.count),
        in: model.plan)
    }
    for count in [0, 1, 123] {
      #expect(try mask(count).count == count)
      #expect(try mask(count) == mask(count))
    }
  }

  @Test func `what has no order is refused`() throws {
    let (model, _, forget, retain) = try numbers([1], [1], [.nan])
    let scores = try WeightAttribution().scores(
      of: model, forget: forget, retain: retain, retainExamples: 1)
    #expect(throws: ComputationError.self) {
      try ElementMask(highest: 1, of: scores, in: model.plan)
    }
    for curvature in [0, -1, Double.nan, .infinity] {
      #expect(throws: ComputationError.self) {
        try WeightAttribution(curvature: curvature).scores(
          of: model, forget: forget, retain: forget, retainExamples: 1)
      }
    }
    #expect(throws: ComputationError.self) {
      try WeightAttribution().scores(
        of: model, forget: forget, retain: forget, retainExamples: 0)
    }
    let other = Gradients<Double>(
      Trainable([model.plan.layers[0].feedForward.output.weight: .all]), of: model.plan)
    #expect(throws: ComputationError.self) {
      try WeightAttribution().scores(
        of: model, forget: forget, retain: other, retainExamples: 1)
    }
  }
}
