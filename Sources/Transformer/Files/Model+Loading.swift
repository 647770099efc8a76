public import Architecture
public import Compute
public import Safetensors
public import Storage

/// Why a model could not be read or written.
public enum ModelFileError: Error, Sendable, CustomStringConvertible {
  /// A file of the model is damaged, missing or unreadable.
  case file(TensorFileError)
  /// The model is of no known family, or its tensors do not fit its configuration.
  case architecture(ArchitectureError)
  /// A tensor's elements are not floats that can be computed with.
  case dtype(tensor: String, DType)
  /// The file system refused.
  case storage(StorageError)

  /// What and where, in one line.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .architecture(let error): error.description
    case .dtype(let tensor, let dtype):
      "tensor \"\(tensor)\" holds \(dtype.rawValue); BF16, F16, F32 and F64 can be computed with"
    case .storage(let error): error.description
    }
  }
}

extension StoredFloat {
  init?(_ dtype: DType) {
    switch dtype {
    case .bf16: self = .bf16
    case .f16: self = .f16
    case .f32: self = .f32
    case .f64: self = .f64
    default: return nil
    }
  }
}

extension Model {
  /// Loads a model folder.
  ///
  /// Each tensor is widened from its mapping into its matrix, and its pages are let go: nothing is held
  /// twice.
  ///
  /// - Parameters:
  ///   - task: What the model is asked for; nil for what it was saved with.
  ///   - random: What the parameters of a new output are drawn from.
  public init(
    _ checkpoint: Checkpoint, task: ModelPlan.Task? = nil, workers: Workers,
    random: inout RandomNumbers
  ) throws(ModelFileError) {
    let plan: ModelPlan
    do throws(ArchitectureError) { plan = try ModelPlan(checkpoint, task: task) } catch {
      throw .architecture(error)
    }
    var parameters: [Matrix<Element>?] = Array(repeating: nil, count: plan.parameters.count)
    var places: [[(parameter: Int, info: TensorInfo)]] = Array(
      repeating: [], count: checkpoint.shards.count)
    for (index, parameter) in plan.parameters.enumerated() {
      if let place = checkpoint[parameter.name], !parameter.isNew {
        places[place.shard].append((index, place.info))
      } else {
        parameters[index] = Self.beginning(parameter, plan, &random)
      }
    }
    for (shard, tensors) in places.enumerated() where !tensors.isEmpty {
      let file: TensorFile
      do throws(TensorFileError) {
        file = try TensorFile(path: checkpoint.fullPath(checkpoint.shards[shard].name))
      } catch { throw .file(error) }
      // The header was read again with the mapping.
      guard file.header.tensors == checkpoint.shards[shard].header.tensors else {
        throw .file(.checkpoint("\(file.path) changed while it was read", path: checkpoint.path))
      }
      for (index, info) in tensors.sorted(by: {
        $0.info.dataRange.lowerBound < $1.info.dataRange.lowerBound
      }) {
        guard let stored = StoredFloat(info.dtype) else {
          throw .dtype(tensor: info.name.description, info.dtype)
        }
        let parameter = plan.parameters[index]
        parameters[index] = file.withBytes(of: info) {
          Matrix(rows: parameter.rows, columns: parameter.columns, $0, as: stored)
        }
        file.releasePages(file.fileRange(of: info))
      }
    }
    self.init(plan: plan, parameters: parameters.compactMap { $0 }, workers: workers)
  }
}
