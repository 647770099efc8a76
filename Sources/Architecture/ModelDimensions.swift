import Storage
import StrictJSON

/// The sizes of a Transformer that decide what its units own.
public struct ModelDimensions: Hashable, Sendable {
  /// How many layers there are.
  public let layers: Int
  /// The width of the residual stream.
  public let hidden: Int
  /// How many query heads a layer has.
  public let queryHeads: Int
  /// How many key-value groups a layer has; as many as query heads without grouping.
  public let groups: Int
  /// The width of one head.
  public let headWidth: Int
  /// How many FFN filters a layer has.
  public let filters: Int

  /// The query features of one head unit.
  public var queryWidth: Int { queryHeads / groups * headWidth }

  /// How many units of a kind a layer has.
  public func count(_ kind: Unit.Kind) -> Int { kind == .head ? groups : filters }

  /// Reads the sizes from `config.json` under the names that a family uses.
  init(config: ConfigReader, keys: FamilyDescription.ConfigKeys) throws(ArchitectureError) {
    layers = try config.size(keys.layers)
    guard layers <= 4096 else {
      throw ArchitectureError("config.json: \(layers) layers, at most 4096 are read")
    }
    hidden = try config.size(keys.hidden)
    queryHeads = try config.size(keys.heads)
    groups =
      try keys.groups.map { key throws(ArchitectureError) in
        try config.size(key, or: try config.size(keys.heads))
      } ?? queryHeads
    guard queryHeads.isMultiple(of: groups) else {
      throw ArchitectureError(
        "config.json: \(queryHeads) heads can't be shared by \(groups) key-value groups")
    }
    if let key = keys.headWidth, config[key].isPresent {
      headWidth = try config.size(key)
    } else {
      guard hidden.isMultiple(of: queryHeads) else {
        throw ArchitectureError(
          "config.json: a width of \(hidden) can't be split into \(queryHeads) heads")
      }
      headWidth = hidden / queryHeads
    }
    filters = try config.size(keys.filters, or: keys.filtersDefaultToFourfold ? 4 * hidden : nil)
  }
}

/// Why a model's units are not known.
public struct ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is missing or does not agree.
  public let description: String

  /// Makes an error.
  public init(_ description: String) { self.description = description }
}
