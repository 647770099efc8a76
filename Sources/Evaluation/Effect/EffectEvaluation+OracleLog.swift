import Metrics

/// A published log of a retrained model in the place of the oracle itself.
extension EffectEvaluation {
  /// Adds forget quality and PrivLeak against the log's numbers, as far as it has them.
  ///
  /// The questions must be those of the log, in its order; counts are told, and nothing else can be checked.
  public mutating func add(oracleLog log: OpenUnlearningLog) {
    let names: Set = ["forget-quality", "priv-leak"]
    entries.removeAll { entry in
      guard names.contains(entry.measurement.name) else { return false }
      if case .notRun = entry.measurement.outcome { return true }
      return false
    }
    addQuality(log)
    addLeak(log)
  }

  private mutating func addQuality(_ log: OpenUnlearningLog) {
    let variant = "ks.geometric.oracle-log"
    guard let theirs = log.metrics["forget_truth_ratio"]?.values, !theirs.isEmpty else {
      return skip(
        "forget-quality", variant, .forget, because: "the log has no forget_truth_ratio")
    }
    for subject in [Subject.before, .after] {
      let mine = entries.first {
        $0.subject == subject && $0.part == .forget && $0.measurement.name == "truth-ratio"
      }
      guard let mine, !mine.values.isEmpty else {
        if subject == .after {
          skip(
            "forget-quality", variant, .forget,
            because: "the forget set has no paraphrased and perturbed answers")
        }
        continue
      }
      do throws(Undefined) {
        let test = try KolmogorovSmirnov(mine.values, theirs)
        for measurement in test.measurements(
          "forget-quality", variant: variant, seeds: options.seeds)
        {
          enter(measurement, subject, .forget)
        }
      } catch {
        let reason = error
        enter(
          Measurement(
            "forget-quality", variant: variant, count: mine.values.count, seeds: options.seeds,
            value: { () throws(Undefined) in throw reason }), subject, .forget)
      }
    }
  }

  private mutating func addLeak(_ log: OpenUnlearningLog) {
    let attack = "min-k(\(MembershipScore.defaultShare))"
    guard let theirs = log.metrics["mia_min_k"]?.aggregate else {
      return skip("priv-leak", attack + ".oracle-log", because: "the log has no mia_min_k")
    }
    for subject in [Subject.before, .after] {
      let mine = entries.first {
        $0.subject == subject && $0.measurement.name == "membership-auc"
          && $0.measurement.variant == attack
      }
      guard let mine, let area = mine.measurement.value else { continue }
      enter(
        Measurement(
          "priv-leak", variant: attack + ".oracle-log", count: mine.measurement.count,
          seeds: options.seeds,
          value: { () throws(Undefined) in
            try PrivacyLeak.privLeak(auc: area, oracleAUC: theirs)
          }), subject)
    }
  }
}
