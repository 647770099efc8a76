public import Attestation
public import Safetensors
public import Storage
import StrictJSON

/// Why a patch was refused or could not be made, and where.
public struct PatchError: Error, Sendable, CustomStringConvertible {
  /// What went wrong; the kind decides what the caller can do about it.
  public enum Reason: Sendable {
    /// The patch file or its statement breaks the format.
    case malformed(String)
    /// The patch, its statement and the model do not fit together.
    case mismatch(String)
    /// The model is not the base that the patch was made for.
    case wrongBase(expected: Digest, found: Digest)
    /// The model is the result already.
    case alreadyApplied
    /// A shard's header is not what the patch was made for, or a file is missing.
    case foreignModel(String)
    /// The file may not be changed in place; why, and what to do instead.
    case unsafeTarget(String)
    /// What was written is not what the statement promises.
    case wrongResult(expected: Digest, found: Digest)
    /// An interrupted operation must be recovered first.
    case recoveryNeeded(String)
    /// What was asked for can't be done to this model.
    case unsuitable(String)
    /// The file system refused.
    case storage(StorageError)
    /// A model file is not readable as one.
    case model(TensorFileError)
    /// Cryptography refused.
    case attestation(AttestationError)
  }

  /// What went wrong.
  public var reason: Reason
  /// The file, where one can be named.
  public var path: String?
  /// The tensor, where one can be named.
  public var tensor: ByteString?

  /// Makes an error.
  public init(_ reason: Reason, path: String? = nil, tensor: ByteString? = nil) {
    self.reason = reason
    self.path = path
    self.tensor = tensor
  }

  /// What and where, in one line.
  public var description: String {
    let place = (path.map { "\($0): " } ?? "") + (tensor.map { "tensor \"\($0)\": " } ?? "")
    switch reason {
    case .malformed(let what), .mismatch(let what), .foreignModel(let what),
      .unsafeTarget(let what), .recoveryNeeded(let what), .unsuitable(let what):
      return place + what
    case .alreadyApplied: return place + "the patch is applied already"
    case .wrongBase(let expected, let found):
      return place
        + "not the base of this patch: expected sha256 \(expected), found \(found)"
    case .wrongResult(let expected, let found):
      return place + "not what the patch promises: expected sha256 \(expected), found \(found)"
    case .storage(let error): return error.description
    case .model(let error): return error.description
    case .attestation(let error): return place + error.description
    }
  }
}

/// Runs a step that meets the file system, and gives its error this module's type.
func storing<Value: ~Copyable>(_ body: () throws(StorageError) -> Value) throws(PatchError) -> Value
{
  do throws(StorageError) { return try body() } catch { throw PatchError(.storage(error)) }
}

/// Runs a step that opens model files, and gives its error this module's type.
func reading<Value: ~Copyable>(_ body: () throws(TensorFileError) -> Value) throws(PatchError)
  -> Value
{
  do throws(TensorFileError) { return try body() } catch { throw PatchError(.model(error)) }
}
