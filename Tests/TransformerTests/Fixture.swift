import Architecture
import Compute
import Safetensors
import Storage
import Testing
import Transformer

/// A small random model with what PyTorch computes for it; made by `make-fixtures.py`.
struct Fixture: Sendable, CustomTestStringConvertible {
  let name: String
  let checkpoint: Checkpoint
  private let folder: String

  static let names = [
    "bert-masked", "bert-sequence", "bert-token", "bert-question", "bert-choice", "roberta-masked",
    "roberta-sequence", "distilbert-masked", "distilbert-sequence", "gpt2", "gpt2-sequence",
    "gpt2-question", "opt", "gpt-neox", "gpt-neox-serial", "phi", "phi3", "llama", "llama-tied",
    "llama-sequence", "llama-token", "mistral", "qwen2", "qwen3", "gemma",
  ]

  init(_ name: String) throws {
    self.name = name
    folder = Paths.join(Self.root, name)
    checkpoint = try Checkpoint(path: folder)
  }

  /// Beside this file, so that a failing test names the file that a reader can open.
  static let root = Paths.join(Paths.parent(of: #filePath), "Fixtures")

  var testDescription: String { name }

  func model<Element: Scalar>(_ type: Element.Type, workers: Int = 2) throws -> Model<Element> {
    var random = RandomNumbers(seed: 1)
    return try Model(checkpoint, workers: Workers(count: workers), random: &random)
  }

  /// One expected tensor of floats.
  func expected(_ tensor: String) throws -> Matrix<Double> {
    let file = try TensorFile(path: Paths.join(folder, "expected.safetensors"))
    let info = try #require(file.header.tensors.first { $0.name == ByteString(tensor) })
    let shape = info.shape.map { Int($0) }
    return file.withBytes(of: info) {
      Matrix(rows: shape.dropLast().reduce(1, *), columns: shape.last ?? 1, $0, as: .f32)
    }
  }

  /// One expected tensor of integers, row by row.
  func integers(_ tensor: String) throws -> [[Int32]] {
    let file = try TensorFile(path: Paths.join(folder, "expected.safetensors"))
    let info = try #require(file.header.tensors.first { $0.name == ByteString(tensor) })
    let columns = Int(info.shape.last ?? 1)
    let values = file.withBytes(of: info) { bytes in
      (0..<bytes.byteCount / 8).map {
        Int32(truncatingIfNeeded: bytes.unsafeLoadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
      }
    }
    return stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
  }

  func batch() throws -> Batch {
    let lengths = try integers("lengths")[0].map { Int($0) }
    let rows = try integers("tokens")
    let types = try integers("types")
    return Batch(
      zip(rows, lengths).map { Array($0.prefix($1)) },
      tokenTypes: name.hasPrefix("bert") ? zip(types, lengths).map { Array($0.prefix($1)) } : nil,
      sequencesPerExample: name.hasSuffix("choice") ? 3 : 1)
  }

  func targets(_ batch: Batch, _ task: ModelPlan.Task?) throws -> Targets {
    let labels = try integers("labels")
    let real = zip(labels, batch.sequences).flatMap { $0.prefix($1.count) }
    return switch task {
    case .languageModel, nil: .nextTokens(batch, labels: real)
    case .maskedLanguageModel, .tokenClassification: .tokens(real)
    case .sequenceClassification: .classes(labels[0])
    case .multipleChoice: .choices(labels[0])
    case .questionAnswering: .spans(starts: labels.map { $0[0] }, ends: labels.map { $0[1] })
    }
  }
}

/// The largest difference of two matrices of the same size, relative to the largest element.
func distance<A: Scalar>(_ a: Matrix<A>, _ b: Matrix<Double>) -> Double {
  guard a.count == b.count else { return .infinity }
  let scale = b.array.reduce(1e-6) { max($0, abs($1)) }
  return zip(a.array, b.array).reduce(0) {
    let difference = abs(Double($1.0) - $1.1)
    return difference.isNaN ? .infinity : max($0, difference)
  } / scale
}
