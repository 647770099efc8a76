import Safetensors

/// The smallest exact form to say which elements of a tensor differ.
struct TensorDiff {
  /// The edit.
  let draft: TensorDraft

  /// What the index of a row costs besides its values.
  private static let lineIndexBytes = 4

  /// - Parameters:
  ///   - changed: The elements that differ, at least one; bytes where elements share bytes.
  ///   - encoding: Decides what the forms cost.
  init(_ info: TensorInfo, _ changed: ElementSet, for encoding: PatchEncoding) {
    let geometry = Geometry(info)
    guard geometry.rowByteCount > 0 else {
      draft = TensorDraft(whole: info)
      return
    }
    draft =
      geometry.elementByteCount > 0
      ? Self.smallest(
        info, geometry, changed,
        FormCost(encoding, elementByteCount: geometry.elementByteCount))
      : Self.byRows(info, geometry, changed)
  }

  /// Elements share bytes: rows where they are cheaper than all of it.
  private static func byRows(_ info: TensorInfo, _ geometry: Geometry, _ changed: ElementSet)
    -> TensorDraft
  {
    var counts = [Int](repeating: 0, count: geometry.rowCount)
    changed.forEach(rowLength: geometry.rowByteCount) { row, _ in counts[row] += 1 }
    let rows = counts.indices.filter { counts[$0] > 0 }
    let cost = rows.count * (geometry.rowByteCount + lineIndexBytes)
    return cost < info.byteCount ? TensorDraft(info: info, rows: rows) : TensorDraft(whole: info)
  }

  /// A choice of rows and columns; what they do not cover is given element by element.
  private struct Form {
    var rows = LineSet()
    var columns = LineSet()
    var elementCount = 0
    /// In bits.
    var cost: Int
  }

  private static func smallest(
    _ info: TensorInfo, _ geometry: Geometry, _ changed: ElementSet, _ cost: FormCost
  ) -> TensorDraft {
    let rowLength = geometry.rowByteCount / geometry.elementByteCount
    let columnLength = geometry.rowCount
    let hasColumns = geometry.columnCount > 0

    func counts(outside rows: LineSet = LineSet(), _ columns: LineSet = LineSet()) -> Counts {
      rows.lines.isEmpty && columns.lines.isEmpty
        ? all : Counts(changed, geometry.rowCount, rowLength, outside: rows, columns)
    }
    func lines(_ chosen: LineSet, _ counts: [Int], _ length: Int) -> Int {
      chosen.lines.reduce(0) { $0 + cost.line(changed: counts[$1], of: length) }
    }
    /// The lines that are cheaper as such than element by element.
    func dense(_ counts: [Int], _ length: Int) -> LineSet {
      LineSet(of: counts.count) {
        counts[$0] > 0 && cost.elements(counts[$0]) > cost.line(changed: counts[$0], of: length)
      }
    }
    func touched(_ counts: [Int]) -> LineSet { LineSet(of: counts.count) { counts[$0] > 0 } }

    let all = Counts(changed, geometry.rowCount, rowLength)
    var forms = [Form(elementCount: all.count, cost: cost.elements(all.count))]
    let allRows = touched(all.ofRow)
    forms.append(Form(rows: allRows, cost: lines(allRows, all.ofRow, rowLength)))
    let rows = dense(all.ofRow, rowLength)
    let restOfRows = counts(outside: rows)
    let rowBits = lines(rows, all.ofRow, rowLength)
    forms.append(
      Form(
        rows: rows, elementCount: restOfRows.count,
        cost: rowBits + cost.elements(restOfRows.count)))
    if hasColumns {
      let thenColumns = dense(restOfRows.ofColumn, columnLength)
      if !thenColumns.lines.isEmpty {
        let rest = counts(outside: rows, thenColumns).count
        forms.append(
          Form(
            rows: rows, columns: thenColumns, elementCount: rest,
            cost: rowBits + lines(thenColumns, restOfRows.ofColumn, columnLength)
              + cost.elements(rest)))
      }
      let allColumns = touched(all.ofColumn)
      forms.append(
        Form(columns: allColumns, cost: lines(allColumns, all.ofColumn, columnLength)))
      let columns = dense(all.ofColumn, columnLength)
      let restOfColumns = counts(outside: LineSet(), columns)
      let columnBits = lines(columns, all.ofColumn, columnLength)
      let thenRows = dense(restOfColumns.ofRow, rowLength)
      let rest = counts(outside: thenRows, columns).count
      forms.append(
        Form(
          rows: thenRows, columns: columns, elementCount: rest,
          cost: columnBits + lines(thenRows, restOfColumns.ofRow, rowLength)
            + cost.elements(rest)))
    }
    let whole = cost.line(changed: all.count, of: rowLength * geometry.rowCount)
    guard let best = forms.min(by: { $0.cost < $1.cost }), best.cost < whole else {
      return TensorDraft(whole: info)
    }
    var elements: [Int] = []
    if best.elementCount > 0 {
      elements.reserveCapacity(best.elementCount)
      changed.forEach(rowLength: rowLength, outside: best.rows, best.columns) { row, column in
        elements.append(row * rowLength + column)
      }
    }
    return TensorDraft(
      info: info, rows: best.rows.lines, columns: best.columns.lines, elements: elements)
  }
}

/// How many elements differ in each row and column.
private struct Counts {
  var ofRow: [Int]
  var ofColumn: [Int]
  var count = 0

  init(
    _ changed: ElementSet, _ rowCount: Int, _ rowLength: Int,
    outside rows: LineSet = LineSet(), _ columns: LineSet = LineSet()
  ) {
    var ofRow = [Int](repeating: 0, count: rowCount)
    var ofColumn = [Int](repeating: 0, count: rowLength)
    changed.forEach(rowLength: rowLength, outside: rows, columns) { row, column in
      ofRow[row] += 1
      ofColumn[column] += 1
    }
    (self.ofRow, self.ofColumn) = (ofRow, ofColumn)
    count = ofRow.reduce(0, +)
  }
}
