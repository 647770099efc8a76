import Architecture
import Compute
import Storage
import Testing
import Transformer

/// Every family and output against PyTorch: logits, loss, hidden states, and every parameter's gradient.
struct ReferenceTests {
  @Test(arguments: Fixture.names) func `equals PyTorch in binary32`(name: String) throws {
    try compare(name, Float.self, tolerance: 1e-4)
  }

  @Test(arguments: Fixture.names) func `equals PyTorch in binary64`(name: String) throws {
    // PyTorch's own numbers are stored in binary32, and its RMS norms compute in it.
    try compare(name, Double.self, tolerance: 5e-6)
  }

  private func compare<Element: Scalar>(_ name: String, _ type: Element.Type, tolerance: Double)
    throws
  {
    let fixture = try Fixture(name)
    let model = try fixture.model(type)
    let batch = try fixture.batch()
    let targets = try fixture.targets(batch, model.plan.output?.task)
    let pass = try model.forward(batch, keeping: .everything)
    for index in 0...model.plan.layers.count {
      let hidden = try #require(pass.hiddenState(index))
      #expect(
        distance(hidden, try fixture.expected("hidden.\(index)")) <= tolerance, "state \(index)")
    }
    #expect(distance(try model.logits(pass), try fixture.expected("logits")) <= tolerance)
    var gradients = Gradients<Element>(.everything(of: model.plan), of: model.plan)
    let losses = try model.backward(pass, targets, .mean, into: &gradients)
    let loss = try fixture.expected("loss")[0, 0]
    #expect(abs(losses.mean - loss) <= tolerance * loss)
    #expect(abs(try model.losses(pass, targets).mean - loss) <= tolerance * loss)
    for (index, parameter) in model.plan.parameters.enumerated() {
      let gradient = try #require(gradients.sums[index])
      let expected = try fixture.expected("gradient.\(parameter.name.text)")
      // A key's bias moves all scores of a row alike: its gradient is zero but for rounding.
      let isZero = expected.array.allSatisfy { abs($0) < 1e-7 }
      let worst =
        isZero
        ? gradient.array.reduce(0) { max($0, abs(Double($1))) } : distance(gradient, expected)
      #expect(worst <= tolerance, "\(parameter.name)")
    }
  }
}
