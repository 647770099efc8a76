import Architecture
import Compute
import SampleModels
import Safetensors
import TestSupport
import Testing
import Unlearning

@Suite("Budgets of masks") struct MaskBudgetTests {
  private func scores(_ counts: UnitCounts, seed: UInt64 = 1) throws -> UnitScores {
    var random = RandomNumbers(seed: seed)
    return try UnitScores(
      counts,
      heads: (0..<counts.layers).map { _ in (0..<counts.heads).map { _ in random.normal() } },
      filters: (0..<counts.layers).map { _ in (0..<counts.filters).map { _ in random.normal() } })
  }

  private func sparsity(_ text: String) throws -> Sparsity { try #require(Sparsity(text)) }

  @Test(
    "published models at 90%: heads and filters",
    arguments: [
      (12, 12, 3072, 14, 3686), (6, 12, 3072, 7, 1843), (24, 16, 4096, 38, 9830),
      (48, 25, 6400, 119, 30719), (24, 32, 8192, 76, 19660), (32, 32, 11008, 102, 35225),
      (24, 14, 4864, 33, 11673),
    ])
  func published(_ layers: Int, _ heads: Int, _ filters: Int, _ headCount: Int, _ filterCount: Int)
    throws
  {
    let counts = try UnitCounts(layers: layers, heads: heads, filters: filters)
    #expect(Sparsity.published.selected(of: counts.total(.head)) == headCount)
    #expect(Sparsity.published.selected(of: counts.total(.filter)) == filterCount)
    if layers == 12 {
      let mask = try MaskBudget.sparsity(.published).selection(by: scores(counts))
      #expect(mask.count(.head) == 14 && mask.count(.filter) == 3686)
    }
  }

  @Test(
    "strictly below (1 − S)·n, exactly",
    arguments: [
      ("0.9", 10, 0), ("0.9", 20, 1), ("0.9", 11, 1), ("0.9", 1, 0), ("0.9", 0, 0), ("0.8", 5, 0),
      ("0.8", 10, 1), ("0.7", 10, 2), ("0.3", 10, 6), ("0.1", 10, 8), ("0.5", 2, 0), ("0.5", 3, 1),
      ("0", 7, 7), ("1", 7, 0), ("0.999999999", 1_000_000_000, 0),
      ("0.999999999", 1_000_000_001, 1), ("0.000000001", 10, 9),
      ("0.9", 4_611_686_018_427_387_904, 461_168_601_842_738_790),
      ("0.000000001", .max, 9_223_372_027_631_403_770),
    ])
  func strict(_ text: String, _ count: Int, _ selected: Int) throws {
    #expect(try sparsity(text).selected(of: count) == selected)
  }

  @Test func `sparsity is read and written exactly`() throws {
    for text in ["0", "1", "0.9", "0.95", "0.000000001", "0.123456789", "0.05"] {
      #expect(try sparsity(text).description == text)
    }
    for text in [
      "", ".9", "0.", "00.9", "0.9 ", "+0.9", "1.1", "2", "-0", "0.1234567890", "9e-1", "0.9.0",
      "nan", "90%", "1.000000001",
    ] {
      #expect(Sparsity(text) == nil, "\(text)")
    }
    #expect(try Sparsity(0.9) == sparsity("0.9") && Sparsity(0.1 + 0.2) == sparsity("0.3"))
    #expect(Sparsity(Double.nan) == nil && Sparsity(-0.1) == nil && Sparsity(1.5) == nil)
    #expect(Sparsity(billionths: -1) == nil && Sparsity(billionths: 1_000_000_001) == nil)
    #expect(try sparsity("0.90") == .published && .none < Sparsity.published)
  }

  @Test func `the highest of all layers are selected, ties by order`() throws {
    let counts = try UnitCounts(layers: 2, heads: 2, filters: 3)
    let scores = try UnitScores(
      counts, heads: [[1, 4], [3, 4]], filters: [[5, 5, 0], [5, 1, 5]])
    func units(_ budget: MaskBudget) throws -> [String] {
      try budget.selection(by: scores).units.map(\.description)
    }
    #expect(
      try units(MaskBudget(.counts(heads: 1, filters: 3))) == ["L0.H1", "L0.F0", "L0.F1", "L1.F0"])
    #expect(try units(MaskBudget(.counts(heads: 3, filters: 0))) == ["L0.H1", "L1.H0", "L1.H1"])
    #expect(try units(.headsOnly(try sparsity("0.4"))) == ["L0.H1", "L1.H1"])
    #expect(try units(.filtersOnly(try sparsity("0.6"))) == ["L0.F0", "L0.F1"])
    // Strictly fewer than 6 of 10 together: four filters of 5, then the first head of 4.
    #expect(
      try units(MaskBudget(.joint(sparsity("0.4")))) == [
        "L0.H1", "L0.F0", "L0.F1", "L1.F0", "L1.F2",
      ])
    #expect(try units(MaskBudget(.joint(sparsity("0.4")), kinds: [.head])) == ["L0.H1", "L1.H1"])
    #expect(try units(.sparsity(.none)).count == 10)
    #expect(try units(.sparsity(.full)).isEmpty)
  }

  @Test func `layers have their least and their most`() throws {
    let counts = try UnitCounts(layers: 3, heads: 4, filters: 2)
    let scores = try UnitScores(
      counts, heads: [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0, -1, -2]],
      filters: [[1, 1], [1, 1], [1, 1]])
    func perLayer(_ count: Int, _ limits: ClosedRange<Int>) throws -> [Int] {
      let mask = try MaskBudget(
        .counts(heads: count, filters: 0), layerLimits: [.head: limits]
      ).selection(by: scores)
      return (0..<3).map { mask.count(layer: $0, kind: .head) }
    }
    #expect(try perLayer(5, 0...4) == [4, 1, 0])
    #expect(try perLayer(5, 1...4) == [3, 1, 1])
    #expect(try perLayer(5, 0...2) == [2, 2, 1])
    #expect(try perLayer(12, 0...2) == [2, 2, 2])
    #expect(try perLayer(3, 1...1) == [1, 1, 1])
    #expect(throws: MaskError.self) { try perLayer(2, 1...4) }
    #expect(throws: MaskError.self) { try perLayer(12, 5...6) }
    #expect(throws: MaskError.self) { try perLayer(-1, 0...4) }
  }

  @Test func `a budget of parameters is filled with the best pair`() throws {
    let counts = try UnitCounts(layers: 2, heads: 3, filters: 5)
    let costs = try UnitCosts(head: 4, filter: 1)
    // All 34 parameters; strictly fewer than 17.
    let budget = MaskBudget(.parameters(try sparsity("0.5"), costs))
    for seed in 1...30 as ClosedRange<UInt64> {
      let scores = try scores(counts, seed: seed)
      let mask = try budget.selection(by: scores)
      func best(_ kind: Unit.Kind, _ count: Int) -> Double {
        (0..<2).flatMap { scores.values(layer: $0, kind: kind) }.sorted(by: >).prefix(count)
          .reduce(0, +)
      }
      let expected = (0...4).map { heads in
        best(.head, heads) + best(.filter, min(10, 16 - 4 * heads))
      }
      let value = mask.units.reduce(0.0) { $0 + scores[$1] }
      #expect(abs(value - (expected.max() ?? 0)) < 1e-9)
      #expect(4 * mask.count(.head) + mask.count(.filter) <= 16)
    }
    let few = MaskBudget(
      .parameters(try sparsity("0.5"), costs), layerLimits: [.head: 3...3])
    #expect(throws: MaskError.self) { try few.selection(by: scores(counts)) }
    #expect(throws: MaskError.self) { try UnitCosts(head: 0, filter: 1) }
    let huge = MaskBudget(.parameters(.none, try UnitCosts(head: 1 << 40, filter: 1 << 40)))
    #expect(try huge.selection(by: scores(counts)).count == 16)
  }

  @Test func `costs come from the model`() throws {
    let folder = try TemporaryFolder()
    try SampleModel.bert().write(to: folder.path)
    let map = try UnitMap(Checkpoint(path: folder.path))
    #expect(try UnitCosts(map) == UnitCosts(head: 268, filter: 33))
  }

  @Test func `random masks are the seed's, and as large as asked`() throws {
    let counts = try UnitCounts(layers: 3, heads: 8, filters: 70)
    let like = try MaskBudget.sparsity(sparsity("0.7")).selection(by: scores(counts))
    var (first, second, other) = (
      RandomNumbers(seed: 3), RandomNumbers(seed: 3), RandomNumbers(seed: 4)
    )
    let mask = UnitMask.random(like: like, matching: .kinds, &first)
    #expect(mask == UnitMask.random(like: like, matching: .kinds, &second))
    #expect(mask != UnitMask.random(like: like, matching: .kinds, &other))
    #expect(mask.count(.head) == like.count(.head) && mask.count(.filter) == like.count(.filter))
    let layered = UnitMask.random(like: like, matching: .layers, &first)
    for layer in 0..<3 {
      for kind in Unit.Kind.allCases {
        #expect(layered.count(layer: layer, kind: kind) == like.count(layer: layer, kind: kind))
      }
    }
    // Each unit about equally often.
    var hits = [Int](repeating: 0, count: 8)
    let two = try UnitMask(["L0.H0", "L1.H0"].compactMap { Unit($0) }, of: counts)
    for _ in 0..<4000 {
      for index in UnitMask.random(like: two, matching: .layers, &first).indices(
        layer: 0, kind: .head)
      {
        hits[index] += 1
      }
    }
    #expect(hits.allSatisfy { (400...600).contains($0) }, "\(hits)")
  }

  @Test func `magnitudes rank, and an earlier mask is used again where it fits`() throws {
    let counts = try UnitCounts(layers: 1, heads: 3, filters: 3)
    let scores = try UnitScores(counts, heads: [[1, 3, 2]], filters: [[0, 0, 1]])
    let mask = try UnitMask.highest(scores, budget: MaskBudget(.counts(heads: 2, filters: 1)))
    #expect(mask.units.map(\.description) == ["L0.H1", "L0.H2", "L0.F2"])
    let (norm, report) = try MaskSearch(passes: .untilLocalOptimum(limit: 5)).mask(
      for: MaskProblem(ranking: scores), budget: MaskBudget(.counts(heads: 2, filters: 1)),
      workers: Workers(count: 1))
    #expect(norm == mask && report.swaps == 0)
    #expect(try mask.reused(for: counts) == mask)
    #expect(throws: MaskError.self) {
      try mask.reused(for: UnitCounts(layers: 1, heads: 4, filters: 3))
    }
    #expect(throws: MaskError.notFinite(Unit(layer: 0, kind: .head, index: 1), example: nil)) {
      try UnitScores(counts, heads: [[1, .nan, 2]], filters: [[0, 0, 1]])
    }
    #expect(throws: MaskError.self) {
      try UnitScores(counts, heads: [[1, 2]], filters: [[0, 0, 1]])
    }
  }
}
