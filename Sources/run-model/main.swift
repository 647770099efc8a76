// Runs a model in bulk, for comparing with other software:
//
//   run-model output FOLDER THREADS TO      what the model puts out; hidden states where it has no output
//   run-model gradients FOLDER THREADS TO   of the mean loss, for a language model's or masked output
//   run-model generate FOLDER THREADS LIMIT greedily, LIMIT tokens for each row
//
// Each line of standard input is a batch: a JSON array whose elements are rows of token numbers, or texts, which the
// folder's own tokenizer.json encodes. Each line of standard output is a JSON object with the batch's rows and how
// long it took; tensors of batch N are written to TO/N.safetensors in F32.

import Architecture
import Compute
import Safetensors
import Storage
import StrictJSON
import Tokenization
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct UsageError: Error, CustomStringConvertible {
  let description: String
}

/// What a line asks for.
struct Request {
  var rows: [[Int32]]

  init(_ line: String, _ tokenizer: Tokenizer?) throws {
    let value = try JSONValue(parsing: Array(line.utf8), byteLimit: 1 << 26)
    rows = try JSONField(value).elements().map { field in
      if case .string(let text) = field.value {
        guard let tokenizer else { throw UsageError(description: "there is no tokenizer.json") }
        return try tokenizer.encode(text.text).ids
      }
      return try field.elements().map { Int32(truncatingIfNeeded: try $0.integer()) }
    }
  }
}

/// Writes matrices as tensors of two dimensions.
func write(_ tensors: [(name: ByteString, matrix: Matrix<Float>)], to path: String) throws {
  let layout = try Layout(
    tensors.map {
      Layout.Entry(
        name: $0.name, dtype: .f32, shape: [UInt64($0.matrix.rows), UInt64($0.matrix.columns)])
    }, metadata: nil)
  var file = try AtomicFile(path: path)
  try file.append(layout.headerBytes.rawSpan)
  for info in layout.tensors {
    for tensor in tensors where tensor.name == info.name {
      try file.append(tensor.matrix.bytes(as: .f32).rawSpan)
    }
  }
  try file.commit(replacing: true)
}

/// A model, and what is done with each batch.
struct Run {
  var model: Model<Float>

  func output(_ batch: Batch) throws -> [(name: ByteString, matrix: Matrix<Float>)] {
    let pass = try model.forward(batch)
    return [("output", model.plan.output == nil ? pass.hidden : try model.logits(pass))]
  }

  func gradients(_ batch: Batch) throws -> [(name: ByteString, matrix: Matrix<Float>)] {
    let targets =
      model.plan.output?.task == .languageModel
      ? Targets.nextTokens(batch) : .tokens(batch.tokens)
    var sums = Gradients<Float>(.everything(of: model.plan), of: model.plan)
    let losses = try model.backward(
      model.forward(batch, keeping: .everything), targets, .mean, into: &sums)
    var tensors = [("loss" as ByteString, Matrix(rows: 1, columns: 1, [Float(losses.mean)]))]
    for (index, parameter) in model.plan.parameters.enumerated() {
      if let sum = sums.sums[index] { tensors.append((parameter.name, sum)) }
    }
    return tensors
  }

  func generate(_ rows: [[Int32]], limit: Int) throws -> [[Int32]] {
    var random = RandomNumbers(seed: 1)
    return try model.generate(rows, GenerationOptions(limit: limit), random: &random).map(\.tokens)
  }
}

func run(_ arguments: [String]) throws {
  guard arguments.count == 4, ["output", "gradients", "generate"].contains(arguments[0]),
    let threads = Int(arguments[2])
  else {
    throw UsageError(
      description: "usage: run-model output|gradients|generate FOLDER THREADS TO|LIMIT")
  }
  let (mode, folder, last) = (arguments[0], arguments[1], arguments[3])
  let tokenizerPath = Paths.join(folder, "tokenizer.json")
  let tokenizer =
    try FileStatus.ifExists(tokenizerPath) == nil ? nil : Tokenizer(path: tokenizerPath)
  var random = RandomNumbers(seed: 1)
  let run = Run(
    model: try Model<Float>(
      Checkpoint(path: folder), workers: Workers(count: threads), random: &random))
  let clock = ContinuousClock()
  var number = 0
  while let line = readLine() {
    let request = try Request(line, tokenizer)
    var rows = request.rows
    let start = clock.now
    var tensors: [(name: ByteString, matrix: Matrix<Float>)] = []
    switch mode {
    case "output": tensors = try run.output(Batch(rows))
    case "gradients": tensors = try run.gradients(Batch(rows))
    default:
      guard let limit = Int(last) else { throw UsageError(description: "\(last) is no number") }
      rows = try run.generate(rows, limit: limit)
    }
    let duration = (clock.now - start).components
    let seconds = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
    if !tensors.isEmpty { try write(tensors, to: Paths.join(last, "\(number).safetensors")) }
    print("{\"rows\":\(rows),\"seconds\":\(seconds)}")
    // Whoever asks waits for the answer before asking on.
    fflush(nil)
    number += 1
  }
}

do {
  try run(Array(CommandLine.arguments.dropFirst()))
} catch {
  print("run-model: error: \(error)")
  exit(2)
}
