public import Architecture
import Storage
public import StrictJSON

/// What a search did, found and cost.
public struct SearchReport: Hashable, Sendable {
  /// The search of one layer and kind.
  public struct Block: Hashable, Sendable {
    /// The layer.
    public let layer: Int
    /// The kind of unit.
    public let kind: Unit.Kind
    /// How many units the layer has of the kind.
    public let units: Int
    /// How many of them are updated.
    public let selected: Int
    /// The objective of the warm start.
    public let before: MaskProblem.Terms
    /// The objective of the mask.
    public let after: MaskProblem.Terms
    /// How many swaps were taken.
    public let swaps: Int
    /// How many passes were made, the last one without a swap included.
    public let passes: Int
    /// Whether no single swap is known to improve the objective: the last pass found none.
    public let isLocalOptimum: Bool
    /// The seconds that it took.
    public let seconds: Double
  }

  /// The objective; nil for a ranking by given numbers, which are summed over what is frozen.
  public let objective: MaskObjective?
  /// The factor c of the quadratic term.
  public let scale: Double
  /// How large both terms are over all units of a kind.
  public let magnitudes: [Unit.Kind: MaskProblem.Terms]
  /// Layer by layer, heads before filters.
  public let blocks: [Block]
  /// The seconds that scores took.
  public let secondsScoring: Double
  /// The seconds that the ranking over all layers took.
  public let secondsRanking: Double
  /// The seconds that the search took, by the clock; blocks run side by side.
  public let secondsSearching: Double
  /// The bytes of the gradients that the search read.
  public let gradientBytes: Int
  /// The most bytes that blocks held side by side, reckoned from their sizes.
  public let searchBytes: Int
  /// How many threads worked.
  public let workers: Int

  /// The objective of the warm start.
  public var before: MaskProblem.Terms { blocks.reduce(MaskProblem.Terms()) { $0 + $1.before } }
  /// The objective of the mask.
  public var after: MaskProblem.Terms { blocks.reduce(MaskProblem.Terms()) { $0 + $1.after } }
  /// How many swaps were taken.
  public var swaps: Int { blocks.reduce(0) { $0 + $1.swaps } }
  /// The most passes of any block.
  public var passes: Int { blocks.reduce(0) { max($0, $1.passes) } }
  /// Whether every block ended where no single swap improves it.
  public var isLocalOptimum: Bool { blocks.allSatisfy(\.isLocalOptimum) }

  /// The report as a document; numbers that are not whole are texts.
  public var json: JSONValue {
    func text(_ terms: MaskProblem.Terms) -> JSONValue {
      .members(["linear": .text("\(terms.linear)"), "quadratic": .text("\(terms.quadratic)")])
    }
    func name(_ kind: Unit.Kind) -> String { kind == .head ? "heads" : "filters" }
    let sizes = JSONObject(
      Unit.Kind.allCases.compactMap { kind in
        magnitudes[kind].map { (ByteString(name(kind)), text($0)) }
      })
    return .members([
      "objective": objective?.json ?? .text("ranking"),
      "scale": .text("\(scale)"),
      "magnitudes": .object(sizes),
      "before": text(before), "after": text(after),
      "swaps": .integer(Int64(swaps)), "passes": .integer(Int64(passes)),
      "isLocalOptimum": .bool(isLocalOptimum),
      "seconds": .members([
        "scoring": .text("\(secondsScoring)"), "ranking": .text("\(secondsRanking)"),
        "searching": .text("\(secondsSearching)"),
      ]),
      "bytes": .members([
        "gradients": .integer(Int64(gradientBytes)), "search": .integer(Int64(searchBytes)),
      ]),
      "workers": .integer(Int64(workers)),
      "blocks": .array(
        blocks.map { block in
          .members([
            "layer": .integer(Int64(block.layer)), "kind": .text(name(block.kind)),
            "units": .integer(Int64(block.units)), "selected": .integer(Int64(block.selected)),
            "before": text(block.before), "after": text(block.after),
            "swaps": .integer(Int64(block.swaps)), "passes": .integer(Int64(block.passes)),
            "isLocalOptimum": .bool(block.isLocalOptimum), "seconds": .text("\(block.seconds)"),
          ])
        }),
    ])
  }
}
