import Metrics
import StrictJSON
import Testing

/// The numbers of single examples that TOFU's authors published, made small by `reduce-tofu-logs.py`.
private struct TOFULog {
  struct Example {
    let answer: Double
    let paraphrase: Double
    let rouge: Double
    let wrong: [Double]
  }

  private let sets: [String: [Example]]

  init(_ model: String) throws {
    let log = try Fixture.tofuLog(model)
    var sets: [String: [Example]] = [:]
    for name in ["forget", "retain", "real-authors", "world-facts"] where log[name].isPresent {
      sets[name] = try log[name].elements().map { row in
        let row = try row.numbers()
        // The losses were computed in single precision.
        func loss(_ index: Int) -> Double { Double(Float(row[index])) }
        return Example(
          answer: loss(0), paraphrase: loss(1), rouge: row[2],
          wrong: (3..<row.count).map { loss($0) })
      }
    }
    self.sets = sets
  }

  func examples(_ set: String) throws -> [Example] { try #require(sets[set]) }

  func ratios(_ set: String, _ variant: TruthRatio) throws -> [Double] {
    try examples(set).map {
      try variant.ratio(rightLoss: $0.paraphrase, wrongLosses: $0.wrong)
    }
  }

  func utility(_ variant: TruthRatio) throws -> Double {
    try ModelUtility.ofMeans(
      ["retain", "real-authors", "world-facts"].map { set in
        let examples = try examples(set)
        return [
          try examples.map {
            set == "retain"
              ? try Likelihood.probability(meanLoss: $0.answer)
              : try Likelihood.normalizedProbability(rightLoss: $0.answer, wrongLosses: $0.wrong)
          },
          examples.map(\.rouge),
          try TruthRatio.Aggregate.trueIsBetter.scores(of: try ratios(set, variant)),
        ]
      })
  }
}

@Suite("Logs that TOFU's authors published") struct TOFULogTests {
  @Test(
    "forget quality",
    arguments: [
      ("llama2-full", "llama2-retain90", .geometric, 119, "1.834066e-21"),
      ("llama2-full", "llama2-retain90", .arithmetic, 123, "6.031912e-23"),
      ("phi-full", "phi-retain90", .geometric, 104, "2.194274e-16"),
      ("phi-full", "phi-retain90", .arithmetic, 107, "2.431128e-17"),
      ("llama2-retain90", "llama2-retain90-wd0", .geometric, 9, "0.9993002"),
    ] as [(String, String, TruthRatio, Int, Printed)])
  func forgetQuality(
    _ model: String, _ oracle: String, _ variant: TruthRatio, _ steps: Int, _ p: Printed
  ) throws {
    let test = try KolmogorovSmirnov(
      TOFULog(model).ratios("forget", variant), TOFULog(oracle).ratios("forget", variant))
    #expect(test.firstCount == 300 && test.secondCount == 300 && test.steps == steps)
    #expect(p.rounds(test.p), "\(test.p)")
  }

  @Test(
    "truth ratio of the forget set",
    arguments: [("llama2-full", "0.5160"), ("llama2-retain90", "0.6740")] as [(String, Printed)])
  func truthRatio(_ model: String, _ value: Printed) throws {
    let ratios = try TOFULog(model).ratios("forget", .geometric)
    let found = try TruthRatio.Aggregate.closerToOneIsBetter.value(of: ratios)
    #expect(value.rounds(found), "\(found)")
  }

  @Test(
    "model utility",
    arguments: [
      ("llama2-full", .geometric, "0.6227"), ("llama2-full", .arithmetic, "0.5859"),
      ("llama2-retain90", .geometric, "0.6137"), ("llama2-retain90", .arithmetic, "0.5752"),
      ("phi-full", .geometric, "0.5221"), ("phi-full", .arithmetic, "0.5034"),
      ("phi-retain90", .geometric, "0.5320"), ("phi-retain90", .arithmetic, "0.5130"),
    ] as [(String, TruthRatio, Printed)])
  func utility(_ model: String, _ variant: TruthRatio, _ value: Printed) throws {
    let found = try TOFULog(model).utility(variant)
    #expect(value.rounds(found), "\(found)")
  }

  @Test func `inverse ratios and probability means have the same forget quality`() throws {
    let logs = (try TOFULog("llama2-full"), try TOFULog("llama2-retain90"))
    func shares(_ log: TOFULog) throws -> [Double] {
      try log.examples("forget").map {
        try TruthRatio.probabilityMean(rightLoss: $0.paraphrase, wrongLosses: $0.wrong)
      }
    }
    func inverses(_ log: TOFULog) throws -> [Double] {
      try log.ratios("forget", .geometric).map { 1 / $0 }
    }
    #expect(try KolmogorovSmirnov(shares(logs.0), shares(logs.1)).steps == 119)
    #expect(try KolmogorovSmirnov(inverses(logs.0), inverses(logs.1)).steps == 119)
  }
}
