import Metrics
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Laws that hold for any data; a failure prints the seed of its draw.
@Suite("Properties of metrics") struct PropertyTests {
  @Test("Kolmogorov–Smirnov ignores monotone maps and which sample is first", arguments: 0..<20)
  func kolmogorovSmirnov(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    // On a grid of powers of two, so that rounding makes no ties and parts none.
    let (x, y) = (dice.values(21, grid: 32), dice.values(14, grid: 32, shift: 0.25))
    let test = try KolmogorovSmirnov(x, y)
    func cubed(_ values: [Double]) -> [Double] { values.map { $0 * $0 * $0 - 7 } }
    func inverted(_ values: [Double]) -> [Double] { values.map { 1 / ($0 + 0.01) } }
    #expect(test == (try KolmogorovSmirnov(cubed(x), cubed(y))))
    #expect(test == (try KolmogorovSmirnov(inverted(x), inverted(y))))
    let swapped = try KolmogorovSmirnov(y, x)
    #expect(test.steps == swapped.steps && abs(test.p - swapped.p) <= 1e-14)
    #expect(test.p > 0 && test.p <= 1 && test.statistic >= 0 && test.statistic <= 1)
  }

  @Test("AUC of exchanged sets, of shifted scores", arguments: 0..<20)
  func auc(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let (forget, holdout) = (dice.values(13), dice.values(22, shift: 0.25))
    let attack = try MembershipAttack(forget: forget, holdout: holdout)
    let exchanged = try MembershipAttack(forget: holdout, holdout: forget)
    #expect(abs(attack.auc + exchanged.auc - 1) < 1e-15)
    // A forget set that looks less known has a smaller AUC.
    let worse = try MembershipAttack(forget: forget.map { $0 + 0.5 }, holdout: holdout)
    #expect(worse.auc <= attack.auc)
    var last = 0.0
    for limit in [0, 0.05, 0.3, 1] {
      let rate = try attack.truePositiveRate(atFalsePositiveRate: limit)
      #expect(rate >= last)
      last = rate
    }
    #expect(last == 1)
  }

  @Test("ROUGE F1 is symmetric; recall and precision change places", arguments: 0..<20)
  func rouge(seed: UInt64) {
    var dice = Dice(seed: seed)
    let words = ["Basil", "wrote", "novels", "in", "Kuwait", "1956", "running"]
    func text() -> String {
      (0..<9).map { _ in words[Int.random(in: 0..<words.count, using: &dice)] }
        .joined(separator: " ")
    }
    let (left, right) = (text(), text())
    for overlap in ROUGE.Overlap.allCases {
      for stems in [true, false] {
        let rouge = ROUGE(overlap, stems: stems)
        let one = rouge.score(prediction: left, reference: right)
        let other = rouge.score(prediction: right, reference: left)
        #expect(one.recall == other.precision && one.precision == other.recall)
        #expect(abs(one.f1 - other.f1) < 1e-15)
        #expect(one.f1 <= max(one.recall, one.precision) + 1e-15)
        #expect(rouge.score(prediction: left, reference: left).f1 == 1)
      }
    }
    let longest = ROUGE(.rougeL, stems: false).score(prediction: left, reference: right)
    let single = ROUGE(.rouge1, stems: false).score(prediction: left, reference: right)
    #expect(longest.recall <= single.recall)
  }

  @Test("leak@k rises from the mean to the largest", arguments: 0..<20)
  func leak(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let scores = dice.values(17, grid: 9, shift: -0.3)
    var last = -Double.infinity
    for k in 1...scores.count {
      let value = try LeakAtK.expectedMaximum(of: scores, k: k)
      #expect(value >= last - 1e-14)
      last = value
      // A shift moves it by as much, whatever k.
      let shifted = try LeakAtK.expectedMaximum(of: scores.map { $0 + 2 }, k: k)
      #expect(abs(shifted - value - 2) < 1e-13)
      // Successes are scores of 0 and 1.
      let hits = scores.count { $0 > 0.2 }
      let indicator = scores.map { $0 > 0.2 ? 1.0 : 0 }
      let probability = try LeakAtK.probability(successes: hits, of: scores.count, k: k)
      #expect(abs(probability - (try LeakAtK.expectedMaximum(of: indicator, k: k))) < 1e-14)
    }
    #expect(last == scores.max())
    let mean = scores.reduce(0, +) / Double(scores.count)
    #expect(abs(try LeakAtK.expectedMaximum(of: scores, k: 1) - mean) < 1e-14)
  }

