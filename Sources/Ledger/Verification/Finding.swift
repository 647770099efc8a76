/// One named step of a verification and what came of it.
public struct Finding: Hashable, Sendable {
  /// What came of a step.
  public enum Outcome: String, Hashable, Sendable {
    /// The check held.
    case passed
    /// The check failed.
    case failed
    /// Something that the check needs is missing.
    case missing
    /// It is whole, and no one whom the verifier trusts vouches for it.
    case untrusted
  }

  /// The step.
  public let step: String
  /// What came of it.
  public let outcome: Outcome
  /// The reason, or what was checked.
  public let detail: String

  /// Records a step.
  public init(_ step: String, _ outcome: Outcome, _ detail: String) {
    self.step = step
    self.outcome = outcome
    self.detail = detail
  }
}

/// What a verification comes to.
public enum Verdict: String, CaseIterable, Hashable, Sendable {
  /// Everything that is needed was there and held.
  case valid
  /// A check failed.
  case invalid
  /// Nothing failed, and something needed was missing, or is vouched for by no one who is trusted.
  case incomplete

  /// One failure makes it invalid, one gap incomplete.
  public init(_ findings: [Finding]) {
    if findings.contains(where: { $0.outcome == .failed }) {
      self = .invalid
    } else if findings.contains(where: { $0.outcome != .passed }) {
      self = .incomplete
    } else {
      self = .valid
    }
  }
}
