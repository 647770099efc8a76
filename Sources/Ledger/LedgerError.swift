public import Attestation
import GRDB
public import Storage

/// Why the ledger could not be read or written.
public struct LedgerError: Error, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable {
    /// The event is not possible in the present state.
    case notPossible(String)
    /// A value that may not stand in a leaf.
    case badValue(String)
    /// The key that was to sign has handed the log over to another.
    case formerKey(String)
    /// The database contradicts itself, its signatures or the pin.
    case inconsistent(String)
    /// SQLite refused.
    case database(String)
    /// The file system refused.
    case storage(StorageError)
    /// Cryptography refused.
    case attestation(AttestationError)
  }

  /// What went wrong.
  public var reason: Reason
  /// The database, where one can be named.
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
    case .notPossible(let what), .badValue(let what), .formerKey(let what),
      .inconsistent(let what), .database(let what):
      return place + what
    case .storage(let error): return error.description
    case .attestation(let error): return place + error.description
    }
  }

  /// Gives an error from within a database access this module's type.
  static func wrapping(_ error: any Error, path: String) -> LedgerError {
    switch error {
    case let error as LedgerError: return error
    case let error as StorageError: return LedgerError(.storage(error), path: path)
    case let error as AttestationError: return LedgerError(.attestation(error), path: path)
    case let error as DatabaseError:
      let advice =
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: "; another process is writing, try again"
        case .SQLITE_FULL: "; the disk is full, nothing was recorded"
        case .SQLITE_NOTADB, .SQLITE_CORRUPT: "; restore the ledger from a backup"
        default: ""
        }
      return LedgerError(
        .database("SQLite: \(error.message ?? "error \(error.resultCode.rawValue)")\(advice)"),
        path: path)
    default: return LedgerError(.database("\(error)"), path: path)
    }
  }
}
