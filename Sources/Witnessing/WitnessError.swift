public import Attestation
public import Ledger

/// Why a witness's cosignature was not had, and from where.
public struct WitnessError: Error, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable {
    /// The place where the witness takes heads can't be one.
    case badURL(String)
    /// No answer: no connection, too slow, too large.
    case noAnswer(String)
    /// An answer that the protocol does not know.
    case badAnswer(String)
    /// The witness refuses this head, with its HTTP status.
    case refused(status: Int, String)
    /// The witness has cosigned more leaves than the log has: the log was set back.
    case setBack(witness: Int, log: Int)
    /// The witness has cosigned a log that this one does not continue.
    case fork(String)
    /// The cosignature is not the witness's.
    case badCosignature(String)
    /// The log could not be read.
    case ledger(LedgerError)
    /// The head could not be read.
    case attestation(AttestationError)
  }

  /// What went wrong.
  public var reason: Reason
  /// The witness, where one can be named.
  public var witness: String?

  /// Makes an error.
  public init(_ reason: Reason, witness: String? = nil) {
    self.reason = reason
    self.witness = witness
  }

  /// What and where, in one line.
  public var description: String {
    let place = witness.map { "witness \($0): " } ?? ""
    switch reason {
    case .badURL(let what), .noAnswer(let what), .badAnswer(let what), .badCosignature(let what):
      return place + what
    case .refused(let status, let what): return "\(place)refused (\(status)): \(what)"
    case .setBack(let witness, let log):
      return
        "\(place)has cosigned \(witness) leaves of this log, which now has \(log): its end was cut or an old copy restored"
    case .fork(let what):
      return
        "\(place)this log does not continue what the witness has cosigned; it was rewritten or forked: \(what)"
    case .ledger(let error): return place + error.description
    case .attestation(let error): return place + error.description
    }
  }
}
