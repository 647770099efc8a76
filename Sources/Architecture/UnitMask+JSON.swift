import Storage
public import StrictJSON

// The document is described in docs/masks.md.
extension UnitMask {
  /// The name and version of the document.
  public static let schema = "unlearn-patch/mask/v1"

  /// The most bytes that a mask's document may have.
  public static let byteLimit = 1 << 26

  /// The mask as a document: a layer's units as numbers and, from two neighbours on, as runs `[first, last]`.
  public var json: JSONValue {
    var layers: [JSONValue] = []
    for layer in 0..<counts.layers {
      let heads = Self.runs(indices(layer: layer, kind: .head))
      let filters = Self.runs(indices(layer: layer, kind: .filter))
      if heads.isEmpty && filters.isEmpty { continue }
      layers.append(
        .members([
          "layer": .integer(Int64(layer)), "heads": .array(heads), "filters": .array(filters),
        ]))
    }
    return .members([
      "schema": .text(Self.schema),
      "model": .members([
        "layers": .integer(Int64(counts.layers)),
        "headsPerLayer": .integer(Int64(counts.heads)),
        "filtersPerLayer": .integer(Int64(counts.filters)),
      ]),
      "layers": .array(layers),
    ])
  }

  private static func runs(_ indices: [Int]) -> [JSONValue] {
    var runs: [ClosedRange<Int>] = []
    for index in indices {
      if let last = runs.last, last.upperBound == index - 1 {
        runs[runs.count - 1] = last.lowerBound...index
      } else {
        runs.append(index...index)
      }
    }
    return runs.map { run in
      let first = JSONValue.integer(Int64(run.lowerBound))
      return run.count == 1 ? first : .array([first, .integer(Int64(run.upperBound))])
    }
  }

  /// Reads a mask's document for a model of the given sizes.
  ///
  /// Strict: each set of units has one form, so a document that is read and written again has the same
  /// members. Nothing is held for more units than the model has.
  public init(parsing bytes: [UInt8], of counts: UnitCounts) throws(JSONDocumentError) {
    self = try JSONDocument.read(bytes, byteLimit: Self.byteLimit, depthLimit: 8) {
      root throws(JSONFieldError) in
      try UnitMask(root, of: counts)
    }
  }

  /// Reads a mask within a document for a model of the given sizes.
  public init(_ root: JSONField, of counts: UnitCounts) throws(JSONFieldError) {
    self.init(none: counts)
    try Self.demand(["schema", "model", "layers"], of: root)
    guard try root["schema"].text() == Self.schema else {
      throw JSONFieldError(root["schema"].path, expected: "\"\(Self.schema)\"")
    }
    let model = root["model"]
    try Self.demand(["layers", "headsPerLayer", "filtersPerLayer"], of: model)
    for (name, count) in [
      ("layers", counts.layers), ("headsPerLayer", counts.heads),
      ("filtersPerLayer", counts.filters),
    ] {
      guard try model[name].count() == count else {
        throw JSONFieldError(model[name].path, expected: "\(count), as the model has")
      }
    }
    var previous = -1
    for entry in try root["layers"].elements() {
      try Self.demand(["layer", "heads", "filters"], of: entry)
      let layer = try entry["layer"].count()
      guard layer > previous && layer < counts.layers else {
        throw JSONFieldError(
          entry["layer"].path,
          expected: "a layer after the one before it and below \(counts.layers)")
      }
      previous = layer
      let heads = try read(entry["heads"], layer, .head)
      let filters = try read(entry["filters"], layer, .filter)
      guard heads + filters > 0 else {
        throw JSONFieldError(entry.path, expected: "a layer with units")
      }
    }
  }

  /// Reads the runs of one layer and kind, and gives how many there are.
  private mutating func read(_ field: JSONField, _ layer: Int, _ kind: Unit.Kind)
    throws(JSONFieldError) -> Int
  {
    // The least number that may come next: neighbours belong to one run.
    var next = 0
    let runs = try field.elements()
    for run in runs {
      let (first, last): (Int, Int)
      if case .array(let pair) = run.value {
        let ends = try run.elements()
        guard pair.count == 2 else { throw JSONFieldError(run.path, expected: "[first, last]") }
        first = try ends[0].count()
        last = try ends[1].count()
        guard first < last else {
          throw JSONFieldError(run.path, expected: "a run of at least two units")
        }
      } else {
        first = try run.count()
        last = first
      }
      guard first >= next, last < counts.count(kind) else {
        throw JSONFieldError(
          run.path,
          expected:
            "units in ascending order, in as few runs as can be, below \(counts.count(kind))")
      }
      insert(first..<last + 1, layer: layer, kind: kind)
      next = last + 2
    }
    return runs.count
  }

  /// Demands that an object has the given members and no others.
  private static func demand(_ names: [String], of field: JSONField) throws(JSONFieldError) {
    let members = try field.object().members
    for member in members where !names.contains(member.key.text) {
      throw JSONFieldError(field.path, expected: "no member \"\(member.key)\"")
    }
  }
}
