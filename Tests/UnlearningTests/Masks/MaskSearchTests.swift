import Architecture
import Compute
import Storage
import StrictJSON
import Testing
import Unlearning

@Suite("The search for a mask") struct MaskSearchTests {
  private static let orders: [MaskObjective] = [
    .mlr(), .mlr(scale: .dataset, reading: .prune), .mlf(), .mlf(reading: .prune),
    .mlf(direction: .prose), .mlr(scale: .sum, score: .absolute),
    .mlr(scale: .custom(3), score: .retainOnly),
  ]

  private func isWorse(_ a: Double, than b: Double, _ sense: MaskObjective.Sense) -> Bool {
    sense == .minimise ? a > b : a < b
  }

  @Test func `the objective never gets worse, and only members change`() throws {
    var random = RandomNumbers(seed: 1)
    var better = 0
    for instance in 0..<200 {
      let counts = try UnitCounts(
        layers: 1 + instance % 3, heads: 2 + instance % 7, filters: 5 + instance % 41)
      let forget = try MaskSamples.gradients(counts, examples: 1 + instance % 5, &random)
      let retain = try MaskSamples.gradients(
        counts, examples: 1 + instance % 9, datasetSize: 100, &random)
      let objective = Self.orders[instance % Self.orders.count]
      let problem = try MaskProblem(objective, forget: forget, retain: retain)
      let budget = MaskBudget.sparsity(try #require(Sparsity(0.3 + 0.1 * Double(instance % 6))))
      let (warm, none) = try MaskSearch(passes: .none).mask(
        for: problem, budget: budget, workers: Workers(count: 1))
      let (one, first) = try MaskSearch(passes: .published).mask(
        for: problem, budget: budget, workers: Workers(count: 1))
      let (many, last) = try MaskSearch(passes: .untilLocalOptimum(limit: 1000)).mask(
        for: problem, budget: budget, workers: Workers(count: 2))
      let sense = objective.sense
      #expect(none.swaps == 0 && none.passes == 0 && none.before == none.after)
      #expect(!isWorse(first.after.total, than: first.before.total, sense), "instance \(instance)")
      #expect(!isWorse(last.after.total, than: first.after.total, sense), "instance \(instance)")
      #expect(last.isLocalOptimum)
      for block in last.blocks + first.blocks {
        #expect(!isWorse(block.after.total, than: block.before.total, sense))
        for mask in [one, many] {
          #expect(
            mask.count(layer: block.layer, kind: block.kind)
              == warm.count(layer: block.layer, kind: block.kind))
        }
      }
      for (mask, report) in [(warm, none), (one, first), (many, last)] {
        let terms = problem.terms(of: mask)
        #expect(abs(terms.total - report.after.total) <= 1e-9 * max(1, abs(terms.total)))
      }
      if last.after.total != last.before.total { better += 1 }
    }
    #expect(better > 100)
  }

