public import Storage

/// Why a safetensors file or a checkpoint could not be opened.
public enum TensorFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file system refused.
  case storage(StorageError)
  /// The header breaks a rule of the format.
  case header(HeaderError, path: String)
  /// The folder does not hold a checkpoint, or its parts do not agree.
  case checkpoint(String, path: String)

  /// What and where, in one line.
  public var description: String {
    switch self {
    case .storage(let error): error.description
    case .header(let error, let path): "\(path): \(error)"
    case .checkpoint(let what, let path): "\(path): \(what)"
    }
  }
}
