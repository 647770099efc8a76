import Metrics
import Storage
import Testing

/// What a metric does where there is little or nothing to measure; a row of the table in `docs/metrics.md`.
private struct Outcomes: CustomTestStringConvertible, Sendable {
  typealias Case = @Sendable () throws(Undefined) -> Double

  let metric: String
  let cells: [Case?]

  init(
    _ metric: String, equal: Case? = nil, empty: Case? = nil, nan: Case? = nil, one: Case? = nil,
    noOracle: Case? = nil, oneClass: Case? = nil
  ) {
    self.metric = metric
    cells = [equal, empty, nan, one, noOracle, oneClass]
  }

  var testDescription: String { metric }

  /// The row as the page has it.
  var line: String {
    let texts = cells.map { cell in
      guard let cell else { return "–" }
      do throws(Undefined) {
        return Self.text(try cell())
      } catch {
        return "`\(error.reason.name)`"
      }
    }
    return "| \(metric) | \(texts.joined(separator: " | ")) |"
  }

  /// A number to four digits after the point.
  private static func text(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let rounded = (value * 1e4).rounded() / 1e4
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

private let nan = Double.nan

/// The membership of two sets, of which one may be missing.
private func attack(_ forget: [Double], _ holdout: [Double]) throws(Undefined) -> MembershipAttack {
  try MembershipAttack(forget: forget, holdout: holdout)
}

private func vector(_ members: [Double], _ others: [Double], _ asked: [Double]) throws(Undefined)
  -> Double
{
  try SupportVectorAttack(members: members, nonMembers: others).nonMemberShare(of: asked).value
}

private func shadow(_ target: Double, _ unlearned: [Double], _ unseen: [Double])
  -> LikelihoodRatioAttack.Example
{ .init(target: target, unlearned: unlearned, unseen: unseen) }

private func choice(_ scores: [Double]) throws(Undefined) -> Double {
  let choices = scores.map {
    MultipleChoiceItem.Choice(logLikelihood: $0, byteCount: 1, tokenCount: 1)
  }
  return try MultipleChoiceItem.accuracy(
    [try MultipleChoiceItem(choices: choices, answer: choices.count - 1)], .plain
  ).value
}

private func answerF1(_ prediction: String, _ rule: AnswerScore.Rule) throws(Undefined) -> Double {
  try AnswerScore(prediction: prediction, golds: ["Paris"], rule: rule).f1
}

private func matthews(_ right: [Int], _ predicted: [Int]) throws(Undefined) -> Double {
  try ConfusionMatrix(right: right, predicted: predicted).matthews()
}

private func macroF1(_ right: [Int], _ predicted: [Int]) throws(Undefined) -> Double {
  try ConfusionMatrix(right: right, predicted: predicted).macroF1
}

private func summary(_ forgetAccuracy: Double) throws(Undefined) -> ClassificationSummary {
  try ClassificationSummary(
    forgetAccuracy: forgetAccuracy, retainAccuracy: 1, testAccuracy: 1, membershipEfficacy: 0)
}

private func share(_ outcomes: [Bool]) throws(Undefined) -> Double {
  try Proportion(outcomes).value
}

private func recovered(_ unlearned: [Double], _ original: [Double], _ oracle: [Double]?)
  throws(Undefined) -> Double
{
  try RelearningCurve(
    steps: Array(unlearned.indices), unlearned: unlearned, original: original, oracle: oracle
  ).recoveredShare()
}

private func meanWidth(_ values: [Double]) throws(Undefined) -> Double {
  let interval = try SampleSummary(values).interval()
  return interval.upper - interval.lower
}

private let textRows: [Outcomes] = [
  Outcomes(
    "token F1, `squad1` and `squad2`",
    empty: { () throws(Undefined) in
      try max(answerF1("", .squad1), answerF1("", .squad2))
    },
    one: { () throws(Undefined) in try answerF1("Paris", .squad1) }),
  Outcomes(
    "ROUGE-L",
    empty: { ROUGE(.rougeL, stems: true).score(prediction: "", reference: "Paris").recall },
    one: { ROUGE(.rougeL, stems: true).score(prediction: "Paris", reference: "Paris").recall }),
]

private let tofuRows: [Outcomes] = [
  Outcomes(
    "truth ratio, `geometric`",
    equal: { () throws(Undefined) in
      try TruthRatio.geometric.ratio(rightLoss: 2, wrongLosses: [2, 2])
    },
    empty: { () throws(Undefined) in
      try TruthRatio.geometric.ratio(rightLoss: 2, wrongLosses: [])
    },
    nan: { () throws(Undefined) in
      try TruthRatio.geometric.ratio(rightLoss: nan, wrongLosses: [2])
    },
    one: { () throws(Undefined) in
      try TruthRatio.geometric.ratio(rightLoss: 2, wrongLosses: [2])
    }),
  Outcomes(
    "truth ratio, `probability-mean`",
    equal: { () throws(Undefined) in
      try TruthRatio.probabilityMean(rightLoss: 2, wrongLosses: [2, 2])
    },
    empty: { () throws(Undefined) in
      try TruthRatio.probabilityMean(rightLoss: 2, wrongLosses: [])
    },
    nan: { () throws(Undefined) in
      try TruthRatio.probabilityMean(rightLoss: nan, wrongLosses: [2])
    },
    one: { () throws(Undefined) in
      try TruthRatio.probabilityMean(rightLoss: 2, wrongLosses: [2])
    }),
  Outcomes(
    "forget quality, p",
    equal: { () throws(Undefined) in try KolmogorovSmirnov([1, 1, 1], [1, 1, 1]).p },
    empty: { () throws(Undefined) in try KolmogorovSmirnov([], [1]).p },
    nan: { () throws(Undefined) in try KolmogorovSmirnov([1, nan], [1]).p },
    one: { () throws(Undefined) in try KolmogorovSmirnov([1], [2]).p },
    noOracle: { () throws(Undefined) in try KolmogorovSmirnov([1], []).p }),
  Outcomes(
    "model utility",
    equal: { () throws(Undefined) in try ModelUtility.harmonicMean([0, 0.5, 1]) },
    empty: { () throws(Undefined) in try ModelUtility.harmonicMean([]) },
    nan: { () throws(Undefined) in try ModelUtility.harmonicMean([0, nan]) },
    one: { () throws(Undefined) in try ModelUtility.harmonicMean([0.5]) }),
]

private let memorizationRows: [Outcomes] = [
  Outcomes(
    "`esExact`",
    equal: { () throws(Undefined) in
      try Memorization.ExtractionStrength.exact.value(hits: [false, false, false, false])
    },
    empty: { () throws(Undefined) in try Memorization.ExtractionStrength.exact.value(hits: []) },
    one: { () throws(Undefined) in
      try Memorization.ExtractionStrength.exact.value(hits: [false])
    }),
  Outcomes(
    "`esOpenUnlearning`",
    equal: { () throws(Undefined) in
      try Memorization.ExtractionStrength.openUnlearning.value(hits: [false, false, false, false])
    },
    empty: { () throws(Undefined) in
      try Memorization.ExtractionStrength.openUnlearning.value(hits: [])
    },
    one: { () throws(Undefined) in
      try Memorization.ExtractionStrength.openUnlearning.value(hits: [false])
    }),
  Outcomes(
    "exact memorisation",
    equal: { () throws(Undefined) in try Memorization.exact(hits: [false, false]) },
    empty: { () throws(Undefined) in try Memorization.exact(hits: []) },
    one: { () throws(Undefined) in try Memorization.exact(hits: [true]) }),
  Outcomes(
    "leak@k, k = 1",
    equal: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [0.25, 0.25], k: 1) },
    empty: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [], k: 1) },
    nan: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [nan, 1], k: 1) },
    one: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [0.5], k: 1) }),
  Outcomes(
    "leak@k, k = 2",
    equal: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [0.25, 0.25], k: 2) },
    empty: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [], k: 2) },
    nan: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [nan, 1], k: 2) },
    one: { () throws(Undefined) in try LeakAtK.expectedMaximum(of: [0.5], k: 2) }),
]