  @Test("leak@k is the mean over all choices of k answers", arguments: 0..<10)
  func leakByEnumeration(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let scores = dice.values(9)
    for k in 1...scores.count {
      var (sum, count) = (0.0, 0)
      for choice in 1..<1 << scores.count where choice.nonzeroBitCount == k {
        sum += scores.indices.reduce(0) { choice >> $1 & 1 == 1 ? max($0, scores[$1]) : $0 }
        count += 1
      }
      let value = try LeakAtK.expectedMaximum(of: scores, k: k)
      #expect(abs(value - sum / Double(count)) < 1e-13)
    }
  }

  @Test("U-LiRA changes its sign with the roles; a shift changes nothing", arguments: 0..<20)
  func likelihoodRatio(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    func examples(_ shift: Double) -> [LikelihoodRatioAttack.Example] {
      (0..<6).map { _ in
        .init(
          target: dice.values(1, grid: 99)[0], unlearned: dice.values(5, grid: 99, shift: shift),
          unseen: dice.values(4, grid: 99))
      }
    }
    let all = examples(0.4)
    for variance in LikelihoodRatioAttack.Variance.allCases {
      let scores = try LikelihoodRatioAttack.scores(all, variance: variance)
      let exchanged = try LikelihoodRatioAttack.scores(
        all.map { .init(target: $0.target, unlearned: $0.unseen, unseen: $0.unlearned) },
        variance: variance)
      let moved = try LikelihoodRatioAttack.scores(
        all.map {
          .init(
            target: $0.target + 8, unlearned: $0.unlearned.map { $0 + 8 },
            unseen: $0.unseen.map { $0 + 8 })
        }, variance: variance)
      for index in scores.indices {
        #expect(scores[index] == -exchanged[index])
        #expect(abs(scores[index] - moved[index]) < 1e-9)
      }
    }
  }

  @Test("exchanged roles give a support vector machine's opposite answer", arguments: 0..<5)
  func supportVectors(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let (yes, no) = (dice.values(30, grid: 400), dice.values(30, grid: 400, shift: 0.4))
    let asked = dice.values(20, grid: 400, shift: 0.2)
    let attack = try SupportVectorAttack(members: yes, nonMembers: no)
    let exchanged = try SupportVectorAttack(members: no, nonMembers: yes)
    for value in asked {
      // Both stopped within a tolerance of 0.001, from opposite sides.
      #expect(abs(try attack.decision([value]) + exchanged.decision([value])) < 0.03)
    }
    // Far away only the offset is left.
    #expect(try attack.decision([1e6]) == attack.decision([-1e6]))
    // The same feature twice doubles the squared distance, and `auto` halves it.
    let once = try SupportVectorAttack(members: yes, nonMembers: no, gamma: .auto)
    let twice = try SupportVectorAttack(
      members: yes.map { [$0, $0] }, nonMembers: no.map { [$0, $0] }, gamma: .auto)
    for value in asked {
      #expect(abs(try once.decision([value]) - twice.decision([value, value])) < 0.03)
    }
  }

  @Test("distances of summaries are a metric", arguments: 0..<20)
  func gaps(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    func summary() throws -> ClassificationSummary {
      let values = dice.values(4, grid: 100)
      return try ClassificationSummary(
        forgetAccuracy: values[0], retainAccuracy: values[1], testAccuracy: values[2],
        membershipEfficacy: values[3])
    }
    let (a, b, c) = (try summary(), try summary(), try summary())
    #expect(a.meanGap(to: a) == 0 && a.meanGap(to: b) == b.meanGap(to: a))
    #expect(a.meanGap(to: c) <= a.meanGap(to: b) + b.meanGap(to: c) + 1e-15)
  }

