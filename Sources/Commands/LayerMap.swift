import Patching

/// What a patch touches, drawn layer by layer.
enum LayerMap {
  private static let width = 32

  static func lines(_ units: TouchedUnits) -> [String] {
    var lines = [
      "touched \(units.touchedHeads) heads, \(units.touchedFilters) filters, \(units.parameters) of \(units.modelParameters) parameters (share \(units.share))"
    ]
    if units.layerCount > 0 {
      lines.append(
        "        heads" + String(repeating: " ", count: max(1, min(width, units.headCount) - 4))
          + "filters")
      for layer in 0..<units.layerCount {
        let touched = units.layers.first { $0.layer == layer }
        let label = "  L\(layer)"
        lines.append(
          label + String(repeating: " ", count: max(1, 8 - label.count))
            + cells(touched?.heads ?? [], of: units.headCount) + " "
            + cells(touched?.filters ?? [], of: units.filterCount)
            + "  \(touched?.heads.count ?? 0)/\(units.headCount), \(touched?.filters.count ?? 0)/\(units.filterCount)"
        )
      }
    }
    for outside in units.outside {
      lines.append("  no unit's: \(outside.tensor), \(outside.elements) elements")
    }
    return lines
  }

  /// One mark a unit, or a unit range where there are more than fit: `.` none, `+` some, `#` all.
  private static func cells(_ touched: [Int], of count: Int) -> String {
    let cellCount = min(width, count)
    guard cellCount > 0 else { return "" }
    var hits = [Int](repeating: 0, count: cellCount)
    var sizes = hits
    for unit in 0..<count { sizes[unit * cellCount / count] += 1 }
    for unit in touched where unit < count { hits[unit * cellCount / count] += 1 }
    return zip(hits, sizes).map { $0 == 0 ? "." : $0 == $1 ? "#" : "+" }.joined()
  }
}