private let scoreRows: [Outcomes] = [
  Outcomes(
    "LOSS",
    equal: { () throws(Undefined) in try MembershipScore.loss([-1, -1]) },
    empty: { () throws(Undefined) in try MembershipScore.loss([]) },
    nan: { () throws(Undefined) in try MembershipScore.loss([-1, nan]) },
    one: { () throws(Undefined) in try MembershipScore.loss([-2]) }),
  Outcomes(
    "Min-K",
    equal: { () throws(Undefined) in try MembershipScore.minK([-1, -1]) },
    empty: { () throws(Undefined) in try MembershipScore.minK([]) },
    nan: { () throws(Undefined) in try MembershipScore.minK([-1, nan]) },
    one: { () throws(Undefined) in try MembershipScore.minK([-2]) }),
  Outcomes(
    "Min-K++",
    equal: { () throws(Undefined) in
      try MembershipScore.minKPlusPlus([-1, -1], means: [-1, -1], variances: [0, 0])
    },
    empty: { () throws(Undefined) in
      try MembershipScore.minKPlusPlus([], means: [], variances: [])
    },
    nan: { () throws(Undefined) in
      try MembershipScore.minKPlusPlus([-1], means: [nan], variances: [1])
    },
    one: { () throws(Undefined) in
      try MembershipScore.minKPlusPlus([-2], means: [-1], variances: [4])
    }),
  Outcomes(
    "zlib, loss 2",
    empty: { () throws(Undefined) in try MembershipScore.zlib(loss: 2, text: "") },
    nan: { () throws(Undefined) in try MembershipScore.zlib(loss: nan, text: "x") },
    one: { () throws(Undefined) in try MembershipScore.zlib(loss: 2, text: "x") }),
  Outcomes(
    "gradient norm",
    equal: { () throws(Undefined) in try MembershipScore.gradientNorm(squaredNorms: [0, 0]) },
    empty: { () throws(Undefined) in try MembershipScore.gradientNorm(squaredNorms: []) },
    nan: { () throws(Undefined) in try MembershipScore.gradientNorm(squaredNorms: [nan]) },
    one: { () throws(Undefined) in try MembershipScore.gradientNorm(squaredNorms: [9]) }),
]

