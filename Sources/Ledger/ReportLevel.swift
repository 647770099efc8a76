/// Whom a report is for, which decides what it shows.
public enum ReportLevel: String, CaseIterable, Hashable, Sendable {
  /// The controller's own people and auditors: everything that the log has.
  case `internal`
  /// A supervisory authority: all requests, and no names that the controller gave to data sets.
  case authority
  /// A person who has asked for erasure: what concerns that request.
  case dataSubject = "data-subject"
  /// Everybody: totals, and what became of the models.
  case `public`
}
