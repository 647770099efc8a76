public import Attestation
public import Storage
import StrictJSON

/// The events of a request's life, each with the fields that its leaf has.
extension Event {
  /// A person asks to be forgotten.
  ///
  /// - Parameters:
  ///   - received: The day on which it came, at the controller's place.
  ///   - utcOffset: How far the clocks there are ahead of UTC, in minutes.
  public static func requestReceived(
    _ id: String, _ regime: Regime, _ ground: Ground, received: CivilDate, utcOffset: Int,
    manner: RequestManner?, commitments: [Commitment]
  ) -> Event {
    Event(
      .requestReceived,
      [
        "request": .text(id), "regime": .text(regime.rawValue), "ground": .text(ground.rawValue),
        "received": .text(received.description),
        "due": .text(regime.due(received: received).description),
        "utc_offset": utcOffset == 0 ? nil : .integer(Int64(utcOffset)),
        "manner": manner.map { .text($0.rawValue) },
        "commitments": .array(commitments.map { .text($0.digest) }),
      ])
  }

  /// The receipt was confirmed to the person.
  public static func requestConfirmed(_ id: String, on day: CivilDate) -> Event {
    Event(.requestConfirmed, ["request": .text(id), "on": .text(day.description)])
  }

  /// It was made sure who asks.
  public static func requestIdentified(_ id: String, by check: IdentityCheck, on day: CivilDate)
    -> Event
  {
    Event(
      .requestIdentified,
      ["request": .text(id), "check": .text(check.rawValue), "on": .text(day.description)])
  }

  /// The person was told, with the reason, that it takes longer.
  public static func requestExtended(
    _ request: LedgerState.Request, for reason: ExtensionReason, on day: CivilDate
  ) -> Event {
    Event(
      .requestExtended,
      [
        "request": .text(request.id), "reason": .text(reason.rawValue),
        "on": .text(day.description),
        "due": .text(request.regime.extendedDue(received: request.received).description),
      ])
  }

  /// Erasure was refused and the person told.
  ///
  /// - Parameter remediesStated: Whether the person was told of the right to complain and to go to court
  ///   (GDPR 12(4)).
  public static func requestRefused(
    _ id: String, _ basis: RefusalBasis, remediesStated: Bool, on day: CivilDate
  ) -> Event {
    Event(
      .requestRefused,
      [
        "request": .text(id), "basis": .text(basis.rawValue),
        "remedies_stated": .bool(remediesStated), "on": .text(day.description),
      ])
  }

  /// The person has taken the request back.
  public static func requestWithdrawn(_ id: String, on day: CivilDate) -> Event {
    Event(.requestWithdrawn, ["request": .text(id), "on": .text(day.description)])
  }

  /// It was met and the person told.
  public static func requestClosed(
    _ id: String, _ effect: ErasureEffect, isPartial: Bool, on day: CivilDate
  ) -> Event {
    Event(
      .requestClosed,
      [
        "request": .text(id), "effect": .text(effect.rawValue),
        "partial": isPartial ? .bool(true) : nil, "on": .text(day.description),
      ])
  }

  /// A recipient was told of the erasure, or could not be (GDPR 19).
  ///
  /// - Parameter identity: A commitment to who it is.
  public static func recipientNotified(
    _ id: String, _ recipient: RecipientClass, identity: Commitment?, isReached: Bool,
    on day: CivilDate
  ) -> Event {
    Event(
      .recipientNotified,
      [
        "request": .text(id), "recipient": .text(recipient.rawValue),
        "who": identity.map { .text($0.digest) }, "reached": .bool(isReached),
        "on": .text(day.description),
      ])
  }
}