private let attackRows: [Outcomes] = [
  Outcomes(
    "AUC",
    equal: { () throws(Undefined) in try attack([1, 1], [1, 1]).auc },
    empty: { () throws(Undefined) in try attack([], []).auc },
    nan: { () throws(Undefined) in try attack([nan], [1]).auc },
    one: { () throws(Undefined) in try attack([1], [2]).auc },
    oneClass: { () throws(Undefined) in try attack([1, 2], []).auc }),
  Outcomes(
    "DeLong's interval, width",
    equal: { () throws(Undefined) in
      let interval = try attack([1, 1], [1, 1]).deLong()
      return interval.upper - interval.lower
    },
    empty: { () throws(Undefined) in try attack([], []).deLong().lower },
    nan: { () throws(Undefined) in try attack([nan], [1]).deLong().lower },
    one: { () throws(Undefined) in try attack([1], [2]).deLong().lower },
    oneClass: { () throws(Undefined) in try attack([1, 2], []).deLong().lower }),
  Outcomes(
    "TPR at FPR 0",
    equal: { () throws(Undefined) in
      try attack([1, 1], [1, 1]).truePositiveRate(atFalsePositiveRate: 0)
    },
    empty: { () throws(Undefined) in
      try attack([], []).truePositiveRate(atFalsePositiveRate: 0)
    },
    nan: { () throws(Undefined) in
      try attack([1], [nan]).truePositiveRate(atFalsePositiveRate: 0)
    },
    one: { () throws(Undefined) in
      try attack([1], [2]).truePositiveRate(atFalsePositiveRate: 0)
    },
    oneClass: { () throws(Undefined) in
      try attack([1], []).truePositiveRate(atFalsePositiveRate: 0)
    }),
  Outcomes(
    "confidence attack, balanced accuracy",
    equal: { () throws(Undefined) in
      try ConfidenceAttack(members: [1, 1], nonMembers: [1]).balancedAccuracy
    },
    empty: { () throws(Undefined) in
      try ConfidenceAttack(members: [], nonMembers: []).balancedAccuracy
    },
    nan: { () throws(Undefined) in
      try ConfidenceAttack(members: [nan], nonMembers: [1]).balancedAccuracy
    },
    one: { () throws(Undefined) in
      try ConfidenceAttack(members: [1], nonMembers: [0]).balancedAccuracy
    },
    oneClass: { () throws(Undefined) in
      try ConfidenceAttack(members: [1], nonMembers: []).balancedAccuracy
    }),
  Outcomes(
    "support vector attack, non-members",
    equal: { () throws(Undefined) in try vector([0.5, 0.5], [0.5], [0.5]) },
    empty: { () throws(Undefined) in try vector([0.9, 0.8], [0.1], []) },
    nan: { () throws(Undefined) in try vector([0.9, 0.8], [nan], [0.5]) },
    one: { () throws(Undefined) in try vector([0.9], [0.1], [0.2]) },
    oneClass: { () throws(Undefined) in try vector([0.9, 0.8], [], [0.5]) }),
  Outcomes(
    "U-LiRA, `per-example`",
    equal: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([shadow(1, [1, 1], [1, 1])], variance: .perExample)[0]
    },
    empty: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([], variance: .perExample)[0]
    },
    nan: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([shadow(nan, [1, 2], [1, 2])], variance: .perExample)[0]
    },
    one: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([shadow(1, [1], [2])], variance: .perExample)[0]
    },
    oneClass: { () throws(Undefined) in
      try LikelihoodRatioAttack(
        unlearned: [shadow(1, [1, 2], [1, 2])], unseen: [], variance: .perExample
      ).membership.auc
    }),
  Outcomes(
    "U-LiRA, `global-variance`",
    equal: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([shadow(1, [1, 1], [1, 1])], variance: .global)[0]
    },
    empty: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([], variance: .global)[0]
    },
    nan: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([shadow(1, [1, nan], [1, 2])], variance: .global)[0]
    },
    one: { () throws(Undefined) in
      try LikelihoodRatioAttack.scores([shadow(1, [1], [2])], variance: .global)[0]
    },
    oneClass: { () throws(Undefined) in
      try LikelihoodRatioAttack(
        unlearned: [shadow(1, [1, 2], [1, 2])], unseen: [], variance: .global
      ).membership.auc
    }),
]

