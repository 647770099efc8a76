import Architecture
import Compute
import Safetensors
import Storage
import Testing
import Transformer

/// Twenty steps with decay, clipping and a schedule, against PyTorch's optimisers and Sophia in NumPy; see
/// `make-expected.py`.
struct OptimizerParityTests {
  static let rules: [String: (rule: UpdateRule, rate: Double)] = [
    "adamw": (.adamW(), 0.01), "nesterov": (.momentum(0.9, isNesterov: true), 0.05),
    "sophia": (.sophia(beta1: 0.96, beta2: 0.99, gamma: 0.01, epsilon: 1e-8), 0.01),
  ]

  @Test(arguments: ["adamw", "nesterov", "sophia"])
  func `twenty steps end where the reference ends, in binary64`(rule: String) throws {
    try compare("gpt2", rule, Double.self, tolerance: 1e-8)
  }

  @Test func `twenty steps end where PyTorch ends, in binary32`() throws {
    try compare("llama", "adamw", Float.self, tolerance: 1e-4)
  }

  private func compare<Element: Scalar>(
    _ name: String, _ rule: String, _ type: Element.Type, tolerance: Double
  ) throws {
    var model = try Fixture(name).model(type)
    let rows = try tokens("tokens")
    let drawn = try tokens("drawn")
    let losses = try expected("\(name).\(rule).losses")
    let choice = try #require(Self.rules[rule])
    let schedule = Schedule(rate: choice.rate, shape: .linear, warmup: 5, steps: losses.count)
    var gradients = Gradients<Element>(.everything(of: model.plan), of: model.plan)
    var optimizer = Optimizer(choice.rule, decay: 0.1, for: gradients)
    for step in 0..<losses.count {
      let part = 3 * (step % 4)..<3 * (step % 4) + 3
      let batch = Batch(Array(rows[part]))
      if rule == "sophia", step % 5 == 0 {
        let targets = Targets.nextTokens(batch, labels: Array(drawn[part].joined()))
        let count = try backward(model, batch, targets, &gradients).count
        optimizer.observe(curvature: gradients, scale: Double(count), model.workers)
      }
      let loss = try backward(model, batch, .nextTokens(batch), &gradients).mean
      #expect(abs(loss - losses[0, step]) <= tolerance * losses[0, step], "step \(step)")
      _ = gradients.clip(toNorm: 1, model.workers)
      optimizer.update(&model, gradients, rate: schedule.rate(at: step))
    }
    for (parameter, matrix) in zip(model.plan.parameters, model.parameters) {
      let last = try expected("\(name).\(rule).\(parameter.name.text)")
      #expect(distance(matrix, last) <= tolerance, "\(parameter.name)")
    }
  }

  private func backward<Element: Scalar>(
    _ model: Model<Element>, _ batch: Batch, _ targets: Targets,
    _ gradients: inout Gradients<Element>
  ) throws -> Losses {
    gradients.reset()
    let pass = try model.forward(batch, keeping: .everything)
    return try model.backward(pass, targets, .mean, into: &gradients)
  }

  private func file() throws -> TensorFile {
    try TensorFile(path: Paths.join(Paths.parent(of: #filePath), "expected.safetensors"))
  }

  private func expected(_ tensor: String) throws -> Matrix<Double> {
    let file = try file()
    let info = try #require(file.header.tensors.first { $0.name == ByteString(tensor) })
    let shape = info.shape.map { Int($0) }
    return file.withBytes(of: info) {
      Matrix(
        rows: shape.dropLast().reduce(1, *), columns: shape.last ?? 1, $0,
        as: info.dtype == .f64 ? .f64 : .f32)
    }
  }

  /// Rows of nine, without their padding.
  private func tokens(_ tensor: String) throws -> [[Int32]] {
    let file = try file()
    let info = try #require(file.header.tensors.first { $0.name == ByteString(tensor) })
    let values = file.withBytes(of: info) { bytes in
      (0..<bytes.byteCount / 8).map {
        Int32(truncatingIfNeeded: bytes.unsafeLoadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
      }
    }
    return stride(from: 0, to: values.count, by: 9).map { start in
      values[start..<start + 9].filter { $0 >= 0 }
    }
  }
}
