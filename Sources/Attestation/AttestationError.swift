public import Storage

/// Why a key, signature, note, trust file or seal was refused, and where.
public struct AttestationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Hashable, Sendable {
    /// A key that can't be read, or is of a kind that is not used here.
    case badKey(String)
    /// A bundle, statement, note or key text that breaks its format.
    case malformed(String)
    /// A line of a trust file.
    case trustFile(line: Int, String)
    /// A seal that was changed, cut or opened with another key.
    case brokenSeal(String)
    /// A file that was sealed for other keys.
    case notARecipient(own: String, recipients: [String])
    /// A signature could not be made.
    case signing(String)
    /// The file system refused.
    case storage(StorageError)
  }

  /// What went wrong.
  public var reason: Reason
  /// The file, where one can be named.
  public var path: String?

  /// Makes an error.
  public init(_ reason: Reason, path: String? = nil) {
    self.reason = reason
    self.path = path
  }

  /// Wraps an error of the file system.
  public init(storage error: StorageError) { self.init(.storage(error)) }

  /// What and where, in one line.
  public var description: String {
    let place = path.map { "\($0): " } ?? ""
    switch reason {
    case .badKey(let what), .malformed(let what), .brokenSeal(let what), .signing(let what):
      return place + what
    case .trustFile(let line, let what): return "\(place)line \(line): \(what)"
    case .notARecipient(let own, let recipients):
      return
        "\(place)is not sealed for the key \(own); it is for \(recipients.joined(separator: ", "))"
    case .storage(let error): return error.description
    }
  }
}

/// Runs a step that meets the file system, and gives its error this module's type.
func storing<Value: ~Copyable>(_ body: () throws(StorageError) -> Value) throws(AttestationError)
  -> Value
{
  do throws(StorageError) { return try body() } catch { throw AttestationError(storage: error) }
}