private let oracleRows: [Outcomes] = [
  Outcomes(
    "PrivLeak",
    equal: { () throws(Undefined) in
      try PrivacyLeak.privLeak(auc: attack([1], [1]).auc, oracleAUC: attack([1], [1]).auc)
    },
    empty: { () throws(Undefined) in
      try PrivacyLeak.privLeak(auc: attack([], []).auc, oracleAUC: 0.5)
    },
    nan: { () throws(Undefined) in try PrivacyLeak.privLeak(auc: nan, oracleAUC: 0.5) },
    one: { () throws(Undefined) in
      try PrivacyLeak.privLeak(auc: attack([1], [2]).auc, oracleAUC: 0.5)
    },
    noOracle: { () throws(Undefined) in
      try PrivacyLeak.privLeak(auc: 0.5, oracleAUC: attack([], []).auc)
    },
    oneClass: { () throws(Undefined) in
      try PrivacyLeak.privLeak(auc: attack([1], []).auc, oracleAUC: 0.5)
    }),
  Outcomes(
    "gap to retraining",
    equal: { () throws(Undefined) in try summary(1).meanGap(to: summary(1)) },
    empty: { () throws(Undefined) in try summary(share([])).meanGap(to: summary(1)) },
    nan: { () throws(Undefined) in try summary(nan).meanGap(to: summary(1)) },
    one: { () throws(Undefined) in try summary(share([false])).meanGap(to: summary(1)) },
    noOracle: { () throws(Undefined) in try summary(1).meanGap(to: summary(share([]))) }),
  Outcomes(
    "Jensen–Shannon divergence",
    equal: { () throws(Undefined) in try Divergence.jensenShannon.mean([[0]], [[0]]) },
    empty: { () throws(Undefined) in try Divergence.jensenShannon.mean([], []) },
    nan: { () throws(Undefined) in try Divergence.jensenShannon.mean([[nan]], [[0]]) },
    one: { () throws(Undefined) in
      try Divergence.jensenShannon.mean([[0, -.infinity]], [[-.infinity, 0]])
    },
    noOracle: { () throws(Undefined) in try Divergence.jensenShannon.mean([[0]], []) },
    oneClass: { () throws(Undefined) in try Divergence.jensenShannon.mean([[0]], [[0]]) }),
  Outcomes(
    "ZRF, `jensen-shannon`",
    equal: { () throws(Undefined) in
      try ZeroRetrainForgetting.jensenShannon.value([[0]], random: [[0]])
    },
    empty: { () throws(Undefined) in
      try ZeroRetrainForgetting.jensenShannon.value([], random: [])
    },
    nan: { () throws(Undefined) in
      try ZeroRetrainForgetting.jensenShannon.value([[nan]], random: [[0]])
    },
    one: { () throws(Undefined) in
      try ZeroRetrainForgetting.jensenShannon.value(
        [[0, -.infinity]], random: [[-.infinity, 0]])
    },
    oneClass: { () throws(Undefined) in
      try ZeroRetrainForgetting.jensenShannon.value([[0]], random: [[0]])
    }),
  Outcomes(
    "recovered share",
    equal: { () throws(Undefined) in try recovered([1, 1], [1, 1], [1, 1]) },
    empty: { () throws(Undefined) in try recovered([], [], []) },
    nan: { () throws(Undefined) in try recovered([1, nan], [1, 1], [0, 0]) },
    one: { () throws(Undefined) in try recovered([1], [1], [0]) },
    noOracle: { () throws(Undefined) in try recovered([0, 1], [1, 1], nil) }),
]

