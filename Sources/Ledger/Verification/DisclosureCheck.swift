import Attestation
public import Storage

extension LedgerStore {
  /// Whether the disclosures that are kept are what leaves commit to, and none of them was said to be erased.
  ///
  /// - Parameters:
  ///   - state: What the leaves add up to.
  ///   - time: The moment for which it is told which should have been erased.
  public func disclosureFinding(_ state: LedgerState, at time: Timestamp) -> Finding {
    let step = "disclosures"
    do throws(LedgerError) {
      let kept = try disclosures()
      for disclosure in kept {
        let digest = disclosure.commitment.digest
        guard let request = state.request(disclosure.request),
          request.commitments.contains(digest)
        else {
          return Finding(
            step, .failed,
            "the disclosure \(digest) is kept for the request \(disclosure.request), and no leaf of it commits to that"
          )
        }
        if request.shredded.contains(digest) {
          return Finding(
            step, .failed,
            "the disclosure \(digest) of the request \(disclosure.request) is kept, and a leaf says that it was erased"
          )
        }
      }
      let late = kept.count { $0.expiry.map { $0 <= time.date } ?? false }
      return Finding(
        step, .passed,
        "\(kept.count) kept, each what a leaf commits to"
          + (late == 0
            ? "" : "; \(late) OVERDUE to be erased: `unlearn-patch ledger shred --expired`"))
    } catch { return Finding(step, .failed, error.description) }
  }
}
