/// An attack's AUC relative to that of the oracle, a model retrained without the forget set.
///
/// AUC is oriented as in ``MembershipAttack``. Without an oracle both are not run; ½ in place of its AUC is no
/// substitute.
public enum PrivacyLeak {
  /// MUSE's PrivLeak, in percent: `100 · ((1−AUC) − (1−AUC_oracle)) / ((1−AUC_oracle) + 1e-10)`.
  ///
  /// −100: as memorised as can be; 0: as the oracle; above 0: over-forgotten. It grows without bound as the oracle's
  /// AUC nears 1.
  public static func privLeak(auc: Double, oracleAUC: Double) throws(Undefined) -> Double {
    try [auc, oracleAUC].checkShares("AUC")
    return 100 * ((1 - auc) - (1 - oracleAUC)) / ((1 - oracleAUC) + Likelihood.epsilon)
  }

  /// The relative difference, in percent: `100 · (AUC − AUC_oracle) / AUC_oracle`.
  public static func relativeDifference(auc: Double, oracleAUC: Double) throws(Undefined) -> Double
  {
    try [auc, oracleAUC].checkShares("AUC")
    guard oracleAUC > 0 else { throw Undefined(.zeroDenominator, in: "the oracle's AUC") }
    return 100 * (auc - oracleAUC) / oracleAUC
  }
}