private let classRows: [Outcomes] = [
  Outcomes(
    "accuracy",
    empty: { () throws(Undefined) in try share([]) },
    one: { () throws(Undefined) in try share([true]) }),
  Outcomes(
    "macro F1",
    equal: { () throws(Undefined) in try macroF1([0, 1], [1, 1]) },
    empty: { () throws(Undefined) in try macroF1([], []) },
    one: { () throws(Undefined) in try macroF1([0], [0]) },
    oneClass: { () throws(Undefined) in try macroF1([1, 1], [1, 1]) }),
  Outcomes(
    "Matthews",
    equal: { () throws(Undefined) in try matthews([0, 1], [1, 1]) },
    empty: { () throws(Undefined) in try matthews([], []) },
    one: { () throws(Undefined) in try matthews([0], [0]) },
    oneClass: { () throws(Undefined) in try matthews([1, 1], [0, 1]) }),
  Outcomes(
    "Pearson, Spearman",
    equal: { () throws(Undefined) in try Correlation.spearman([1, 1], [1, 2]) },
    empty: { () throws(Undefined) in try Correlation.spearman([], []) },
    nan: { () throws(Undefined) in try Correlation.spearman([1, nan], [1, 2]) },
    one: { () throws(Undefined) in try Correlation.spearman([1], [2]) }),
  Outcomes(
    "multiple choice, the last is right",
    equal: { () throws(Undefined) in try choice([-1, -1, -1, -1]) },
    empty: { () throws(Undefined) in try choice([]) },
    nan: { () throws(Undefined) in try choice([-1, nan]) },
    one: { () throws(Undefined) in try choice([-2, -1]) },
    oneClass: { () throws(Undefined) in try choice([-1]) }),
  Outcomes(
    "average of subjects",
    equal: { () throws(Undefined) in
      try SubjectAverage.weightedBySize.value(of: [0.25, 0.25], counts: [1, 9])
    },
    empty: { () throws(Undefined) in
      try SubjectAverage.weightedBySize.value(of: [], counts: [])
    },
    nan: { () throws(Undefined) in
      try SubjectAverage.weightedBySize.value(of: [nan], counts: [1])
    },
    one: { () throws(Undefined) in
      try SubjectAverage.weightedBySize.value(of: [0.5], counts: [1])
    }),
  Outcomes(
    "Student's interval, width",
    equal: { () throws(Undefined) in try meanWidth([0.5, 0.5]) },
    empty: { () throws(Undefined) in try meanWidth([]) },
    nan: { () throws(Undefined) in try meanWidth([1, nan]) },
    one: { () throws(Undefined) in try meanWidth([0.5]) }),
]

private let allRows =
  textRows + tofuRows + memorizationRows + scoreRows + attackRows + oracleRows + classRows

@Suite("Defined outcomes") struct DefinedOutcomesTests {
  private func page() throws -> [String] {
    let folder = Paths.parent(of: Paths.parent(of: Paths.parent(of: #filePath)))
    let bytes = try Folder.read(
      Paths.join(Paths.join(folder, "docs"), "metrics.md"), limit: 1 << 18)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
  }

  @Test("the page says what the metric does", arguments: allRows)
  fileprivate func outcome(_ row: Outcomes) throws {
    let isThere = try page().contains(row.line)
    #expect(isThere, "expected \(row.line)")
  }

  @Test func `the page's table has no other rows`() throws {
    let section = try page().drop { $0 != "## Defined outcomes" }
    let table = section.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
    #expect(table.dropFirst(2).elementsEqual(allRows.map(\.line)))
  }
}
