public import Architecture
public import Safetensors
public import Storage

/// Why a mask could not be found, or its gradients not be read or written.
public enum MaskError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file is no safetensors file, or could not be opened.
  case file(TensorFileError)
  /// The file could not be written.
  case storage(StorageError)
  /// The file holds something other than mask gradients of the model.
  case format(String, path: String)
  /// A gradient or score is infinite or not a number; the example where there is one.
  case notFinite(Unit, example: Int?)
  /// Sizes, counts or options that do not agree.
  case mismatch(String)

  /// What and where, in one line.
  public var description: String {
    switch self {
    case .file(let error): return error.description
    case .storage(let error): return error.description
    case .format(let what, let path): return "\(path): \(what)"
    case .notFinite(let unit, let example):
      let place = example.map { "the mask gradient of \(unit) for example \($0)" }
      return (place ?? "the score of \(unit)") + " is not a finite number"
    case .mismatch(let what): return what
    }
  }
}
