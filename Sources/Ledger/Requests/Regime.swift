public import Storage

/// The laws under which a person asks to be forgotten, with the time that they give.
///
/// Days are those of the controller's calendar. Where the law moves a last day that is a holiday to the next working
/// day, these dates stay at the earlier one.
public enum Regime: String, CaseIterable, Hashable, Sendable {
  /// Regulation (EU) 2016/679, article 12(3): one month by calendar, and two more where that is told in the first.
  case gdpr
  /// California Code of Regulations, title 11, section 7021: to be confirmed within 10 business days and answered
  /// within 45 days, and 45 more where that is told in the first.
  case ccpa

  /// The last day on which a request can be answered in time.
  public func due(received: CivilDate) -> CivilDate {
    switch self {
    case .gdpr: received.adding(months: 1)
    case .ccpa: received.adding(days: 45)
    }
  }

  /// The last day after an extension; counted from the day of receipt as well.
  public func extendedDue(received: CivilDate) -> CivilDate {
    switch self {
    case .gdpr: received.adding(months: 3)
    case .ccpa: received.adding(days: 90)
    }
  }

  /// The last day on which its receipt can be confirmed in time; nil where the law asks for no confirmation.
  public func confirmationDue(received: CivilDate) -> CivilDate? {
    switch self {
    case .gdpr: nil
    case .ccpa: received.adding(businessDays: 10)
    }
  }

  /// The grounds on which erasure can be asked for.
  public var grounds: [Ground] {
    switch self {
    case .gdpr: [.consentNone, .noLongerNecessary, .objection, .unlawful, .obligation, .child]
    case .ccpa: [.california]
    }
  }

  /// The exceptions by which it can be refused.
  public var exceptions: [RefusalBasis] {
    RefusalBasis.allCases.filter { $0.isOf(self) }
  }
}

extension CivilDate {
  /// The same day some months later, or that month's last day where it has no such day (Regulation (EEC, Euratom)
  /// 1182/71, article 3(2)(c)).
  public func adding(months: Int) -> CivilDate {
    let count = year * 12 + month - 1 + months
    let (year, month) = (count / 12, count % 12 + 1)
    let day = min(day, CivilDate.dayCount(year: year, month: month))
    return CivilDate(year: year, month: month, day: day) ?? self
  }

  /// So many days later.
  public func adding(days: Int) -> CivilDate { CivilDate(daysSince1970: daysSince1970 + days) }

  /// So many days later, of which Saturdays and Sundays do not count; public holidays do, so that the day is never
  /// later than the law's.
  public func adding(businessDays count: Int) -> CivilDate {
    var (date, left) = (self, count)
    while left > 0 {
      date = date.adding(days: 1)
      if !date.isWeekend { left -= 1 }
    }
    return date
  }

  /// Whether the day is a Saturday or a Sunday; 1970-01-01 was a Thursday.
  public var isWeekend: Bool {
    let weekday = ((daysSince1970 + 4) % 7 + 7) % 7
    return weekday == 0 || weekday == 6
  }
}