  @Test("truth ratios depend on differences of losses", arguments: 0..<20)
  func truthRatios(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let (right, wrong) = (dice.values(1)[0], dice.values(5, grid: 40))
    for variant in TruthRatio.allCases {
      let ratio = try variant.ratio(rightLoss: right, wrongLosses: wrong)
      let moved = try variant.ratio(rightLoss: right + 1, wrongLosses: wrong.map { $0 + 1 })
      #expect(abs(ratio - moved) < 1e-8)
      // Knowing the answer better lowers the ratio and raises the share.
      #expect(try variant.ratio(rightLoss: right + 1, wrongLosses: wrong) > ratio)
    }
    let share = try TruthRatio.probabilityMean(rightLoss: right, wrongLosses: wrong)
    #expect(try TruthRatio.probabilityMean(rightLoss: right + 1, wrongLosses: wrong) < share)
    #expect(share >= 0 && share <= 1)
  }

  @Test("means of utilities lie between the least and the arithmetic mean", arguments: 0..<20)
  func utilities(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let values = dice.values(9, grid: 20, shift: 0.01)
    let utility = try ModelUtility.harmonicMean(values)
    #expect(utility >= (values.min() ?? 0) - 1e-15)
    #expect(utility <= values.reduce(0, +) / 9 + 1e-15)
    #expect(abs(utility - (try ModelUtility.harmonicMean(values.reversed()))) < 1e-15)
    let counts = (0..<9).map { _ in Int.random(in: 1...50, using: &dice) }
    let average = try SubjectAverage.weightedBySize.value(of: values, counts: counts)
    #expect(average >= (values.min() ?? 0) - 1e-15 && average <= (values.max() ?? 0) + 1e-15)
    let even = try SubjectAverage.weightedBySize.value(
      of: values, counts: [Int](repeating: 7, count: 9))
    #expect(
      abs(even - (try SubjectAverage.unweighted.value(of: values, counts: counts))) < 1e-15)
  }

  @Test("what is extracted was memorised, and Min-K of all tokens is LOSS", arguments: 0..<20)
  func memorization(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let hits = dice.values(12).map { $0 < 0.8 }
    let exact = try Memorization.ExtractionStrength.exact.value(hits: hits)
    #expect(exact <= (try Memorization.exact(hits: hits)))
    #expect(exact <= (try Memorization.ExtractionStrength.openUnlearning.value(hits: hits)))
    let logs = dice.values(12, grid: 50).map { -$0 }
    let loss = try MembershipScore.loss(logs)
    #expect(abs(try MembershipScore.minK(logs, share: 1) - loss) < 1e-15)
    #expect(try MembershipScore.minK(logs, share: 0.3) >= loss)
    let norms = dice.values(6, grid: 50)
    let norm = try MembershipScore.gradientNorm(squaredNorms: norms)
    let scaled = try MembershipScore.gradientNorm(squaredNorms: norms.map { 9 * $0 })
    #expect(abs(scaled - 3 * norm) < 1e-14)
  }

  @Test("a repeated text has a larger score than a text as long that is not", arguments: 0..<10)
  func zlib(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let letters = (0..<400).map { _ in UInt8.random(in: 97...122, using: &dice) }
    let text = String(decoding: letters, as: UTF8.self)
    let repeated = String(repeating: String(text.prefix(4)), count: 100)
    let (rich, poor) = (
      try MembershipScore.zlib(loss: 2, text: text),
      try MembershipScore.zlib(loss: 2, text: repeated)
    )
    #expect(rich < poor)
    #expect(try MembershipScore.zlib(loss: 4, text: text) == 2 * rich)
  }

  @Test("ZRF is symmetric, and between 1 − log 2 and 1", arguments: 0..<10)
  func zeroRetrainForgetting(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    func rows() -> [[Double]] {
      (0..<3).map { _ in
        let weights = dice.values(4, grid: 9, shift: 0.01)
        let sum = weights.reduce(0, +)
        return weights.map { log($0 / sum) }
      }
    }
    let (p, q) = (rows(), rows())
    for form in ZeroRetrainForgetting.allCases {
      let value = try form.value(p, random: q)
      #expect(abs(value - (try form.value(q, random: p))) < 1e-15 && value <= 1)
      #expect(abs(try form.value(p, random: p) - 1) < 1e-15)
    }
    #expect(try ZeroRetrainForgetting.jensenShannon.value(p, random: q) >= 0.3068528194400546)
  }
}
