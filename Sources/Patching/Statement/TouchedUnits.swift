public import Architecture
public import Safetensors
public import Storage

/// Which heads and filters a patch touches, and what it touches besides.
public struct TouchedUnits: Hashable, Sendable {
  /// The touched units of one layer.
  public struct Layer: Hashable, Sendable {
    /// The layer, from 0.
    public var layer: Int
    /// The heads, ascending.
    public var heads: [Int]
    /// The filters, ascending.
    public var filters: [Int]

    /// Names the touched units of a layer.
    public init(layer: Int, heads: [Int], filters: [Int]) {
      self.layer = layer
      self.heads = heads
      self.filters = filters
    }
  }

  /// Elements of a tensor that no unit owns.
  public struct Outside: Hashable, Sendable {
    /// The tensor.
    public var tensor: ByteString
    /// How many of its elements are given.
    public var elements: Int

    /// Names a tensor.
    public init(tensor: ByteString, elements: Int) {
      self.tensor = tensor
      self.elements = elements
    }
  }

  /// The family of the model; nil where its units are not known.
  public var family: String?
  /// How many layers the model has; 0 where its units are not known.
  public var layerCount = 0
  /// How many head units a layer has.
  public var headCount = 0
  /// How many filters a layer has.
  public var filterCount = 0
  /// The layers in which units are touched.
  public var layers: [Layer] = []
  /// What is given that no unit owns: embeddings, norms, shared biases.
  public var outside: [Outside] = []
  /// How many elements the patch gives.
  public var parameters = 0
  /// How many elements the model has.
  public var modelParameters = 0

  /// How many heads are touched.
  public var touchedHeads: Int { layers.reduce(0) { $0 + $1.heads.count } }
  /// How many filters are touched.
  public var touchedFilters: Int { layers.reduce(0) { $0 + $1.filters.count } }

  /// The touched share of the model's elements, as decimal text with nine places.
  public var share: String {
    guard modelParameters > 0 else { return "0.000000000" }
    let scaled = parameters.multipliedFullWidth(by: 1_000_000_000)
    let billionths = modelParameters.dividingFullWidth(scaled).quotient
    let digits = String(billionths % 1_000_000_000)
    return "\(billionths / 1_000_000_000)."
      + String(repeating: "0", count: 9 - digits.count) + digits
  }

  /// Makes an empty record.
  public init() {}
}

extension PatchFile {
  /// Attributes every given element to the unit that owns it.
  public func touchedUnits(_ edits: [BoundEdit], map: UnitMap?, checkpoint: Checkpoint)
    -> TouchedUnits
  {
    var touched = TouchedUnits()
    touched.modelParameters = checkpoint.parameterCount
    if let map {
      touched.family = map.family
      touched.layerCount = map.dimensions.layers
      touched.headCount = map.dimensions.groups
      touched.filterCount = map.dimensions.filters
    }
    var units: Set<Unit> = []
    for edit in edits {
      touched.parameters += edit.elementCount
      guard let share = map?.share(of: edit.info.name) else {
        touched.outside.append(
          TouchedUnits.Outside(tensor: edit.info.name, elements: edit.elementCount))
        continue
      }
      for part in edit.parts {
        share.collect(
          part.kind, edit.info, count: part.part.count, indexAt: { index(part.part, at: $0) },
          into: &units)
      }
    }
    touched.outside.sort { $0.tensor < $1.tensor }
    touched.layers = Dictionary(grouping: units, by: \.layer).sorted { $0.key < $1.key }
      .map { layer, units in
        TouchedUnits.Layer(
          layer: layer, heads: units.filter { $0.kind == .head }.map(\.index).sorted(),
          filters: units.filter { $0.kind == .filter }.map(\.index).sorted())
      }
    return touched
  }

}

extension UnitMap.Share {
  /// Finds the units that indices of a kind meet.
  func collect(
    _ kind: EditKind, _ info: TensorInfo, count: Int, indexAt: (Int) -> Int,
    into units: inout Set<Unit>
  ) {
    let columnCount = info.shape.count == 2 ? Int(info.shape[1]) : 1
    /// The features of the tensor's own cut that an index of this part meets.
    func features(_ index: Int) -> Range<Int> {
      switch (kind, axis) {
      case (.whole, .rows), (.whole, .elements): 0..<Int(info.shape[0])
      case (.whole, .columns), (.rows, .columns): 0..<columnCount
      case (.columns, .rows), (.columns, .elements): 0..<Int(info.shape[0])
      case (.rows, .rows), (.columns, .columns), (.rows, .elements): index..<index + 1
      case (.elements, .rows): index / columnCount..<index / columnCount + 1
      case (.elements, .columns): index % columnCount..<index % columnCount + 1
      case (.elements, .elements): index..<index + 1
      }
    }
    var seen: Range<Int> = 0..<0
    for place in 0..<count {
      let range = features(indexAt(place))
      if range == seen { continue }
      seen = range
      for feature in range {
        if let unit = owner(of: feature) { units.insert(unit) }
      }
    }
  }
}
