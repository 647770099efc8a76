/// The attack behind SalUn's MIA efficacy: a support vector machine that tells members from non-members.
///
/// An SVC with a radial kernel and `C = 3` is trained on features of examples whose membership is known (retain against
/// test set) and then judges the forget set; the share that it calls non-member is the efficacy. Source: `SVC_MIA` of
/// SalUn (Fan et al., 2024), with scikit-learn's `SVC`. A retrained model rarely reaches 1: compare with the oracle.
public struct SupportVectorAttack: Hashable, Sendable {
  /// The factor of the squared distance in the kernel, for d features.
  public enum Gamma: String, Hashable, Sendable, CaseIterable {
    /// `1 / (d · variance of all known values)`, scikit-learn's default.
    case scale
    /// `1 / d`: what SalUn's code asks for.
    case auto
  }

  /// The price of a known example on the wrong side.
  public static let cost = 3.0
  /// How many known examples there may be; training takes the square of their number.
  ///
  /// As many as SalUn uses of CIFAR-10. Of more, take a part: it takes as many of the retain set as the test set has.
  public static let knownLimit = 20_000
  /// How many values all known examples may have.
  public static let valueLimit = 1 << 22

  /// The factor in the kernel.
  public let gamma: Gamma
  private let centers: [Double]
  private let scale: Double
  private let classifier: RadialClassifier

  /// Trains on the features of members and non-members, equally many for each example.
  ///
  /// Deterministic. Not defined if all known examples are equal: there is nothing to tell apart.
  ///
  /// - Complexity: about O(*n*² · *d*)
  public init(
    members: [[Double]], nonMembers: [[Double]], gamma: Gamma = .scale
  ) throws(Undefined) {
    guard !members.isEmpty else { throw Undefined(.empty, in: "members") }
    guard !nonMembers.isEmpty else { throw Undefined(.empty, in: "non-members") }
    let known = members + nonMembers
    let width = members[0].count
    guard known.count <= Self.knownLimit else {
      throw Undefined(.tooMany(limit: Self.knownLimit, have: known.count), in: "known examples")
    }
    guard width <= Self.valueLimit / known.count else {
      throw Undefined(
        .tooMany(limit: Self.valueLimit / known.count, have: width), in: "features of an example")
    }
    for example in known { try Self.check(example, width) }
    guard known.contains(where: { $0 != known[0] }) else {
      throw Undefined(.constant, in: "features of known examples")
    }
    self.gamma = gamma
    let values = known.flatMap(\.self)
    let variance = values.squaresAround(values.plainMean) / Double(values.count)
    guard variance.isFinite else {
      throw Undefined(.outOfRange(variance), in: "variance of known examples")
    }
    // The kernel sees differences only. Centred and scaled so that its factor is 1, features that hardly vary keep
    // their digits, which squares of the values as they are would lose.
    let centers = (0..<width).map { column in known.map { $0[column] }.plainMean }
    let factor = gamma == .scale ? variance * Double(width) : Double(width)
    let scale = 1 / factor.squareRoot()
    func scaled(_ example: [Double]) throws(Undefined) -> [Double] {
      let point = zip(example, centers).map { ($0 - $1) * scale }
      guard point.reduce(0, { $0 + $1 * $1 }).isFinite else {
        throw Undefined(.outOfRange(variance), in: "variance of known examples")
      }
      return point
    }
    var points: [[Double]] = []
    for example in known { points.append(try scaled(example)) }
    (self.centers, self.scale) = (centers, scale)
    // Non-members first, the order in which scikit-learn has the classes 0 and 1.
    classifier = RadialClassifier(
      first: Array(points[members.count...]), second: Array(points[..<members.count]),
      cost: Self.cost)
  }

  /// Trains on one feature, such as the confidence in the right label.
  public init(
    members: [Double], nonMembers: [Double], gamma: Gamma = .scale
  ) throws(Undefined) {
    try self.init(members: members.map { [$0] }, nonMembers: nonMembers.map { [$0] }, gamma: gamma)
  }

  /// The name of this variant, such as `svc.rbf(C=3,gamma=scale)`.
  public var variant: String { "svc.rbf(C=3,gamma=\(gamma.rawValue))" }

  /// The share of examples that the machine calls non-member: MIA efficacy, if they are the forget set.
  public func nonMemberShare(of examples: [[Double]]) throws(Undefined) -> Proportion {
    var count = 0
    for example in examples where try decision(example) > 0 { count += 1 }
    return try Proportion(successes: count, of: examples.count)
  }

  /// The same for one feature.
  public func nonMemberShare(of values: [Double]) throws(Undefined) -> Proportion {
    try nonMemberShare(of: values.map { [$0] })
  }

  /// How far an example is on the side of the non-members; member at 0 and below.
  public func decision(_ example: [Double]) throws(Undefined) -> Double {
    try Self.check(example, centers.count)
    let point = zip(example, centers).map { ($0 - $1) * scale }
    return try checkedResult(classifier.decision(point), "decision")
  }

  private static func check(_ example: [Double], _ width: Int) throws(Undefined) {
    try checkCounts(example.count, width, "features")
    try example.checkFinite("features")
  }
}
