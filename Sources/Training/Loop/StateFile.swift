public import Architecture
public import Compute
import Safetensors
public import Storage
public import StrictJSON
public import Transformer

/// What is kept of a run, or of numbers that a run goes on from: matrices, series and texts by name.
///
/// One safetensors file that is replaced whole. It names its format, and carries a fingerprint of all that it depends
/// on, so that the state of another run is refused instead of mixed in.
public struct StateContents: Sendable {
  /// The value of the metadata's `format`.
  public let format: String
  /// What the numbers belong to.
  public let fingerprint: Digest
  /// Texts in the metadata.
  public var texts: [String: String] = [:]
  /// Matrices, kept in binary32.
  public var matrices: [String: Matrix<Float>] = [:]
  /// Series of numbers, kept in binary64.
  public var series: [String: [Double]] = [:]

  /// Begins empty.
  public init(format: String, fingerprint: Digest) {
    self.format = format
    self.fingerprint = fingerprint
  }

  /// Puts a document in, as a text.
  public mutating func put(_ document: JSONValue, as key: String) throws(DataError) {
    do throws(CanonicalJSON.EncodingError) {
      texts[key] = String(decoding: try CanonicalJSON.encode(document), as: UTF8.self)
    } catch { throw DataError("\(key) has no canonical form: \(error)") }
  }

  /// Puts numbers in, by the names of their parameters: `KIND/NAME`.
  public mutating func add(_ kind: String, _ numbers: [Int: Matrix<Float>], of plan: ModelPlan) {
    for (parameter, matrix) in numbers {
      matrices["\(kind)/\(plan.parameters[parameter].name)"] = matrix
    }
  }

  /// Writes the file, whole or not at all; readable by its owner alone.
  public func write(to path: String) throws(DataError) {
    let layout: Layout
    do throws(HeaderError) {
      layout = try Layout(
        matrices.map {
          Layout.Entry(
            name: ByteString($0.key), dtype: .f32,
            shape: [UInt64($0.value.rows), UInt64($0.value.columns)])
        }
          + series.map {
            Layout.Entry(name: ByteString($0.key), dtype: .f64, shape: [UInt64($0.value.count)])
          },
        metadata: [
          ("format", ByteString(format)), ("fingerprint", ByteString(fingerprint.hex)),
        ] + texts.sorted { $0.key < $1.key }.map { (ByteString($0.key), ByteString($0.value)) })
    } catch { throw DataError(TensorFileError.header(error, path: path).description) }
    do throws(StorageError) {
      var file = try AtomicFile(path: path, mode: 0o600)
      try file.append(layout.headerBytes.rawSpan)
      for tensor in layout.tensors {
        let bytes = bytes(of: tensor.name.text)
        try file.append(bytes.rawSpan)
      }
      try file.commit(replacing: true)
    } catch { throw DataError(error) }
  }

  private func bytes(of name: String) -> [UInt8] {
    guard let numbers = series[name] else { return matrices[name]?.bytes(as: .f32) ?? [] }
    return Matrix<Double>(rows: 1, columns: numbers.count, numbers).bytes(as: .f64)
  }
}

/// A kept state, to be read; nothing in it is trusted.
public struct StateFile: ~Copyable {
  private let file: TensorFile

  /// Opens a state.
  ///
  /// - Parameter fingerprint: What the numbers must belong to; nil where the reader looks for itself.
  /// - Throws: ``DataError`` where the file is damaged, of another format or of another run.
  public init(path: String, format: String, fingerprint: Digest? = nil) throws(DataError) {
    let file: TensorFile
    do throws(TensorFileError) { file = try TensorFile(path: path, mode: .strict) } catch {
      if case .storage(let error) = error { throw DataError(error) }
      throw DataError(error.description)
    }
    let (found, owner) = (
      Self.text("format", in: file.header), Self.text("fingerprint", in: file.header)
    )
    guard found == format else {
      throw DataError("\(path): expected a file of the format \(format)")
    }
    guard fingerprint == nil || owner == fingerprint?.hex else {
      throw DataError(
        "\(path): the state of a run with other options, data or model; remove it to begin anew")
    }
    self.file = file
  }

  /// Where the file is.
  public var path: String { file.path }

  /// A text; nil where there is none.
  public func text(_ key: String) -> String? { Self.text(key, in: file.header) }

  private static func text(_ key: String, in header: Header) -> String? {
    header.metadata?.first { $0.key.text == key }?.value.text
  }

  /// A text's bytes; none where there is no such text.
  public func bytes(_ key: String) -> [UInt8] { Array((text(key) ?? "").utf8) }

  /// A number of 0 or more.
  public func count(_ key: String) throws(DataError) -> Int {
    guard let text = text(key), let number = Int(text), number >= 0 else {
      throw DataError("\(path): \"\(key)\" is missing or no number")
    }
    return number
  }

  /// Whether there is a matrix or a series of that name.
  public func holds(_ name: String) -> Bool { file.header[ByteString(name)] != nil }

  /// A matrix of a known size.
  public func matrix(_ name: String, rows: Int, columns: Int) throws(DataError) -> Matrix<Float> {
    guard let info = file.header[ByteString(name)], info.dtype == .f32,
      info.shape == [UInt64(rows), UInt64(columns)]
    else {
      throw DataError("\(path): tensor \"\(name)\" is missing or not F32 of \(rows) × \(columns)")
    }
    return file.withBytes(of: info) { Matrix(rows: rows, columns: columns, $0, as: .f32) }
  }

  /// Matrices by the names of their parameters, of the regions' sizes.
  public func matrices(
    _ kind: String, _ trainable: Trainable, of plan: ModelPlan
  ) throws(DataError) -> [Int: Matrix<Float>] {
    var matrices: [Int: Matrix<Float>] = [:]
    for parameter in trainable.parameters {
      let size = trainable.size(of: parameter, in: plan)
      matrices[parameter] = try matrix(
        "\(kind)/\(plan.parameters[parameter].name)", rows: size.rows, columns: size.columns)
    }
    return matrices
  }

  /// A series of at most `limit` numbers.
  public func series(_ name: String, limit: Int) throws(DataError) -> [Double] {
    guard let info = file.header[ByteString(name)], info.dtype == .f64, info.shape.count == 1,
      let count = info.shape.first.flatMap({ Int(exactly: $0) }), count <= limit
    else {
      throw DataError("\(path): tensor \"\(name)\" is missing or not F64 of \(limit) at most")
    }
    return file.withBytes(of: info) {
      Matrix<Double>(rows: 1, columns: count, $0, as: .f64).array
    }
  }
}