  @Test func `one pass with a = 0 and c = 1 is Kwon et al.'s greedy search`() throws {
    let path = Paths.join(Paths.parent(of: #filePath), "Fixtures/kwon-greedy.json")
    let bytes = try Folder.read(path, limit: 1 << 20)
    let cases = try JSONField(JSONValue(parsing: bytes, byteLimit: 1 << 20))["cases"].elements()
    #expect(cases.count == 9)
    var changed = 0
    for one in cases {
      let rows = try one["gradients"].elements().map { row in
        try row.elements().map { Float(try $0.integer()) }
      }
      let expected = try one["mask"].elements().map { try $0.integer() == 1 }
      let start = try one["start"].elements().map { try $0.integer() == 1 }
      let kept = try one["kept"].integer()
      let gradients = try MaskSamples.heads(rows)
      // The linear term is left out, which is a = 0.
      let problem = try MaskProblem(
        .mlr(scale: .sum, score: .retainOnly), forget: gradients, retain: gradients)
      let budget = MaskBudget(.counts(heads: kept, filters: 0))
      let (warm, _) = try MaskSearch(passes: .none).mask(
        for: problem, budget: budget, workers: Workers(count: 1))
      let (mask, report) = try MaskSearch(passes: .published).mask(
        for: problem, budget: budget, workers: Workers(count: 1))
      let units = start.indices.map { Unit(layer: 0, kind: .head, index: $0) }
      #expect(units.map { warm[$0] } == start)
      #expect(units.map { mask[$0] } == expected, "\(units.count) units")
      if report.swaps > 0 { changed += 1 }
    }
    #expect(changed == 6)
  }

  @Test func `against every subset of up to 14 units`() throws {
    var random = RandomNumbers(seed: 14)
    var gaps: [(warm: Double, one: Double, many: Double)] = []
    var exact = (warm: 0, one: 0, many: 0)
    for instance in 0..<60 {
      let units = 8 + instance % 7
      let zeroCount = 2 + instance % (units - 3)
      func rows(_ examples: Int) -> [[Float]] {
        let matrix = MaskSamples.correlated(examples, units, &random)
        return (0..<examples).map { row in (0..<units).map { matrix[row, $0] } }
      }
      let (forgetRows, retainRows) = (rows(3), rows(5))
      let objective = Self.orders[instance % 5]
      let problem = try MaskProblem(
        objective, forget: MaskSamples.heads(forgetRows), retain: MaskSamples.heads(retainRows))
      let isMLR = objective.rule == .mlr
      let square = (isMLR ? retainRows : forgetRows).map { $0.map { Double($0) } }
      let linear = (0..<units).map { unit in
        (isMLR ? forgetRows : retainRows).reduce(0.0) { $0 + Double($1[unit]) }
      }
      let scale = problem.scale
      func value(_ zeros: [Int]) -> Double {
        MaskSamples.value(zeros, linear, square, scale)
      }
      let sign = objective.sense == .minimise ? 1.0 : -1
      var best = Double.infinity
      for subset in 0..<(1 << units) where subset.nonzeroBitCount == zeroCount {
        best = min(best, sign * value((0..<units).filter { subset >> $0 & 1 == 1 }))
      }
      let selected = objective.reading == .freeze ? units - zeroCount : zeroCount
      let budget = MaskBudget(.counts(heads: selected, filters: 0))
      var found: [Double] = []
      for passes in [
        MaskSearch.Passes.none, .published, .untilLocalOptimum(limit: 100),
      ] {
        let (mask, report) = try MaskSearch(passes: passes).mask(
          for: problem, budget: budget, workers: Workers(count: 1))
        let isZero = (0..<units).map {
          mask[Unit(layer: 0, kind: .head, index: $0)] == (objective.reading == .prune)
        }
        let zeros = isZero.indices.filter { isZero[$0] }
        #expect(zeros.count == zeroCount)
        found.append(sign * value(zeros))
        #expect(abs(report.after.total - value(zeros)) < 1e-9 * max(1, abs(value(zeros))))
        if passes == .untilLocalOptimum(limit: 100) {
          for out in zeros {
            for into in isZero.indices where !isZero[into] {
              let other = zeros.filter { $0 != out } + [into]
              #expect(sign * value(other) >= sign * value(zeros) - 1e-9)
            }
          }
        }
      }
      #expect(found[2] <= found[1] && found[1] <= found[0] && best <= found[2] + 1e-9)
      // Relative to the best, so that instances can be averaged.
      let size = max(abs(best), 1e-9)
      gaps.append(
        ((found[0] - best) / size, (found[1] - best) / size, (found[2] - best) / size))
      if found[0] <= best + 1e-9 { exact.warm += 1 }
      if found[1] <= best + 1e-9 { exact.one += 1 }
      if found[2] <= best + 1e-9 { exact.many += 1 }
    }
    func mean(_ value: ((warm: Double, one: Double, many: Double)) -> Double) -> Double {
      gaps.reduce(0) { $0 + value($1) } / Double(gaps.count)
    }
    print(
      "gap to the best of all subsets, \(gaps.count) instances: warm start \(mean { $0.warm }), one pass \(mean { $0.one }), local optimum \(mean { $0.many }); exact \(exact.warm), \(exact.one), \(exact.many)"
    )
    #expect(mean { $0.many } <= mean { $0.one } && mean { $0.one } < mean { $0.warm })
  }

  @Test func `the result does not depend on the number of workers`() throws {
    var random = RandomNumbers(seed: 5)
    let counts = try UnitCounts(layers: 5, heads: 6, filters: 150)
    let forget = try MaskSamples.gradients(counts, examples: 7, &random)
    let retain = try MaskSamples.gradients(counts, examples: 11, &random)
    let problem = try MaskProblem(.mlr(), forget: forget, retain: retain)
    let search = MaskSearch(passes: .untilLocalOptimum(limit: 20))
    let (one, first) = try search.mask(
      for: problem, budget: .sparsity(.published), workers: Workers(count: 1))
    for workers in 2...4 {
      let (mask, report) = try search.mask(
        for: problem, budget: .sparsity(.published), workers: Workers(count: workers))
      #expect(mask == one && report.after == first.after && report.swaps == first.swaps)
      #expect(report.workers == workers && report.blocks.count == 10)
    }
  }

  @Test func `a mask can be improved from where it is`() throws {
    var random = RandomNumbers(seed: 6)
    let counts = try UnitCounts(layers: 2, heads: 6, filters: 60)
    let gradients = try MaskSamples.gradients(counts, examples: 9, &random)
    let problem = try MaskProblem(.mlr(), forget: gradients, retain: gradients)
    let budget = MaskBudget.sparsity(try #require(Sparsity(0.8)))
    let search = MaskSearch(passes: .untilLocalOptimum(limit: 100))
    let (best, report) = try search.mask(for: problem, budget: budget, workers: Workers(count: 2))
    let start = UnitMask.random(like: best, matching: .layers, &random)
    let (improved, other) = try search.mask(for: problem, from: start, workers: Workers(count: 2))
    #expect(other.after.total < other.before.total && other.isLocalOptimum)
    #expect(improved.count(.filter) == best.count(.filter))
    let (same, again) = try search.mask(for: problem, from: best, workers: Workers(count: 2))
    #expect(same == best && again.swaps == 0 && report.isLocalOptimum)
    let foreign = UnitMask(none: try UnitCounts(layers: 1, heads: 6, filters: 60))
    #expect(throws: MaskError.self) {
      try search.mask(for: problem, from: foreign, workers: Workers(count: 1))
    }
  }

  @Test func `extremes: one unit, none or all selected, one example, no gradient at all`() throws {
    let search = MaskSearch(passes: .untilLocalOptimum(limit: 10))
    func selected(_ rows: [[Float]], _ count: Int, _ objective: MaskObjective = .mlr()) throws
      -> [Int]
    {
      let gradients = try MaskSamples.heads(rows)
      let problem = try MaskProblem(objective, forget: gradients, retain: gradients)
      let (mask, report) = try search.mask(
        for: problem, budget: MaskBudget(.counts(heads: count, filters: 0)),
        workers: Workers(count: 2))
      #expect(report.isLocalOptimum)
      return mask.indices(layer: 0, kind: .head)
    }
    #expect(try selected([[2]], 0) == [])
    #expect(try selected([[2]], 1) == [0])
    #expect(try selected([[1, 2, 3]], 0) == [])
    #expect(try selected([[1, 2, 3]], 3) == [0, 1, 2])
    #expect(try selected([[1, 2, 3]], 9) == [0, 1, 2])
    // One example: J of the frozen pair is (g₀+g₁) + ½ (g₀+g₁)².
    #expect(try selected([[5, 2, 1]], 1) == [0])
    // Opposite gradients cancel, which only pairs see: −3 and 3 are frozen together.
    #expect(try selected([[-3, 3, 1, 4]], 2, .mlr(score: .retainOnly)) == [2, 3])
    // Equal scores: the earlier units are updated, and no swap is taken.
    #expect(try selected([[0, 0, 0, 0], [0, 0, 0, 0]], 2) == [0, 1])
    #expect(try selected([[1, 1, 1, 1]], 2, .mlf()) == [0, 1])
    #expect(try selected([[1, 1, 1, 1]], 1, .mlr(reading: .prune)) == [0])
  }

  @Test func `the report says what was done, and as a document`() throws {
    let forget = try MaskSamples.heads([[1, -2, 0], [1, 1, 0]], datasetSize: 4)
    let retain = try MaskSamples.heads([[2, 0, 1], [0, 2, 1], [0, 0, 1], [0, 0, 1]])
    let problem = try MaskProblem(.mlr(scale: .sum), forget: forget, retain: retain)
    let (_, report) = try MaskSearch(passes: .published).mask(
      for: problem, budget: MaskBudget(.counts(heads: 1, filters: 0)), workers: Workers(count: 1))
    // a = (4, −2, 0), ½ [QᵀQ] = (2, 2, 2).
    #expect(report.magnitudes[.head] == MaskProblem.Terms(linear: 6, quadratic: 6))
    #expect(report.magnitudes[.filter] == MaskProblem.Terms(linear: 0, quadratic: 0))
    #expect(report.scale == 1 && report.gradientBytes == 64 && report.searchBytes > 0)
    // Frozen are 1 and 2: −2 + ½ (1 + 9 + 1 + 1).
    #expect(report.after == MaskProblem.Terms(linear: -2, quadratic: 6))
    #expect(report.blocks.map(\.selected) == [1, 0])
    let document = try CanonicalJSON.encode(report.json)
    let field = JSONField(try JSONValue(parsing: document, byteLimit: 1 << 16))
    #expect(try field["after"]["quadratic"].text() == "6.0")
    #expect(try field["objective"]["rule"].text() == "mlr")
    #expect(try field["blocks"].elements().count == 2)
  }
}
