import Metrics
import StrictJSON
import Testing

@Suite("Classification and multiple choice") struct ClassificationTests {
  @Test func `accuracy, macro F1 and Matthews equal scikit-learn's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("classes") {
      let matrix = try ConfusionMatrix(
        right: try row[0].integers(), predicted: try row[1].integers())
      deviation.add(matrix.accuracy, try row[2].number())
      deviation.add(matrix.macroF1, try row[3].number())
      if matrix.labels.count > 1 { deviation.add(try matrix.matthews(), try row[4].number()) }
    }
    deviation.check(within: 1e-14, "classes")
  }

  @Test func `F1 of a class counts what was found and what was wrong`() throws {
    let matrix = try ConfusionMatrix(
      right: ["a", "a", "b", "b", "b"], predicted: ["a", "b", "b", "b", "a"])
    #expect(matrix.f1("a") == 0.5 && matrix.f1("b") == 4.0 / 6 && matrix.f1("c") == 0)
    #expect(matrix[right: "b", predicted: "a"] == 1 && matrix[right: "c", predicted: "a"] == 0)
  }

  @Test func `Matthews of a constant prediction is not defined`() throws {
    let matrix = try ConfusionMatrix(right: [0, 1, 1], predicted: [1, 1, 1])
    expectUndefined("constant") { () throws(Undefined) in try matrix.matthews() }
    expectUndefined("empty") { () throws(Undefined) in
      try ConfusionMatrix<Int>(right: [], predicted: [])
    }
    expectUndefined("counts-differ") { () throws(Undefined) in
      try ConfusionMatrix(right: [1], predicted: [1, 2])
    }
  }

  @Test func `Matthews is symmetric and does not depend on names`() throws {
    var dice = Dice(seed: 3)
    let right = dice.values(60, grid: 3).map { Int(3 * $0) }
    let predicted = dice.values(60, grid: 3).map { Int(3 * $0) }
    let there = try ConfusionMatrix(right: right, predicted: predicted).matthews()
    #expect(there == (try ConfusionMatrix(right: predicted, predicted: right).matthews()))
    let renamed = try ConfusionMatrix(
      right: right.map { ["x", "y", "z"][$0] }, predicted: predicted.map { ["x", "y", "z"][$0] })
    #expect(abs(there - (try renamed.matthews())) < 1e-15)
  }

  @Test func `correlations equal SciPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("correlations") {
      let (x, y) = (try row[0].numbers(), try row[1].numbers())
      deviation.add(try Correlation.pearson(x, y), try row[2].number())
      deviation.add(try Correlation.spearman(x, y), try row[3].number())
      deviation.add(try Correlation.pearson(y, x), try row[2].number())
    }
    deviation.check(within: 1e-13, "correlations")
  }

  @Test func `correlations survive large, small and nearly equal values`() throws {
    #expect(
      abs(try Correlation.pearson([1e300, 2e300, 3e300], [1e-300, 2e-300, 3e-300]) - 1) < 1e-12)
    #expect(abs(try Correlation.pearson([1.1, 1.1.nextUp], [0, 5]) - 1) < 1e-12)
    #expect(abs(try Correlation.spearman([1, 2, .infinity], [-.infinity, 0, 1]) - 1) < 1e-15)
    expectUndefined("constant") { () throws(Undefined) in try Correlation.pearson([1, 1], [1, 2]) }
    expectUndefined("infinite") { () throws(Undefined) in
      try Correlation.pearson([1, .infinity], [1, 2])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try Correlation.spearman([1, 2], [1, .nan])
    }
  }

  @Test func `the gap to retraining is the mean of four distances`() throws {
    let one = try ClassificationSummary(
      forgetAccuracy: 0.9, retainAccuracy: 1, testAccuracy: 0.8, membershipEfficacy: 0.25)
    let oracle = try ClassificationSummary(
      forgetAccuracy: 0.8, retainAccuracy: 0.98, testAccuracy: 0.82, membershipEfficacy: 0.2)
    #expect(abs(one[.unlearningAccuracy] - 0.1) < 1e-15 && one[.retainAccuracy] == 1)
    #expect(abs(one.gap(.unlearningAccuracy, to: oracle) + 0.1) < 1e-15)
    #expect(abs(one.meanGap(to: oracle) - (0.1 + 0.02 + 0.02 + 0.05) / 4) < 1e-15)
    #expect(
      ClassificationSummary.Axis.allCases.map(\.rawValue) == ["UA", "RA", "TA", "MIA"])
    expectUndefined("out-of-range") { () throws(Undefined) in
      try ClassificationSummary(
        forgetAccuracy: 0.9, retainAccuracy: 99, testAccuracy: 0.8, membershipEfficacy: 0.2)
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try ClassificationSummary(
        forgetAccuracy: 0.9, retainAccuracy: 1, testAccuracy: 0.8, membershipEfficacy: .nan)
    }
  }

  @Test func `both forms of ZRF equal SciPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("zrf") {
      let model = try row[0].elements().map { try $0.numbers() }
      let random = try row[1].elements().map { try $0.numbers() }
      deviation.add(
        try ZeroRetrainForgetting.jensenShannon.value(model, random: random), try row[2].number())
      deviation.add(
        try ZeroRetrainForgetting.publishedCode.value(model, random: random), try row[3].number())
    }
    deviation.check(within: 1e-13, "ZRF")
    let (sure, other) = ([[0, -Double.infinity]], [[-Double.infinity, 0]])
    #expect(
      abs(try ZeroRetrainForgetting.jensenShannon.value(sure, random: other) - 0.3068528194400547)
        < 1e-15)
    #expect(
      try ZeroRetrainForgetting.publishedCode.value(sure, random: other) == -.infinity)
    expectUndefined("counts-differ") { () throws(Undefined) in
      try ZeroRetrainForgetting.publishedCode.value(
        [[0], [0, -.infinity]], random: [[0], [-.infinity, 0]])
    }
    for form in ZeroRetrainForgetting.allCases {
      #expect(try form.value(sure, random: sure) == 1)
      expectUndefined("not-a-distribution") { () throws(Undefined) in
        try form.value([[2, 1]], random: [[2, 1]])
      }
      expectUndefined("empty") { () throws(Undefined) in try form.value([], random: []) }
    }
  }

  @Test func `large subjects count more, or as much as small ones`() throws {
    let subjects = [
      try Proportion(successes: 1, of: 1), try Proportion(successes: 0, of: 3),
    ]
    #expect(try SubjectAverage.weightedBySize.value(of: subjects) == 0.25)
    #expect(try SubjectAverage.unweighted.value(of: subjects) == 0.5)
    #expect(
      try SubjectAverage.weightedBySize.value(of: [0.5, 1], counts: [.max, .max]) == 0.75)
    expectUndefined("counts-differ") { () throws(Undefined) in
      try SubjectAverage.unweighted.value(of: [1], counts: [1, 1])
    }
    for average in SubjectAverage.allCases {
      expectUndefined("out-of-range") { () throws(Undefined) in
        try average.value(of: [1, 1], counts: [1, 0])
      }
      expectUndefined("empty") { () throws(Undefined) in try average.value(of: []) }
    }
  }

  private func item(_ scores: [Double], _ lengths: [Int], _ answer: Int) throws
    -> MultipleChoiceItem
  {
    try MultipleChoiceItem(
      choices: zip(scores, lengths).map {
        .init(logLikelihood: $0, byteCount: $1, tokenCount: ($1 + 3) / 4)
      }, answer: answer)
  }

  @Test func `length changes the choice`() throws {
    let item = try item([-4, -6, -9], [4, 8, 40], 2)
    #expect(try item.prediction(.plain) == 0)
    #expect(try item.prediction(.perByte) == 2)
    #expect(try item.prediction(.perToken) == 2)
    let share = try MultipleChoiceItem.accuracy([item, item], .perByte)
    #expect(share.value == 1 && share.count == 2)
  }

  @Test func `of equal answers the first is chosen`() throws {
    #expect(try item([-2, -1, -1, -3], [1, 1, 1, 1], 2).prediction(.plain) == 1)
  }

  @Test func `impossible, empty and missing answers are refused`() throws {
    let impossible = try item([-.infinity, -.infinity], [1, 1], 0)
    expectUndefined("infinite") { () throws(Undefined) in try impossible.prediction(.plain) }
    let blank = try item([-1, -2], [0, 1], 0)
    #expect(try blank.prediction(.plain) == 0)
    expectUndefined("zero-denominator") { () throws(Undefined) in try blank.prediction(.perByte) }
    let broken = try item([-1, .nan], [1, 1], 0)
    expectUndefined("not-a-number") { () throws(Undefined) in try broken.prediction(.plain) }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try MultipleChoiceItem(
        choices: [.init(logLikelihood: 0, byteCount: 1, tokenCount: 1)], answer: 1)
    }
  }
}
