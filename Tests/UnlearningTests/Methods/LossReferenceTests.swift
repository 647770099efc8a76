import Architecture
import Compute
import Storage
import Testing
import Transformer
import Unlearning

/// Every loss against PyTorch: its terms, and its gradient in every parameter.
@Suite("Losses and PyTorch") struct LossReferenceTests {
  @Test(arguments: MethodFixture.names) func `equal in binary64`(name: String) throws {
    let worst = try compare(name, Double.self, tokensPerPass: 4096, tolerance: 1e-5)
    Attachment.record(worst, named: "\(name)-binary64.txt")
  }

  @Test(arguments: MethodFixture.names) func `equal in binary32`(name: String) throws {
    let worst = try compare(name, Float.self, tokensPerPass: 4096, tolerance: 1e-4)
    Attachment.record(worst, named: "\(name)-binary32.txt")
  }

  @Test(arguments: MethodFixture.names) func `equal in passes of one example`(name: String) throws {
    _ = try compare(name, Double.self, tokensPerPass: 1, tolerance: 1e-5)
  }

  /// Compares all losses, and lists each one's largest difference.
  private func compare<Element: Scalar>(
    _ name: String, _ type: Element.Type, tokensPerPass: Int, tolerance: Double
  ) throws -> String {
    let fixture = try MethodFixture(name)
    let model = try fixture.model(type)
    let batch = try fixture.batch()
    var lines: [String] = []
    for (lossName, loss) in try fixture.losses() {
      let step = LossStep(
        loss, reference: try fixture.reference(type), tokensPerPass: tokensPerPass,
        recomputes: tokensPerPass == 1)
      var gradients = Gradients<Element>(.everything(of: model.plan), of: model.plan)
      gradients.reset()
      let value = try step.addGradient(of: model, on: batch, to: &gradients)
      let expected = try fixture.floats("\(lossName).value").array
      var worst = 0.0
      for (found, wanted) in zip([value.forget, value.retain, value.total], expected) {
        worst = max(worst, abs(found - wanted) / max(1e-2, abs(wanted)))
      }
      #expect(worst <= tolerance, "\(lossName): \(value), not \(expected)")
      let again = try step.value(of: model, on: batch)
      #expect(abs(again.total - value.total) <= tolerance * max(1, abs(value.total)))
      // Relative to the whole gradient's largest element: a key's bias has a gradient of rounding alone.
      var scale = 0.0
      for parameter in model.plan.parameters {
        let tensor = "\(lossName).gradient.\(parameter.name.text)"
        guard fixture.has(tensor) else { continue }
        scale = try fixture.floats(tensor).array.reduce(scale) { max($0, abs($1)) }
      }
      for (index, parameter) in model.plan.parameters.enumerated() {
        let gradient = try #require(gradients.sums[index])
        let tensor = "\(lossName).gradient.\(parameter.name.text)"
        guard fixture.has(tensor) else {
          #expect(gradient.array.allSatisfy { $0 == 0 }, "\(lossName) \(parameter.name)")
          continue
        }
        let expected = try fixture.floats(tensor)
        let own = expected.array.reduce(0) { max($0, abs($1)) }
        let difference =
          relativeDistance(gradient, expected) * max(own, 1e-6) / max(own, 1e-3 * scale)
        worst = max(worst, difference)
        #expect(difference <= tolerance, "\(lossName) \(parameter.name)")
      }
      lines.append("\(lossName) \(worst)")
    }
    return lines.joined(separator: "\n")
  }

  @Test(arguments: MethodFixture.names) func `examples' sums are PyTorch's`(name: String) throws {
    let fixture = try MethodFixture(name)
    let batch = try fixture.batch()
    let step = LossStep<Double>(.npo(), tokensPerPass: 9)
    for (part, examples) in [
      ("forget", batch.forget), ("preferred", batch.preferred), ("retain", batch.retain),
    ] {
      for (prefix, model) in [
        ("sums", try fixture.model(Double.self)),
        ("reference-sums", try fixture.reference(Double.self)),
      ] {
        let found = try step.sums(of: model, on: examples)
        let expected = try fixture.floats("\(prefix).\(part)")
        #expect(
          relativeDistance(Matrix(rows: 1, columns: found.count, found), expected) < 1e-6)
      }
    }
  }
}
