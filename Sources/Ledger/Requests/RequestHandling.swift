public import Storage

extension LedgerState.Request {
  /// What has been done about a request besides patches.
  public struct Handling: Hashable, Sendable {
    /// How it came; nil where that was not recorded.
    public internal(set) var manner: RequestManner?
    /// How far the controller's clock is ahead of UTC, in minutes.
    public internal(set) var utcOffset = 0
    /// The day on which its receipt was confirmed.
    public internal(set) var confirmed: CivilDate?
    /// How it was made sure who asks; nil where that was not recorded.
    public internal(set) var identityCheck: IdentityCheck?
    /// Why it takes longer than the law's first term; nil where it does not.
    public internal(set) var extensionReason: ExtensionReason?
    /// How many recipients have been told.
    public internal(set) var notifiedCount = 0
    /// How many recipients could not be told, or only with undue effort.
    public internal(set) var unreachableCount = 0
    /// How the request ended; nil while it is open.
    public internal(set) var answer: Answer?
  }

  /// How a request ended.
  public enum Answer: Hashable, Sendable {
    /// Erasure was refused, and the person told why and what can be done about it.
    case refused(RefusalBasis, on: CivilDate)
    /// The person has taken it back.
    case withdrawn(on: CivilDate)
    /// It was met and the person told; `isPartial` where some of what was asked for was not done.
    case closed(ErasureEffect, isPartial: Bool, on: CivilDate)

    /// One word for it.
    public var name: String {
      switch self {
      case .refused: "refused"
      case .withdrawn: "withdrawn"
      case .closed: "closed"
      }
    }

    /// The day.
    public var date: CivilDate {
      switch self {
      case .refused(_, let date), .withdrawn(let date), .closed(_, _, let date): date
      }
    }
  }

  /// The last day on which its receipt can be confirmed in time; nil where the law asks for no confirmation.
  public var confirmationDue: CivilDate? { regime.confirmationDue(received: received) }

  /// The day at the controller's place.
  public func day(at time: Timestamp) -> CivilDate {
    time.date(utcOffset: handling.utcOffset)
  }

  /// How many days are left to answer it; negative once it is overdue.
  public func daysLeft(at time: Timestamp) -> Int {
    due.daysSince1970 - day(at: time).daysSince1970
  }

  /// Whether it should have been answered by now, or was answered late.
  public func isOverdue(at time: Timestamp) -> Bool {
    (handling.answer?.date ?? day(at: time)) > due
  }

  /// Whether its receipt should have been confirmed by now, or was confirmed late; an answer confirms it too.
  public func isConfirmationOverdue(at time: Timestamp) -> Bool {
    guard let last = confirmationDue else { return false }
    return (handling.confirmed ?? handling.answer?.date ?? day(at: time)) > last
  }

  /// Where it stands, in a word: how it ended, or what has been applied for it.
  public var standing: String { handling.answer?.name ?? status.rawValue }
}
