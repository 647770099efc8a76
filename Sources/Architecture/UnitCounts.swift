/// How many units a model has: all of its sizes that a mask depends on.
public struct UnitCounts: Hashable, Sendable {
  /// The most units that a mask is held for: a bit each, 256 MiB.
  public static let limit = 1 << 31

  /// How many layers there are.
  public let layers: Int
  /// How many head units a layer has; with grouped-query attention, key-value groups.
  public let heads: Int
  /// How many filters a layer has.
  public let filters: Int

  /// Takes the sizes; each at least 1, and no more than ``limit`` units in all.
  public init(layers: Int, heads: Int, filters: Int) throws(ArchitectureError) {
    guard (1...4096).contains(layers), (1...1 << 24).contains(heads),
      (1...1 << 24).contains(filters), layers * (heads + filters) <= Self.limit
    else {
      throw ArchitectureError(
        "\(layers) layers of \(heads) heads and \(filters) filters: no mask is held for such sizes")
    }
    self.layers = layers
    self.heads = heads
    self.filters = filters
  }

  /// Takes a model's sizes.
  public init(_ dimensions: ModelDimensions) throws(ArchitectureError) {
    try self.init(
      layers: dimensions.layers, heads: dimensions.groups, filters: dimensions.filters)
  }

  /// How many units of a kind a layer has.
  public func count(_ kind: Unit.Kind) -> Int { kind == .head ? heads : filters }

  /// How many units of a kind the model has.
  public func total(_ kind: Unit.Kind) -> Int { layers * count(kind) }

  /// How many units the model has.
  public var total: Int { layers * (heads + filters) }

  /// Whether the model has a unit.
  public func contains(_ unit: Unit) -> Bool {
    (0..<layers).contains(unit.layer) && (0..<count(unit.kind)).contains(unit.index)
  }

  /// The sizes in words, for errors.
  var text: String { "\(layers) layers of \(heads) heads and \(filters) filters" }
}
