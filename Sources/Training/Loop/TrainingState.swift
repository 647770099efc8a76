import Architecture
import Compute
import Safetensors
public import Storage
import StrictJSON
public import Transformer

/// Where a run stands, kept in one safetensors file that is replaced whole.
///
/// Holds the trained parameters in binary32 (`parameter/NAME`), the optimiser's means (`first/NAME`,
/// `second/NAME`), the step, and a fingerprint of all that the run depends on: another run's state is refused.
public enum TrainingState {
  private static let format = "unlearn-patch/training-state/v1"

  /// Writes the state.
  public static func save(
    _ trainer: Trainer, fingerprint: Digest, to path: String
  ) throws(ModelFileError) {
    var matrices: [ByteString: Matrix<Float>] = [:]
    let plan = trainer.model.plan
    for parameter in trainer.trainable.parameters {
      let name = plan.parameters[parameter].name.text
      matrices[ByteString("parameter/" + name)] = trainer.model.parameters[parameter]
      matrices[ByteString("first/" + name)] = trainer.optimizer.first[parameter]
      matrices[ByteString("second/" + name)] = trainer.optimizer.second[parameter]
    }
    let layout: Layout
    do throws(HeaderError) {
      layout = try Layout(
        matrices.map {
          Layout.Entry(
            name: $0.key, dtype: .f32, shape: [UInt64($0.value.rows), UInt64($0.value.columns)])
        },
        metadata: [
          ("format", ByteString(format)), ("fingerprint", ByteString(fingerprint.hex)),
          ("step", ByteString(String(trainer.optimizer.step))),
        ])
    } catch { throw .file(.header(error, path: path)) }
    do throws(StorageError) {
      var file = try AtomicFile(path: path, mode: 0o600)
      try file.append(layout.headerBytes.rawSpan)
      for tensor in layout.tensors {
        guard let matrix = matrices[tensor.name] else { continue }
        try file.append(matrix.bytes(as: .f32).rawSpan)
      }
      try file.commit(replacing: true)
    } catch { throw .storage(error) }
  }

  /// Puts a trainer where the file says that its run stands.
  ///
  /// - Throws: ``DataError`` where the file is of another run or damaged.
  public static func restore(
    _ trainer: inout Trainer, fingerprint: Digest, from path: String
  ) throws(DataError) {
    let file: TensorFile
    do throws(TensorFileError) { file = try TensorFile(path: path, mode: .strict) } catch {
      throw DataError(error.description)
    }
    func metadata(_ key: ByteString) -> String? {
      file.header.metadata?.first { $0.key == key }?.value.text
    }
    guard metadata("format") == format else { throw DataError("\(path): not the state of a run") }
    guard metadata("fingerprint") == fingerprint.hex else {
      throw DataError(
        "\(path): the state of a run with other options, data or model; remove it to begin anew")
    }
    guard let step = metadata("step").flatMap({ Int($0) }),
      (0...trainer.options.schedule.steps).contains(step)
    else { throw DataError("\(path): the step is missing or beyond the run") }
    var model = trainer.model
    var optimizer = trainer.optimizer
    func read(_ kind: String, _ name: String, into matrix: inout Matrix<Float>) throws(DataError) {
      let tensor = ByteString("\(kind)/\(name)")
      guard let info = file.header[tensor], info.dtype == .f32,
        info.shape == [UInt64(matrix.rows), UInt64(matrix.columns)]
      else { throw DataError("\(path): tensor \"\(tensor)\" is missing or of another shape") }
      matrix = file.withBytes(of: info) {
        Matrix(rows: matrix.rows, columns: matrix.columns, $0, as: .f32)
      }
    }
    for parameter in trainer.trainable.parameters {
      let name = model.plan.parameters[parameter].name.text
      try read("parameter", name, into: &model.parameters[parameter])
      if var mean = optimizer.first[parameter] {
        try read("first", name, into: &mean)
        optimizer.restore(first: mean, of: parameter)
      }
      if var mean = optimizer.second[parameter] {
        try read("second", name, into: &mean)
        optimizer.restore(second: mean, of: parameter)
      }
    }
    optimizer.restore(step: step)
    trainer.resume(model, optimizer)
  }
}
