import StrictJSON

/// Draws which heads and filters of which layers were touched: a row a layer, a mark a unit.
struct UnitMapDrawing {
  let svg: String

  /// Reads `units` of a statement.
  init(_ units: JSONField) throws(JSONFieldError) {
    let model = units["model"]
    let layerCount = min(try model["layers"].count(), 1024)
    let heads = min(try model["headsPerLayer"].count(), 1 << 16)
    let filters = min(try model["filtersPerLayer"].count(), 1 << 20)
    guard layerCount > 0 else {
      svg =
        "<p class=\"soft\">The units of this model are not known; the patch is at tensor level.</p>"
      return
    }
    let headWidth = max(3, min(14, 320 / max(1, heads)))
    let (rowHeight, left, filterWidth) = (16, 34, 512)
    let filterStart = left + heads * headWidth + 24
    let width = filterStart + filterWidth + 90
    var marks = ""
    var drawn: [Int: (heads: [Int], filters: [Int])] = [:]
    for layer in try units["layers"].elements() {
      drawn[try layer["layer"].count()] = (
        try Self.numbers(layer["heads"]), try Self.numbers(layer["filters"])
      )
    }
    for layer in 0..<layerCount {
      let y = 20 + layer * rowHeight
      let touched = drawn[layer] ?? ([], [])
      marks += "<text x=\"0\" y=\"\(y + 10)\">L\(layer)</text>"
      marks +=
        "<rect x=\"\(left)\" y=\"\(y)\" width=\"\(heads * headWidth)\" height=\"12\" fill=\"#eef2f6\"/>"
      marks +=
        "<rect x=\"\(filterStart)\" y=\"\(y)\" width=\"\(filterWidth)\" height=\"12\" fill=\"#eef2f6\"/>"
      for head in touched.heads where head < heads {
        marks +=
          "<rect x=\"\(left + head * headWidth)\" y=\"\(y)\" width=\"\(headWidth - 1)\" height=\"12\" fill=\"#0b57a4\"><title>L\(layer).H\(head)</title></rect>"
      }
      var last = -1
      for filter in touched.filters where filter < filters {
        let x = filter * filterWidth / filters
        if x == last { continue }
        last = x
        marks +=
          "<rect x=\"\(filterStart + x)\" y=\"\(y)\" width=\"\(max(1, filterWidth / filters))\" height=\"12\" fill=\"#b3261e\"><title>L\(layer).F\(filter)</title></rect>"
      }
      marks +=
        "<text x=\"\(filterStart + filterWidth + 8)\" y=\"\(y + 10)\">\(touched.heads.count)/\(heads), \(touched.filters.count)/\(filters)</text>"
    }
    let height = 24 + layerCount * rowHeight
    svg =
      "<svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" aria-label=\"Touched heads and filters by layer\"><text x=\"\(left)\" y=\"12\">heads</text><text x=\"\(filterStart)\" y=\"12\">filters</text>\(marks)</svg>"
  }

  private static func numbers(_ field: JSONField) throws(JSONFieldError) -> [Int] {
    try field.elements().map { number throws(JSONFieldError) in try number.count() }
  }
}
