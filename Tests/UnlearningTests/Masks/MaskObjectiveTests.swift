import Architecture
import Compute
import StrictJSON
import Testing
import Unlearning

@Suite("Objectives of masks") struct MaskObjectiveTests {
  // 2 examples of |D_f| = 4, 2 of |D_r| = 20; three heads.
  private let forgetRows: [[Float]] = [[1, -3, 2], [1, 3, 0]]
  private let retainRows: [[Float]] = [[1, 0, 2], [3, 1, 0]]

  private func problem(_ objective: MaskObjective) throws -> MaskProblem {
    try MaskProblem(
      objective, forget: MaskSamples.heads(forgetRows, datasetSize: 4),
      retain: MaskSamples.heads(retainRows, datasetSize: 20))
  }

  private func scores(_ objective: MaskObjective) throws -> [Double] {
    try problem(objective).scores.values(layer: 0, kind: .head)
  }

  @Test func `scores are the equations'`() throws {
    // MLR: a = 2 · (2, 0, 2); [QᵀQ] of the retain rows = (10, 1, 4).
    #expect(try scores(.mlr(scale: .mean)) == [4 + 2.5, 0.25, 4 + 1])
    #expect(try scores(.mlr(scale: .sum)) == [4 + 5, 0.5, 4 + 2])
    #expect(try scores(.mlr(scale: .dataset)) == [4 + 50, 5, 4 + 20])
    #expect(try scores(.mlr(scale: .custom(0))) == [4, 0, 4])
    #expect(try scores(.mlr(score: .absoluteOfEach)) == [4 + 2.5, 12 + 0.25, 4 + 1])
    #expect(try scores(.mlr(score: .forgetOnly)) == [4, 0, 4])
    #expect(try scores(.mlr(score: .retainOnly)) == [2.5, 0.25, 1])
    // MLF: a = 10 · (4, 1, 2); [QᵀQ] of the forget rows = (2, 18, 4).
    #expect(try scores(.mlf(scale: .sum)) == [41, 19, 22])
    #expect(try scores(.mlf(scale: .sum, score: .forgetOnly)) == [1, 9, 2])
    #expect(try scores(.mlf(scale: .sum, score: .retainOnly)) == [40, 10, 20])
  }

  @Test func `absolute values and ratios`() throws {
    let forget = try MaskSamples.heads([[-2, 1]])
    let retain = try MaskSamples.heads([[1, 3]])
    func scores(_ objective: MaskObjective) throws -> [Double] {
      try MaskProblem(objective, forget: forget, retain: retain).scores.values(
        layer: 0, kind: .head)
    }
    #expect(try scores(.mlr(scale: .sum, score: .absolute)) == [2.5, 5.5])
    // The mean divisor is 5, a tenth of it is added: 4 / 1.5 and 1 / 9.5.
    #expect(try scores(.mlr(scale: .sum, score: .ratio(damping: 0.1))) == [4 / 1.5, 1 / 9.5])
    #expect(try scores(.mlf(scale: .sum, score: .ratio(damping: 0.1))) == [4 / 1.5, 1 / 9.5])
    let zero = try MaskSamples.heads([[0, 0]])
    let ratios = try MaskProblem(
      .mlr(score: .ratio(damping: 0.1)), forget: forget, retain: zero
    ).scores.values(layer: 0, kind: .head)
    #expect(ratios == [4, 1])
    for damping in [0, -1, .nan, .infinity] {
      #expect(throws: MaskError.self) { try scores(.mlr(score: .ratio(damping: damping))) }
    }
  }

