public import Safetensors
public import Storage
import StrictJSON

/// Which slices of which tensors each unit of one model owns.
///
/// Made from `config.json` and checked against every tensor's shape, so that a unit's slices exist exactly
/// as described or the model counts as of no known family.
public struct UnitMap: Sendable {
  /// How one tensor is shared out among the units of a layer.
  public struct Share: Sendable {
    /// The layer.
    public let layer: Int
    /// The kind of unit that owns it.
    public let kind: Unit.Kind
    /// How it is cut.
    public let axis: Slice.Axis
    /// Which side of the units it is.
    public let role: Slice.Role
    /// The runs of features: where each begins, and how many features of it a unit has.
    let blocks: [(start: Int, width: Int)]
    let unitCount: Int

    /// The unit that owns a row, column or element.
    public func owner(of feature: Int) -> Unit? {
      for block in blocks
      where feature >= block.start && feature < block.start + block.width * unitCount {
        return Unit(layer: layer, kind: kind, index: (feature - block.start) / block.width)
      }
      return nil
    }

    func ranges(of index: Int) -> [Range<Int>] {
      blocks.map {
        let start = $0.start + index * $0.width
        return start..<start + $0.width
      }
    }
  }

  /// The family, as named in records.
  public let family: String
  /// The sizes.
  public let dimensions: ModelDimensions
  private let shares: [ByteString: Share]
  private let tensorsOfLayer: [[Unit.Kind: [ByteString]]]

  /// Recognises a model; an error says why its units are not known.
  public init(_ checkpoint: Checkpoint) throws(ArchitectureError) {
    guard let config = checkpoint.config.map({ ConfigReader(JSONField($0)) }) else {
      throw ArchitectureError("there is no config.json")
    }
    let family = try FamilyDescription(modelType: try config.text("model_type", or: ""))
    let dimensions = try ModelDimensions(config: config, keys: family.keys)
    let prefix = try family.prefix { checkpoint[$0]?.info.shape }
    self.family = family.name
    self.dimensions = dimensions
    var builder = ShareBuilder(checkpoint: checkpoint, dimensions: dimensions)
    for layer in 0..<dimensions.layers {
      let path = "\(prefix)\(family.layerPath)\(layer)."
      for input in family.headInputs { try builder.addInput(path, input, layer, .head) }
      try builder.addOutput(path, family.headOutput, layer, .head)
      for input in family.filterInputs { try builder.addInput(path, input, layer, .filter) }
      try builder.addOutput(path, family.filterOutput, layer, .filter)
    }
    shares = builder.shares
    tensorsOfLayer = builder.tensorsOfLayer
  }

  /// How a tensor is shared out; nil where no unit owns any of it.
  public func share(of tensor: ByteString) -> Share? { shares[tensor] }

  /// Whether the model has a unit.
  public func contains(_ unit: Unit) -> Bool {
    unit.layer < dimensions.layers && unit.index < dimensions.count(unit.kind)
  }

  /// All that a unit owns, inputs first.
  ///
  /// Empty where the model has no such unit.
  public func slices(of unit: Unit) -> [Slice] {
    guard contains(unit) else { return [] }
    return (tensorsOfLayer[unit.layer][unit.kind] ?? []).compactMap { tensor in
      shares[tensor].map {
        Slice(tensor: tensor, axis: $0.axis, ranges: $0.ranges(of: unit.index), role: $0.role)
      }
    }
  }

  /// How many parameters a unit owns; 0 where the model has no such unit.
  ///
  /// Every matrix that units own parts of is as long as the residual stream is wide on its other side.
  public func parameterCount(of unit: Unit) -> Int {
    slices(of: unit).reduce(0) {
      $0 + $1.count * ($1.axis == .elements ? 1 : dimensions.hidden)
    }
  }

  /// How many units the model has.
  public var unitCount: Int { dimensions.layers * (dimensions.groups + dimensions.filters) }
}

/// Collects the shares of one model and checks each against the shape of its tensor.
private struct ShareBuilder {
  let checkpoint: Checkpoint
  let dimensions: ModelDimensions
  var shares: [ByteString: UnitMap.Share] = [:]
  var tensorsOfLayer: [[Unit.Kind: [ByteString]]]

  init(checkpoint: Checkpoint, dimensions: ModelDimensions) {
    self.checkpoint = checkpoint
    self.dimensions = dimensions
    tensorsOfLayer = Array(repeating: [:], count: dimensions.layers)
  }

  /// A map whose output features units own, with its bias where there is one.
  mutating func addInput(
    _ path: String, _ projection: FamilyDescription.Projection, _ layer: Int, _ kind: Unit.Kind
  ) throws(ArchitectureError) {
    let (blocks, features) = runs(projection)
    let isConv = projection.orientation == .inputByOutput
    let shape = isConv ? [dimensions.hidden, features] : [features, dimensions.hidden]
    let name = path + projection.name
    try add(
      name + ".weight", shape,
      UnitMap.Share(
        layer: layer, kind: kind, axis: isConv ? .columns : .rows, role: .input, blocks: blocks,
        unitCount: dimensions.count(kind)))
    if checkpoint[ByteString(name + ".bias")] != nil {
      try add(
        name + ".bias", [features],
        UnitMap.Share(
          layer: layer, kind: kind, axis: .elements, role: .input, blocks: blocks,
          unitCount: dimensions.count(kind)))
    }
  }

  /// A map whose input features units own; its bias is shared by all and owned by none.
  mutating func addOutput(
    _ path: String, _ projection: FamilyDescription.Projection, _ layer: Int, _ kind: Unit.Kind
  ) throws(ArchitectureError) {
    let (blocks, features) = runs(projection)
    let isConv = projection.orientation == .inputByOutput
    let shape = isConv ? [features, dimensions.hidden] : [dimensions.hidden, features]
    try add(
      path + projection.name + ".weight", shape,
      UnitMap.Share(
        layer: layer, kind: kind, axis: isConv ? .rows : .columns, role: .output, blocks: blocks,
        unitCount: dimensions.count(kind)))
  }

  private func runs(_ projection: FamilyDescription.Projection) -> (
    blocks: [(start: Int, width: Int)], features: Int
  ) {
    var blocks: [(start: Int, width: Int)] = []
    var start = 0
    for block in projection.blocks {
      let (width, units) =
        switch block {
        case .query: (dimensions.queryWidth, dimensions.groups)
        case .keyValue: (dimensions.headWidth, dimensions.groups)
        case .headTriple: (3 * dimensions.headWidth, dimensions.groups)
        case .filter: (1, dimensions.filters)
        }
      blocks.append((start, width))
      start += width * units
    }
    return (blocks, start)
  }

  private mutating func add(_ name: String, _ shape: [Int], _ share: UnitMap.Share)
    throws(ArchitectureError)
  {
    let tensor = ByteString(name)
    guard let place = checkpoint[tensor] else {
      throw ArchitectureError("tensor \"\(name)\" is missing")
    }
    guard place.info.shape == shape.map({ UInt64($0) }) else {
      throw ArchitectureError(
        "tensor \"\(name)\" has shape \(place.info.shapeText), config.json asks for \(shape)")
    }
    shares[tensor] = share
    tensorsOfLayer[share.layer][share.kind, default: []].append(tensor)
  }
}
