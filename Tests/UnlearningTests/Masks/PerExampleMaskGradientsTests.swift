import Architecture
import Compute
import Safetensors
import Storage
import TestSupport
import Testing
import Transformer
import Unlearning

@Suite("Gradients of masks, collected") struct PerExampleMaskGradientsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func sample(_ examples: Int = 3) throws -> PerExampleMaskGradients {
    var random = RandomNumbers(seed: 8)
    var gradients = try MaskSamples.gradients(
      UnitCounts(layers: 2, heads: 2, filters: 5), examples: examples, datasetSize: 40, &random)
    gradients.model = Digest(bytes: Array(repeating: 7, count: 32))
    return gradients
  }

  @Test func `the engine's batches are collected in order`() throws {
    let path = Paths.join(
      Paths.parent(of: #filePath), "../../TransformerTests/Fixtures/bert-sequence")
    let checkpoint = try Checkpoint(path: path)
    var random = RandomNumbers(seed: 1)
    let model: Model<Float> = try Model(
      checkpoint, workers: Workers(count: 2), random: &random)
    let counts = try UnitCounts(model.plan.dimensions)
    var collected = PerExampleMaskGradients(counts)
    var batches: [MaskGradients<Float>] = []
    for sequences in [[[3, 4, 5], [6, 7]], [[8, 9, 10, 11]]] as [[[Int32]]] {
      let batch = Batch(sequences)
      let pass = try model.forward(batch, keeping: .everything)
      var none = Gradients<Float>(.nothing, of: model.plan)
      var masks: MaskGradients<Float>? = model.blankMasks(batch)
      _ = try model.backward(
        pass, .classes(sequences.map { _ in 1 }), .sum, into: &none, masks: &masks)
      let found = try #require(masks)
      batches.append(found)
      try collected.append(found)
    }
    #expect(collected.examples == 3)
    #expect(collected.byteCount == 4 * 3 * counts.total)
    for unit in UnitMask(all: counts).units {
      #expect(collected[0, unit] == batches[0][0, unit])
      #expect(collected[1, unit] == batches[0][1, unit])
      #expect(collected[2, unit] == batches[1][0, unit])
    }
    let problem = try MaskProblem(.mlr(), forget: collected, retain: collected)
    let (mask, _) = try MaskSearch(passes: .published).mask(
      for: problem, budget: .sparsity(try #require(Sparsity("0.5"))), workers: Workers(count: 2))
    #expect(mask.count(.head) == 3 && mask.count(.filter) == 19)
  }

  @Test func `what is infinite, no number or of another size is not added`() throws {
    var gradients = try sample()
    let before = gradients
    func heads(_ value: Float) -> [Matrix<Float>] {
      [Matrix(rows: 2, columns: 2), Matrix(rows: 2, columns: 2, [0, 0, 0, value])]
    }
    func filters(_ rows: Int = 2) -> [Matrix<Float>] {
      Array(repeating: Matrix(rows: rows, columns: 5), count: 2)
    }
    for value in [Float.nan, .infinity, -.infinity] {
      #expect(throws: MaskError.notFinite(Unit(layer: 1, kind: .head, index: 1), example: 4)) {
        try gradients.append(heads: heads(value), filters: filters())
      }
    }
    #expect(throws: MaskError.self) { try gradients.append(heads: heads(0), filters: filters(3)) }
    #expect(throws: MaskError.self) { try gradients.append(heads: [], filters: []) }
    #expect(throws: MaskError.self) { try gradients.append(heads: filters(), filters: heads(0)) }
    #expect(gradients == before)
    try gradients.append(heads: heads(1), filters: filters())
    #expect(gradients.examples == 5)
  }

  @Test func `a file comes back`() throws {
    let gradients = try sample()
    let path = folder.file("a.safetensors")
    try gradients.write(to: path)
    let again = try PerExampleMaskGradients(path: path, of: gradients.counts)
    #expect(again == gradients && again.datasetSize == 40 && again.model == gradients.model)
    try again.write(to: folder.file("b.safetensors"))
    let contents = try TemporaryFolder.contents(folder.path)
    #expect(contents["a.safetensors"] == contents["b.safetensors"])
    #expect(throws: MaskError.self) { try gradients.write(to: path) }
    try gradients.write(to: path, replacing: true)
    let file = try TensorFile(path: path)
    #expect(
      file.header["heads"]?.shape == [2, 3, 2] && file.header["filters"]?.shape == [2, 3, 5])
  }

  @Test func `what stands for nothing is not written`() throws {
    var gradients = try sample()
    gradients.datasetSize = 2
    #expect(throws: MaskError.self) { try gradients.write(to: folder.file("a")) }
    #expect(throws: MaskError.self) {
      try PerExampleMaskGradients(gradients.counts).write(to: folder.file("a"))
    }
    #expect(try TemporaryFolder.contents(folder.path).isEmpty)
  }

  @Test func `batches are sums of examples`() throws {
    let gradients = try sample(5)
    let batches = try gradients.summed(inBatchesOf: 2)
    #expect(batches.examples == 3 && batches.datasetSize == 20 && batches.model == gradients.model)
    let unit = Unit(layer: 1, kind: .filter, index: 3)
    #expect(batches[1, unit] == gradients[2, unit] + gradients[3, unit])
    #expect(batches[2, unit] == gradients[4, unit])
    #expect(try gradients.summed(inBatchesOf: 1) == gradients)
    #expect(throws: MaskError.self) { try gradients.summed(inBatchesOf: 0) }
  }

  /// A tensor to be written: by default F32 of the shape, of ones.
  private struct Part {
    var name: String
    var shape: [UInt64]
    var dtype = DType.f32
    var value: Float = 1
  }

  private func write(_ parts: [Part], _ metadata: [(key: ByteString, value: ByteString)]?) throws
    -> String
  {
    let path = folder.file("made.safetensors")
    let layout = try Layout(
      parts.map { Layout.Entry(name: ByteString($0.name), dtype: $0.dtype, shape: $0.shape) },
      metadata: metadata)
    var bytes = layout.headerBytes
    for tensor in layout.tensors {
      let part = try #require(parts.first { ByteString($0.name) == tensor.name })
      let pattern = part.value.bitPattern
      for index in 0..<tensor.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: pattern >> UInt32(index % 4 * 8)))
      }
    }
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    return path
  }

  private var metadata: [(key: ByteString, value: ByteString)] {
    [
      ("format", "unlearn-patch/mask-gradients/1"), ("examples", "3"), ("dataset_size", "9"),
      ("note", "of another program"),
    ]
  }

  private var whole: [Part] {
    [Part(name: "heads", shape: [2, 3, 2]), Part(name: "filters", shape: [2, 3, 5])]
  }

  private func refusal(
    _ parts: [Part]? = nil, _ metadata: [(key: ByteString, value: ByteString)]?? = nil
  ) throws -> String {
    let path = try write(parts ?? whole, metadata ?? self.metadata)
    let counts = try UnitCounts(layers: 2, heads: 2, filters: 5)
    do throws(MaskError) {
      _ = try PerExampleMaskGradients(path: path, of: counts)
      return ""
    } catch { return error.description }
  }

  @Test func `another program's file is read, whole or by layer`() throws {
    #expect(try refusal() == "")
    let counts = try UnitCounts(layers: 2, heads: 2, filters: 5)
    let path = try write(
      [
        Part(name: "heads.0", shape: [3, 2], value: 4),
        Part(name: "heads.1", shape: [3, 2], value: 5),
        Part(name: "filters", shape: [2, 3, 5]),
      ], metadata)
    let gradients = try PerExampleMaskGradients(path: path, of: counts)
    #expect(gradients.examples == 3 && gradients.datasetSize == 9 && gradients.model == nil)
    #expect(gradients[2, Unit(layer: 0, kind: .head, index: 1)] == 4)
    #expect(gradients[0, Unit(layer: 1, kind: .head, index: 0)] == 5)
    #expect(gradients[2, Unit(layer: 1, kind: .filter, index: 4)] == 1)
  }

  @Test func `tensors that do not fit are refused by name`() throws {
    func expect(_ parts: [Part], _ text: String) throws {
      let found = try refusal(parts)
      #expect(found.contains(text), "\(found)")
    }
    try expect([whole[0]], "\"filters.0\" is missing")
    try expect([whole[1]], "\"heads.0\" is missing")
    try expect(
      [Part(name: "heads.0", shape: [3, 2]), whole[1]], "\"heads.1\" is missing")
    try expect([Part(name: "heads", shape: [2, 3, 3]), whole[1]], "expected [2, 3, 2]")
    try expect([Part(name: "heads", shape: [3, 2, 2]), whole[1]], "has shape [3, 2, 2]")
    try expect([Part(name: "heads", shape: [1, 3, 2]), whole[1]], "has shape [1, 3, 2]")
    try expect([Part(name: "heads", shape: [12]), whole[1]], "has shape [12]")
    try expect([Part(name: "heads", shape: [2, 3, 0]), whole[1]], "has shape [2, 3, 0]")
    try expect([Part(name: "heads", shape: [2, 3, 2], dtype: .i32), whole[1]], "type I32")
    try expect([Part(name: "heads", shape: [2, 3, 2], dtype: .f16), whole[1]], "type F16")
    try expect(whole + [Part(name: "biases", shape: [1])], "3 tensors where 2 are known")
    try expect(
      whole + [Part(name: "heads.0", shape: [3, 2])], "3 tensors where 2 are known")
    for value in [Float.nan, .infinity, -.infinity] {
      try expect(
        [whole[0], Part(name: "filters", shape: [2, 3, 5], value: value)],
        "L0.F0 for example 0 is not a finite number")
    }
  }

  @Test func `metadata that does not fit is refused by key`() throws {
    func expect(_ key: ByteString, _ value: ByteString?, _ text: String) throws {
      var members = metadata.filter { $0.key != key }
      if let value { members.append((key, value)) }
      let found = try refusal(nil, .some(members))
      #expect(found.contains(text), "\(found)")
    }
    #expect(try refusal(nil, .some(nil)).contains("\"format\""))
    try expect("format", nil, "\"format\"")
    try expect("format", "pt", "expected \"unlearn-patch/mask-gradients/1\"")
    try expect("examples", nil, "\"examples\"")
    for value: ByteString in ["0", "-3", "03", "3.0", "", "9999999999999999999", "3 ", "٣"] {
      try expect("examples", value, "\"examples\": expected a number from 1")
    }
    try expect("examples", "4", "expected [2, 4, 2]")
    try expect("examples", "100000000000000", "expected at least 100000000000000")
    try expect("dataset_size", "2", "expected at least 3")
    try expect("dataset_size", nil, "\"dataset_size\"")
    try expect("model", "abc", "64 lowercase hexadecimal digits")
  }

  @Test func `a file that is cut or none is refused`() throws {
    let counts = try UnitCounts(layers: 2, heads: 2, filters: 5)
    let path = try write(whole, metadata)
    let bytes = try Folder.read(path, limit: 1 << 20)
    for length in [0, 7, 8, 100, bytes.count - 1] {
      try AtomicFile.write(Array(bytes.prefix(length)).rawSpan, to: path, replacing: true)
      #expect(throws: MaskError.self) { try PerExampleMaskGradients(path: path, of: counts) }
    }
    #expect(throws: MaskError.self) {
      try PerExampleMaskGradients(path: folder.file("none"), of: counts)
    }
    #expect(throws: MaskError.self) { try PerExampleMaskGradients(path: folder.path, of: counts) }
  }

  @Test func `gradients of two models are not mixed`() throws {
    var (forget, retain) = (try sample(), try sample())
    _ = try MaskProblem(.mlr(), forget: forget, retain: retain)
    retain.model = Digest(bytes: Array(repeating: 8, count: 32))
    #expect(throws: MaskError.self) { try MaskProblem(.mlr(), forget: forget, retain: retain) }
    forget.model = nil
    _ = try MaskProblem(.mlr(), forget: forget, retain: retain)
  }
}
