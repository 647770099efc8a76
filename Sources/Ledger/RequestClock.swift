public import Storage

/// The laws under which a person asks to be forgotten, with the time that they give.
public enum Regime: String, CaseIterable, Hashable, Sendable {
  /// Regulation (EU) 2016/679, article 12(3): one month by calendar.
  case gdpr
  /// California, section 7021 of the regulations: 45 days.
  case ccpa

  /// The last day on which a request can be answered in time.
  public func due(received: CivilDate) -> CivilDate {
    switch self {
    case .gdpr: received.adding(months: 1)
    case .ccpa: CivilDate(daysSince1970: received.daysSince1970 + 45)
    }
  }
}

extension CivilDate {
  /// The same day some months later, or that month's last day where it has no such day.
  public func adding(months: Int) -> CivilDate {
    let count = year * 12 + month - 1 + months
    let (year, month) = (count / 12, count % 12 + 1)
    let day = min(day, CivilDate.dayCount(year: year, month: month))
    return CivilDate(year: year, month: month, day: day) ?? self
  }
}
