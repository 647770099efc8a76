public import Architecture
public import Compute
public import Safetensors
public import Storage
public import StrictJSON

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
  /// The configuration can't be written.
  case config(CanonicalJSON.EncodingError)

  /// What and where, in one line.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .architecture(let error): error.description
    case .dtype(let tensor, let dtype):
      "tensor \"\(tensor)\" holds \(dtype.rawValue); BF16, F16, F32 and F64 can be computed with"
    case .storage(let error): error.description
    case .config(let error): "config.json: \(error)"
    }
  }
}

/// Runs a step that meets the file system, and gives its error this module's type.
func storing<Value: ~Copyable>(_ body: () throws(StorageError) -> Value) throws(ModelFileError)
  -> Value
{
  do throws(StorageError) { return try body() } catch { throw .storage(error) }
}

extension StoredFloat {
  /// The float type of stored elements; nil for what can't be computed with.
  public init?(_ dtype: DType) {
    switch dtype {
    case .bf16: self = .bf16
    case .f16: self = .f16
    case .f32: self = .f32
    case .f64: self = .f64
    default: return nil
    }
  }

  /// The type in a safetensors header.
  var dtype: DType {
    switch self {
    case .bf16: .bf16
    case .f16: .f16
    case .f32: .f32
    case .f64: .f64
    }
  }

  /// The type in `config.json`.
  var configName: String {
    switch self {
    case .bf16: "bfloat16"
    case .f16: "float16"
    case .f32: "float32"
    case .f64: "float64"
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
  ///   - config: What stands in the place of the folder's own `config.json`.
  ///   - task: What the model is asked for; nil for what it was saved with.
  ///   - random: What the parameters of a new output are drawn from.
  public init(
    _ checkpoint: Checkpoint, config: JSONValue? = nil, task: ModelPlan.Task? = nil,
    workers: Workers, random: inout RandomNumbers
  ) throws(ModelFileError) {
    let plan: ModelPlan
    do throws(ArchitectureError) {
      plan = try ModelPlan(checkpoint, config: config, task: task)
    } catch { throw .architecture(error) }
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
        file.releasePages(file.fileRange(of: info), isLast: true)
      }
    }
    self.init(plan: plan, parameters: parameters.compactMap { $0 }, workers: workers)
  }
}
