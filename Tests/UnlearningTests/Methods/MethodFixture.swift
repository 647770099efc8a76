import Architecture
import Compute
import Safetensors
import Storage
import Testing
import Training
import Transformer
import Unlearning

/// A small model, a reference model near it, examples, and what PyTorch makes of them; see `make-fixtures.py`.
struct MethodFixture {
  let checkpoint: Checkpoint
  private var matrices: [String: Matrix<Double>] = [:]
  private var rows: [String: [[Int32]]] = [:]

  static let names = ["llama", "gpt2"]

  init(_ name: String) throws {
    checkpoint = try Self.checkpoint(name)
    let file = try TensorFile(
      path: Paths.join(Paths.parent(of: #filePath), "Fixtures/losses-\(name).safetensors"))
    for info in file.header.tensors {
      let shape = info.shape.map { Int($0) }
      let columns = shape.last ?? 1
      file.withBytes(of: info) { bytes in
        if info.dtype == .f32 {
          matrices[info.name.text] = Matrix(
            rows: shape.dropLast().reduce(1, *), columns: columns, bytes, as: .f32)
        } else {
          let values = (0..<bytes.byteCount / 8).map {
            Int32(
              truncatingIfNeeded: bytes.unsafeLoadUnaligned(
                fromByteOffset: 8 * $0, as: Int64.self))
          }
          rows[info.name.text] = stride(from: 0, to: values.count, by: columns).map {
            Array(values[$0..<$0 + columns])
          }
        }
      }
    }
  }

  /// One of the engine's own fixtures.
  static func checkpoint(_ name: String) throws -> Checkpoint {
    try Checkpoint(
      path: Paths.join(Paths.parent(of: #filePath), "../../TransformerTests/Fixtures/\(name)"))
  }

  static func model<Element: Scalar>(_ name: String, _ type: Element.Type, workers: Int = 2) throws
    -> Model<Element>
  {
    var random = RandomNumbers(seed: 1)
    return try Model(try checkpoint(name), workers: Workers(count: workers), random: &random)
  }

  func model<Element: Scalar>(_ type: Element.Type) throws -> Model<Element> {
    var random = RandomNumbers(seed: 1)
    return try Model(checkpoint, workers: Workers(count: 2), random: &random)
  }

  func reference<Element: Scalar>(_ type: Element.Type) throws -> Model<Element> {
    var model = try self.model(type)
    for (index, parameter) in model.plan.parameters.enumerated() {
      let moved = try floats("reference.\(parameter.name.text)")
      model.parameters[index] = Matrix(
        rows: parameter.rows, columns: parameter.columns, moved.array.map { Element($0) })
    }
    return model
  }

  func has(_ tensor: String) -> Bool { matrices[tensor] != nil }

  func floats(_ tensor: String) throws -> Matrix<Double> {
    try #require(matrices[tensor], "\(tensor)")
  }

  private func integers(_ tensor: String) throws -> [[Int32]] {
    try #require(rows[tensor], "\(tensor)")
  }

  func examples(_ name: String) throws -> [EncodedExample] {
    let (tokens, labels) = (try integers("\(name).tokens"), try integers("\(name).labels"))
    let lengths = try integers("\(name).lengths")[0].map { Int($0) }
    return lengths.indices.map { row in
      EncodedExample(
        Array(tokens[row].prefix(lengths[row])), labels: Array(labels[row].prefix(lengths[row])))
    }
  }

  func batch() throws -> UnlearningBatch {
    UnlearningBatch(
      forget: try examples("forget"), preferred: try examples("preferred"),
      retain: try examples("retain"))
  }

  /// The losses of the script by their names there.
  func losses() throws -> [(name: String, loss: UnlearningLoss)] {
    let direction = try floats("direction").array
    func steering(_ places: UnlearningLoss.Places) -> UnlearningLoss.Steering {
      UnlearningLoss.Steering(layer: 0, coefficient: 2, direction: direction, places: places)
    }
    return [
      ("ga", .gradientAscent), ("gd", .gradientDifference(gamma: 0.7, alpha: 1.3)),
      ("kl", .klMin(alpha: 0.9)), ("kl-every", .klMin(alpha: 0.9, places: .every)),
      ("npo", .npo()), ("npo-kl", .npo(beta: 0.6, gamma: 0.5, alpha: 1.5, retain: .divergence())),
      ("simnpo", .simNPO(beta: 2.5, margin: 0.4)), ("dpo", .dpo(beta: 0.3, alpha: 0.8)),
      ("idk", .idk(alpha: 0.6)), ("rmu", .rmu(steering(.labels), alpha: 3)),
      ("rmu-every", .rmu(steering(.every), gamma: 0.5, alpha: 3)),
    ]
  }
}

extension EncodedExample {
  /// One sequence for a language model; every token has its label where none are given.
  init(_ tokens: [Int32], labels: [Int32]? = nil) {
    self.init(
      sequences: [tokens], tokenTypes: [tokens.map { _ in 0 }],
      target: .tokens([labels ?? tokens]))
  }

  /// One sequence with a class.
  init(_ tokens: [Int32], class label: Int32) {
    self.init(
      sequences: [tokens], tokenTypes: [tokens.map { _ in 0 }], target: .label(label))
  }
}

/// The largest difference of two matrices of the same size, relative to the largest element.
func relativeDistance<A: Scalar, B: Scalar>(_ a: Matrix<A>, _ b: Matrix<B>) -> Double {
  guard a.count == b.count else { return .infinity }
  let scale = b.array.reduce(1e-6) { max($0, abs(Double($1))) }
  return zip(a.array, b.array).reduce(0) {
    let difference = abs(Double($1.0) - Double($1.1))
    return difference.isNaN ? .infinity : max($0, difference)
  } / scale
}
