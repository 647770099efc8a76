public import Attestation
public import Storage

/// Why a model could not be signed, or a signature could not be read or does not hold.
public struct ModelSigningError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Hashable, Sendable {
    /// A statement that breaks its format.
    case malformed(String)
    /// A statement of a form that is not read here.
    case unsupported(String)
    /// There is no file to sign.
    case empty
    /// A path to leave out that can't be one.
    case ignoredPath(String)
    /// A signature that is not the given key's, or a certificate that leads to no root.
    case signature(String)
    /// A key, envelope or certificate was refused.
    case attestation(AttestationError)
    /// The file system refused.
    case storage(StorageError)
  }

  /// What went wrong.
  public var reason: Reason
  /// The file or folder, where one can be named.
  public var path: String?

  /// Makes an error.
  public init(_ reason: Reason, path: String? = nil) {
    self.reason = reason
    self.path = path
  }

  /// What and where, in one line.
  public var description: String {
    let place = path.map { "\($0): " } ?? ""
    switch reason {
    case .malformed(let what), .unsupported(let what), .ignoredPath(let what),
      .signature(let what):
      return place + what
    case .empty:
      return "\(place)holds no file to sign; a signature is over at least one regular file"
    case .attestation(let error): return error.path == nil ? "\(place)\(error)" : "\(error)"
    case .storage(let error): return error.description
    }
  }
}

/// Runs a step that meets the file system, and gives its error this module's type.
func storing<Value: ~Copyable>(_ body: () throws(StorageError) -> Value) throws(ModelSigningError)
  -> Value
{
  do throws(StorageError) { return try body() } catch { throw ModelSigningError(.storage(error)) }
}

/// Runs a step of keys and envelopes, and gives its error this module's type.
func attesting<Value: ~Copyable>(_ body: () throws(AttestationError) -> Value)
  throws(ModelSigningError) -> Value
{
  do throws(AttestationError) { return try body() } catch {
    throw ModelSigningError(.attestation(error))
  }
}
