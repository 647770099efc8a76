public import Architecture
import Safetensors
import Storage

// The file is described in docs/masks.md.
extension PerExampleMaskGradients {
  /// The value of the metadata's `format`.
  public static let format = "unlearn-patch/mask-gradients/1"

  /// Writes the gradients as a safetensors file, whole or not at all.
  ///
  /// - Parameter replacing: Whether an existing file of that name may be replaced.
  /// - Throws: ``MaskError/mismatch(_:)`` where there are no examples, or more than they stand for.
  public func write(to path: String, replacing: Bool = false) throws(MaskError) {
    guard examples > 0, (datasetSize ?? examples) >= examples else {
      throw .mismatch(
        "\(examples) examples that stand for \(datasetSize ?? examples) are not written")
    }
    var metadata: [(key: ByteString, value: ByteString)] = [
      ("format", ByteString(Self.format)), ("examples", ByteString("\(examples)")),
      ("dataset_size", ByteString("\(datasetSize ?? examples)")),
    ]
    if let model { metadata.append(("model", ByteString(model.hex))) }
    let layout: Layout
    do throws(HeaderError) {
      layout = try Layout(
        Unit.Kind.allCases.map { kind in
          Layout.Entry(
            name: ByteString(Self.name(kind)), dtype: .f32,
            shape: [counts.layers, examples, counts.count(kind)].map { UInt64($0) })
        }, metadata: metadata)
    } catch { throw .file(.header(error, path: path)) }
    do throws(StorageError) {
      var file = try AtomicFile(path: path)
      try file.append(layout.headerBytes.rawSpan)
      // Laid out by name: filters come first.
      for tensor in layout.tensors {
        let kind: Unit.Kind = tensor.name == ByteString(Self.name(.head)) ? .head : .filter
        for layer in 0..<counts.layers {
          let values = values(layer: layer, kind: kind)
          // Floats have no padding; the format is little-endian as every machine that this runs on.
          try file.append(unsafe values.span.bytes)
        }
      }
      try file.commit(replacing: replacing)
    } catch { throw .storage(error) }
  }

  private static func name(_ kind: Unit.Kind) -> String { kind == .head ? "heads" : "filters" }

  /// Reads a file of gradients of a model of the given sizes.
  ///
  /// Checked before anything is held: every tensor's name, type and shape against the model and against the
  /// number of examples that the metadata gives. Numbers that are infinite or none are refused by their place.
  public init(path: String, of counts: UnitCounts) throws(MaskError) {
    let file: TensorFile
    do throws(TensorFileError) { file = try TensorFile(path: path, mode: .strict) } catch {
      throw .file(error)
    }
    let metadata = try Metadata(file.header, path)
    var tensors = 0
    let heads = try Self.layers(of: file, counts, .head, metadata.examples, &tensors)
    let filters = try Self.layers(of: file, counts, .filter, metadata.examples, &tensors)
    guard tensors == file.header.tensors.count else {
      throw .format(
        "\(file.header.tensors.count) tensors where \(tensors) are known: heads and filters, whole or by layer",
        path: path)
    }
    try self.init(
      counts, examples: metadata.examples, datasetSize: metadata.datasetSize,
      model: metadata.model, heads: heads, filters: filters)
  }

  /// What the metadata says.
  private struct Metadata {
    let examples: Int
    let datasetSize: Int
    let model: Digest?

    init(_ header: Header, _ path: String) throws(MaskError) {
      func value(_ key: ByteString) -> String? {
        header.metadata?.first { $0.key == key }?.value.text
      }
      func number(_ key: ByteString) throws(MaskError) -> Int {
        guard let text = value(key), (1...15).contains(text.utf8.count), text.first != "0",
          text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
          let number = Int(text)
        else { throw .format("metadata \"\(key)\": expected a number from 1", path: path) }
        return number
      }
      guard value("format") == PerExampleMaskGradients.format else {
        throw .format(
          "metadata \"format\": expected \"\(PerExampleMaskGradients.format)\"", path: path)
      }
      examples = try number("examples")
      datasetSize = try number("dataset_size")
      guard datasetSize >= examples else {
        throw .format("metadata \"dataset_size\": expected at least \(examples)", path: path)
      }
      if let text = value("model") {
        guard let digest = Digest(hex: text) else {
          throw .format("metadata \"model\": expected 64 lowercase hexadecimal digits", path: path)
        }
        model = digest
      } else {
        model = nil
      }
    }
  }

  /// The gradients of one kind, from one tensor or from one for each layer.
  private static func layers(
    of file: borrowing TensorFile, _ counts: UnitCounts, _ kind: Unit.Kind, _ examples: Int,
    _ tensors: inout Int
  ) throws(MaskError) -> [[Float]] {
    let name = Self.name(kind)
    let units = counts.count(kind)
    if file.header[ByteString(name)] != nil {
      tensors += 1
      let tensor = try Self.tensor(name, of: file, shape: [counts.layers, examples, units])
      let layer = 4 * examples * units
      return (0..<counts.layers).map {
        floats(of: tensor, in: file, bytes: $0 * layer..<($0 + 1) * layer)
      }
    }
    var layers: [[Float]] = []
    for layer in 0..<counts.layers {
      tensors += 1
      let tensor = try Self.tensor("\(name).\(layer)", of: file, shape: [examples, units])
      layers.append(floats(of: tensor, in: file, bytes: 0..<tensor.byteCount))
    }
    return layers
  }

  private static func tensor(_ name: String, of file: borrowing TensorFile, shape: [Int])
    throws(MaskError) -> TensorInfo
  {
    let path = file.path
    guard let tensor = file.header[ByteString(name)] else {
      throw .format("tensor \"\(name)\" is missing", path: path)
    }
    guard tensor.dtype == .f32 else {
      throw .format(
        "tensor \"\(name)\" has type \(tensor.dtype.rawValue), expected F32", path: path)
    }
    guard tensor.shape == shape.map({ UInt64($0) }) else {
      throw .format(
        "tensor \"\(name)\" has shape \(tensor.shapeText), expected \(shape)", path: path)
    }
    return tensor
  }

  private static func floats(
    of tensor: TensorInfo, in file: borrowing TensorFile, bytes range: Range<Int>
  ) -> [Float] {
    let source = file.bytes(of: tensor).extracting(range)
    let count = range.count / 4
    return unsafe Array(unsafeUninitializedCapacity: count) { target, initialized in
      // As many bytes as floats take, copied into memory that nobody else has; it need not be aligned there.
      unsafe source.withUnsafeBytes {
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: $0)
      }
      initialized = count
    }
  }
}
