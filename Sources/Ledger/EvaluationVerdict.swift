/// What thresholds say of an evaluation.
public enum EvaluationVerdict: String, CaseIterable, Hashable, Sendable {
  /// Every threshold is kept.
  case pass
  /// A threshold is broken.
  case fail
  /// Nothing is broken, but something that a threshold needs was not measured, such as what needs an oracle.
  case none
}
