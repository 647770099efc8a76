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
  init(config: JSONField, keys: FamilyDescription.ConfigKeys) throws(ArchitectureError) {
    func count(_ key: String, or fallback: Int? = nil) throws(ArchitectureError) -> Int {
      guard let field = config[key].optional else {
        if let fallback { return fallback }
        throw ArchitectureError("config.json: \(key) is missing")
      }
      do throws(JSONFieldError) {
        let value = try field.count()
        guard (1...1 << 24).contains(value) else {
          throw JSONFieldError(field.path, expected: "an integer from 1 to 16777216")
        }
        return value
      } catch { throw ArchitectureError("config.json: \(error)") }
    }
    layers = try count(keys.layers)
    guard layers <= 4096 else {
      throw ArchitectureError("config.json: \(layers) layers, at most 4096 are read")
    }
    hidden = try count(keys.hidden)
    queryHeads = try count(keys.heads)
    groups =
      try keys.groups.map { key throws(ArchitectureError) in
        try count(key, or: try count(keys.heads))
      } ?? queryHeads
    guard queryHeads.isMultiple(of: groups) else {
      throw ArchitectureError(
        "config.json: \(queryHeads) heads can't be shared by \(groups) key-value groups")
    }
    if let key = keys.headWidth, config[key].isPresent {
      headWidth = try count(key)
    } else {
      guard hidden.isMultiple(of: queryHeads) else {
        throw ArchitectureError(
          "config.json: a width of \(hidden) can't be split into \(queryHeads) heads")
      }
      headWidth = hidden / queryHeads
    }
    filters = try count(keys.filters, or: keys.filtersDefaultToFourfold ? 4 * hidden : nil)
  }
}

/// Why a model's units are not known.
public struct ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is missing or does not agree.
  public let description: String

  /// Makes an error.
  public init(_ description: String) { self.description = description }
}
