public import Storage

extension LedgerState {
  /// How the clocks of requests stand; one that has run out makes no log invalid, and is told.
  public func requestFinding(at time: Timestamp) -> Finding {
    let waiting = requests.filter { $0.handling.answer == nil }
    let late = waiting.filter { $0.isOverdue(at: time) }
    let shown = late.prefix(20).map { "\($0.id) was due \($0.due)" }.joined(separator: ", ")
    let more = late.count > 20 ? " and \(late.count - 20) more" : ""
    return Finding(
      "requests", .passed,
      "\(requests.count) received, \(waiting.count) not answered"
        + (late.isEmpty ? "" : "; \(late.count) OVERDUE: \(shown)\(more)"))
  }
}
