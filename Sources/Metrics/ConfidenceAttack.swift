/// The confidence attack on classifiers: an example is called member if the model is sure enough of its right label.
///
/// The threshold is the one with the best balanced accuracy `(TPR + TNR)/2` on examples whose membership is known
/// (retain against test set), the largest of several; the attack then judges the forget set. Salem et al., 2019;
/// Song & Mittal, 2021. The balanced accuracy is that of a threshold chosen on the same examples, hence optimistic.
public struct ConfidenceAttack: Hashable, Sendable {
  /// An example is called member if its confidence is at least this.
  public let threshold: Double
  /// `(TPR + TNR)/2` on the examples the threshold was chosen on, from ½ to 1.
  public let balancedAccuracy: Double
  /// The share of members called member.
  public let truePositiveRate: Double
  /// The share of non-members called member.
  public let falsePositiveRate: Double

  /// Chooses the threshold; confidences may be any score that is higher for members.
  ///
  /// - Complexity: O(*n* log *n*)
  public init(members: [Double], nonMembers: [Double]) throws(Undefined) {
    try members.checkNumbers("members' confidences")
    try nonMembers.checkNumbers("non-members' confidences")
    let yes = members.sorted(by: >)
    let no = nonMembers.sorted(by: >)
    // In units of 1/(members · non-members), so that ties between thresholds are seen.
    var best = (threshold: Double.infinity, gain: 0, yes: 0, no: 0)
    var (caught, wrong) = (0, 0)
    while caught < yes.count {
      let threshold = yes[caught]
      while caught < yes.count, yes[caught] == threshold { caught += 1 }
      while wrong < no.count, no[wrong] >= threshold { wrong += 1 }
      let gain = caught * no.count - wrong * yes.count
      if gain > best.gain { best = (threshold, gain, caught, wrong) }
    }
    threshold = best.threshold
    truePositiveRate = Double(best.yes) / Double(yes.count)
    falsePositiveRate = Double(best.no) / Double(no.count)
    balancedAccuracy = 0.5 + 0.5 * Double(best.gain) / Double(yes.count * no.count)
  }

  /// The share of examples that the attack calls member; 1 less this is MIA efficacy of the forget set.
  public func memberShare(of confidences: [Double]) throws(Undefined) -> Proportion {
    try confidences.checkNumbers("confidences")
    return try Proportion(confidences.map { $0 >= threshold })
  }
}