  @Test func `the readings and directions select from either end`() throws {
    func selected(_ objective: MaskObjective) throws -> [Int] {
      try MaskSearch(passes: .none).mask(
        for: problem(objective), budget: MaskBudget(.counts(heads: 1, filters: 0)),
        workers: Workers(count: 1)
      ).mask.indices(layer: 0, kind: .head)
    }
    // MLR scores 6.5, 0.25, 5: the highest is updated, or under `prune` the lowest.
    #expect(try selected(.mlr()) == [0])
    #expect(try selected(.mlr(reading: .prune)) == [1])
    // MLF scores 40.5, 14.5, 21.
    #expect(try selected(.mlf(direction: .equation)) == [1])
    #expect(try selected(.mlf(direction: .prose)) == [0])
    #expect(try selected(.mlf(reading: .prune)) == [0])
    #expect(try selected(.mlf(reading: .prune, direction: .prose)) == [1])
    let named = MaskObjective(
      rule: .mlf, scale: .mean, score: .signed, sense: .maximise, reading: .freeze)
    #expect(named == .mlf())
  }

  @Test func `both terms' magnitudes are known, kept or not`() throws {
    let expected = MaskProblem.Terms(linear: 8, quadratic: 7.5)
    for score in [MaskObjective.Score.signed, .forgetOnly, .retainOnly, .ratio(damping: 1)] {
      #expect(try problem(.mlr(scale: .sum, score: score)).magnitudes[.head] == expected)
    }
  }

  @Test func `the terms of a mask are those of its zeros`() throws {
    let problem = try problem(.mlr(scale: .sum))
    let mask = try UnitMask(
      [Unit(layer: 0, kind: .head, index: 1)], of: problem.counts)
    // Zeros 0 and 2: a 4 + 4; (1 + 2)² + 3².
    #expect(
      problem.terms(of: mask, layer: 0, kind: .head)
        == MaskProblem.Terms(linear: 8, quadratic: 9))
    #expect(problem.terms(of: mask).total == 17)
  }

  @Test func `options are read and written by name`() throws {
    for text in ["mean", "sum", "dataset", "0.5", "0.0"] {
      #expect(try #require(MaskObjective.Scale(text)).description == text)
    }
    for text in [
      "signed", "absolute", "absolute-of-each", "ratio:0.1", "ratio:2.0", "forget-only",
      "retain-only",
    ] {
      #expect(try #require(MaskObjective.Score(text)).description == text)
    }
    #expect(MaskObjective.Score("ratio") == .ratio(damping: 0.1))
    for text in ["", "Mean", "-1", "nan", "inf"] { #expect(MaskObjective.Scale(text) == nil) }
    for text in ["", "ratio:", "ratio:0", "ratio:-1", "ratio:nan", "negative"] {
      #expect(MaskObjective.Score(text) == nil)
    }
    let bytes = try CanonicalJSON.encode(MaskObjective.mlf(score: .forgetOnly).json)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"reading":"freeze","rule":"mlf","scale":"mean","score":"forget-only","sense":"maximise"}"#
    )
  }

  @Test func `what does not fit is refused`() throws {
    let forget = try MaskSamples.heads(forgetRows)
    let retain = try MaskSamples.heads(retainRows)
    let other = try MaskSamples.heads([[1, 2]])
    #expect(throws: MaskError.self) { try MaskProblem(.mlr(), forget: forget, retain: other) }
    let empty = PerExampleMaskGradients(forget.counts)
    #expect(throws: MaskError.mismatch("there are no mask gradients of the forget set")) {
      try MaskProblem(.mlr(), forget: empty, retain: retain)
    }
    #expect(throws: MaskError.mismatch("there are no mask gradients of the forget set")) {
      try MaskProblem(.mlf(), forget: empty, retain: retain)
    }
    let small = try MaskSamples.heads(retainRows, datasetSize: 1)
    #expect(throws: MaskError.mismatch("2 examples cannot stand for a retain set of 1")) {
      try MaskProblem(.mlr(), forget: forget, retain: small)
    }
    for factor in [-1, .nan, .infinity] {
      #expect(throws: MaskError.self) {
        try MaskProblem(.mlr(scale: .custom(factor)), forget: forget, retain: retain)
      }
    }
    #expect(throws: MaskError.self) {
      try MaskProblem(
        .mlr(scale: .custom(.greatestFiniteMagnitude)), forget: forget, retain: retain)
    }
  }
}
