extension UnitMask {
  /// The mask drawn as plain text: a line for each layer, with a mark for each unit or run of units.
  ///
  /// `.` no unit of the run is updated, `+` some, `#` all; then how many of how many, heads before filters,
  /// and their shares in per cent.
  ///
  /// - Parameter width: The most marks for each kind.
  public func drawing(width: Int = 32) -> [String] {
    let width = max(1, width)
    let headCells = min(width, counts.heads)
    let filterCells = min(width, counts.filters)
    var lines = [
      "updated \(count(.head)) of \(counts.total(.head)) heads, \(count(.filter)) of \(counts.total(.filter)) filters",
      "        heads" + String(repeating: " ", count: max(1, headCells - 4)) + "filters",
    ]
    for layer in 0..<counts.layers {
      let label = "  L\(layer)"
      // The column of the filters' marks stands below their title.
      let gap = String(repeating: " ", count: max(1, 6 - headCells))
      let shares = Unit.Kind.allCases.map { kind in
        let (selected, all) = (count(layer: layer, kind: kind), counts.count(kind))
        return "\(selected)/\(all) (\(Self.percent(selected, of: all)))"
      }
      lines.append(
        label + String(repeating: " ", count: max(1, 8 - label.utf8.count))
          + cells(layer, .head, headCells) + gap + cells(layer, .filter, filterCells) + "  "
          + shares.joined(separator: ", "))
    }
    return lines
  }

  private func cells(_ layer: Int, _ kind: Unit.Kind, _ cellCount: Int) -> String {
    let count = counts.count(kind)
    var hits = [Int](repeating: 0, count: cellCount)
    var sizes = hits
    for unit in 0..<count { sizes[unit * cellCount / count] += 1 }
    for unit in indices(layer: layer, kind: kind) { hits[unit * cellCount / count] += 1 }
    return zip(hits, sizes).map { $0 == 0 ? "." : $0 == $1 ? "#" : "+" }.joined()
  }

  /// A share with one decimal, rounded to nearest.
  private static func percent(_ part: Int, of whole: Int) -> String {
    let tenths = (2000 * part + whole) / (2 * whole)
    return "\(tenths / 10).\(tenths % 10)%"
  }
}
