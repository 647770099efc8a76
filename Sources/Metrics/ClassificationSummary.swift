/// The four numbers of image classification by which unlearning is compared with retraining (SalUn; ERASURE).
///
/// Shares from 0 to 1; the papers have percent. None is good by being large: the retrained model still classifies most
/// of a random forget set rightly, and UA should be as low as its.
public struct ClassificationSummary: Hashable, Sendable {
  /// One of the four numbers.
  public enum Axis: String, Hashable, Sendable, CaseIterable {
    /// Unlearning accuracy: 1 less the accuracy on the forget set.
    case unlearningAccuracy = "UA"
    /// Accuracy on the retain set.
    case retainAccuracy = "RA"
    /// Accuracy on the test set.
    case testAccuracy = "TA"
    /// Share of the forget set that an attack calls non-member: ``SupportVectorAttack/nonMemberShare(of:)``.
    case membershipEfficacy = "MIA"
  }

  private let values: [Double]

  /// Takes the accuracies on the three sets and the attack's efficacy, each from 0 to 1.
  public init(
    forgetAccuracy: Double, retainAccuracy: Double, testAccuracy: Double,
    membershipEfficacy: Double
  ) throws(Undefined) {
    try [forgetAccuracy].checkShares("forget accuracy")
    try [retainAccuracy].checkShares("retain accuracy")
    try [testAccuracy].checkShares("test accuracy")
    try [membershipEfficacy].checkShares("membership efficacy")
    values = [1 - forgetAccuracy, retainAccuracy, testAccuracy, membershipEfficacy]
  }

  /// One of the four numbers.
  public subscript(axis: Axis) -> Double {
    switch axis {
    case .unlearningAccuracy: values[0]
    case .retainAccuracy: values[1]
    case .testAccuracy: values[2]
    case .membershipEfficacy: values[3]
    }
  }

  /// How far a number is above that of a retrained model.
  public func gap(_ axis: Axis, to retrained: ClassificationSummary) -> Double {
    self[axis] - retrained[axis]
  }

  /// The mean over the four of how far they are from a retrained model's, in either direction.
  ///
  /// SalUn's tables have it as "Avg. Gap", in percent.
  public func meanGap(to retrained: ClassificationSummary) -> Double {
    Axis.allCases.map { abs(gap($0, to: retrained)) }.plainMean
  }
}
